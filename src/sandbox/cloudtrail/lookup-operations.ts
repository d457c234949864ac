/**
 * The Event history: who did what in the last 90 days, with or without a trail.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */

import type { PastCall } from '../operation.ts'
import { type OperationTable, reads } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { eventIdOf, eventOf, type LookupAttribute, matches } from './events.ts'
import { epochMs } from './logging-operations.ts'

const structure = { type: 'structure' } as const
const historyMs = 90 * 86_400_000

export const lookupOperations: OperationTable = {
  LookupEvents: reads(
    {
      LookupAttributes: structure,
      StartTime: structure,
      EndTime: structure,
      MaxResults: { type: 'integer', min: 1, max: 50 },
      NextToken: { type: 'text' },
    },
    (account, params, { history, eventLagMs, region, now }) => {
      const attributes = (params.LookupAttributes ?? []) as readonly LookupAttribute[]
      if (attributes.length > 1) {
        const message = 'You can only use one lookup attribute in a request.'
        throw new Refusal('InvalidLookupAttributesException', message)
      }
      const from = epochMs(params.StartTime) ?? now.getTime() - historyMs
      const until = epochMs(params.EndTime) ?? Number.POSITIVE_INFINITY
      const to = Math.min(until, now.getTime() - eventLagMs)
      if (params.StartTime !== undefined && from > until) {
        throw new Refusal('InvalidTimeRangeException', 'The start time must not be after the end time.')
      }
      const isWanted = (call: PastCall) => {
        const at = call.at.getTime()
        if (call.region !== region || at < from || at > to) return false
        return attributes.every((attribute) => matches(call, attribute))
      }
      const { page, next } = pageOf(history(), isWanted, params.MaxResults ?? 50, params.NextToken)
      return { Events: page.map((call) => eventOf(account, call)), NextToken: next }
    },
  ),
}

/** Newest first; the token is the id of the last event of the page before. */
function pageOf(
  history: Iterable<PastCall>,
  isWanted: (call: PastCall) => boolean,
  most: number,
  token: string | undefined,
): { readonly page: readonly PastCall[]; readonly next: string | undefined } {
  const page: PastCall[] = []
  let hasBegun = token === undefined
  for (const call of history) {
    if (!isWanted(call)) continue
    if (!hasBegun) {
      hasBegun = eventIdOf(call) === token
      continue
    }
    const last = page.at(-1)
    if (page.length === most && last) return { page, next: eventIdOf(last) }
    page.push(call)
  }
  if (!hasBegun) throw new Refusal('InvalidNextTokenException', 'Invalid token.')
  return { page, next: undefined }
}
