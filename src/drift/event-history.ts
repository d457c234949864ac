/**
 * CloudTrail's Event history, which exists without any trail: it tells who did something, and proves nothing else.
 *
 * One lookup attribute a call, two calls a second for each account and Region, shared with everybody:
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
import { setTimeout as delay } from 'node:timers/promises'
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import type { Account } from '../aws/account.ts'

/** What of an event is read; requests may have had what nobody should keep, so nothing else is. */
export interface HistoryEvent {
  readonly eventId: string
  readonly eventName: string
  readonly at: Date
  /** Who called: ARN, or the AWS service. */
  readonly by: string
  /** A role's without its session. */
  readonly principalId: string
  /** The user that called, where it was one. */
  readonly userName: string | null
  readonly accessKeyId: string | null
  readonly from: string
  readonly userAgent: string | null
  readonly requestId: string | null
  readonly hasFailed: boolean
  /** Every text in the request's parameters, and in its answer; null where the event has none. */
  readonly requestTexts: ReadonlySet<string>
  readonly responseTexts: ReadonlySet<string> | null
  /** The request's own parameters by name, `newPath`, and with what they say, `setAsDefault=true`. */
  readonly requestSays: ReadonlySet<string>
  /** The user that the request named; null when it named none. */
  readonly subject: string | null
  /** Of an `UpdateUser`: the name it gave. */
  readonly newName: string | null
}

export interface Lookup {
  readonly key: 'ResourceName' | 'EventName'
  readonly value: string
  readonly from: Date
  readonly to: Date
}

export interface Found {
  /** Newest first. */
  readonly events: readonly HistoryEvent[]
  /** There are older ones, which were not read. */
  readonly isCutShort: boolean
}

export interface EventHistory {
  /**
   * `maxPages` pages at most. The same lookup is made once.
   *
   * @throws AwsCallError
   */
  lookUp(region: string, lookup: Lookup): Promise<Found>
  /** How many calls were made. */
  readonly calls: number
}

export interface EventHistoryOptions {
  /** Between two calls. */
  readonly paceMs: number
  readonly maxPages: number
}

/** For one look at what is to be found out; the next look asks anew. One replica at a time may have one. */
export function openEventHistory(
  account: Pick<Account, 'callTrail'>,
  { paceMs, maxPages }: EventHistoryOptions,
): EventHistory {
  const known = new Map<string, Promise<Found>>()
  let calls = 0
  let nextAt = 0

  async function ask(region: string, { key, value, from, to }: Lookup): Promise<Found> {
    const events: HistoryEvent[] = []
    let NextToken: string | undefined
    for (let page = 0; page < maxPages; page++) {
      await delay(Math.max(0, nextAt - performance.now()))
      nextAt = performance.now() + paceMs
      calls++
      const { output } = await account.callTrail(
        region,
        new LookupEventsCommand({
          LookupAttributes: [{ AttributeKey: key, AttributeValue: value }],
          StartTime: from,
          EndTime: to,
          MaxResults: 50,
          ...(NextToken ? { NextToken } : {}),
        }),
      )
      events.push(...(output.Events ?? []).flatMap(({ CloudTrailEvent }) => eventIn(CloudTrailEvent)))
      NextToken = output.NextToken
      if (!NextToken) break
    }
    return { events, isCutShort: NextToken !== undefined }
  }

  return {
    lookUp(region, lookup) {
      const { key, value, from, to } = lookup
      const name = JSON.stringify([region, key, value, from, to])
      const asked = known.get(name) ?? ask(region, lookup)
      known.set(name, asked)
      return asked
    },
    get calls() {
      return calls
    },
  }
}

/** One event as CloudTrail writes it; nothing for what is none. */
export function eventIn(text: string | undefined): readonly HistoryEvent[] {
  if (text === undefined) return []
  let record: Json
  try {
    record = JSON.parse(text) as Json
  } catch {
    return []
  }
  const identity = objectIn(record.userIdentity)
  const eventId = textIn(record.eventID)
  const eventName = textIn(record.eventName)
  const at = new Date(textIn(record.eventTime) ?? Number.NaN)
  if (!eventId || !eventName || Number.isNaN(at.getTime())) return []
  const request = objectIn(record.requestParameters)
  return [
    {
      eventId,
      eventName,
      at,
      by: textIn(identity.arn) ?? textIn(identity.invokedBy) ?? textIn(identity.type) ?? 'unknown',
      principalId: (textIn(identity.principalId) ?? '').split(':')[0] ?? '',
      userName: textIn(identity.userName),
      accessKeyId: textIn(identity.accessKeyId),
      from: textIn(record.sourceIPAddress) ?? 'unknown',
      userAgent: textIn(record.userAgent),
      requestId: textIn(record.requestID),
      hasFailed: textIn(record.errorCode) !== null,
      requestTexts: textsIn(record.requestParameters),
      responseTexts: record.responseElements ? textsIn(record.responseElements) : null,
      requestSays: new Set(
        Object.entries(request).flatMap(([name, value]) =>
          value === null ? [] : typeof value === 'object' ? [name] : [name, `${name}=${value}`],
        ),
      ),
      subject: textIn(request.userName),
      newName: textIn(request.newUserName),
    },
  ]
}

type Json = Readonly<Record<string, unknown>>

const objectIn = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}
const textIn = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** However deep; CloudTrail's own limit of an event is 256 KB. */
function textsIn(value: unknown): ReadonlySet<string> {
  const texts = new Set<string>()
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next === 'string') texts.add(next)
    else if (typeof next === 'object' && next !== null) waiting.push(...Object.values(next))
  }
  return texts
}
