/** Whether the trail has a call, as far as its log files were searched. Pure. */
import { missingAfterMs } from '../trail/canary.ts'
import { noticedWithinMs, type ShutTime } from '../trail/shut-times.ts'

/** What is known of the log files of an account's trail. */
export interface TrailRecord {
  /** By request id. */
  readonly sightings: ReadonlyMap<string, Sighting>
  /** Why log files cannot be searched; null when they are. */
  readonly problem: string | null
  /** Calls from before are not looked for; null when there is no such moment. */
  readonly lookedForSince: Date | null
  /** When CloudTrail was not verified. */
  readonly shutTimes: readonly ShutTime[]
}

export interface Sighting {
  readonly bucket: string
  readonly key: string
  readonly eventId: string
  /** As CloudTrail has it: `AddUserToGroup`. */
  readonly eventName: string
  readonly eventAt: Date
  /** When Muster found it in the log file. */
  readonly seenAt: Date
}

export type TrailEvidence =
  | {
      readonly status: 'found'
      readonly bucket: string
      readonly key: string
      readonly eventId: string
      readonly eventName: string
      readonly eventAt: string
      readonly seenAt: string
    }
  /** The reason why it may be in no log file at all, where there is one. */
  | { readonly status: 'waiting' | 'not_found'; readonly reason?: string }
  | { readonly status: 'unknown'; readonly reason: string }

/** `not_found` after two hours; `unknown` wherever nobody could have found it. */
export function trailOf(
  requestId: string,
  calledAt: Date,
  { sightings, problem, lookedForSince, shutTimes }: TrailRecord,
  now: Date,
): TrailEvidence {
  const found = sightings.get(requestId)
  if (found) {
    const { eventAt, seenAt } = found
    return { status: 'found', ...found, eventAt: eventAt.toISOString(), seenAt: seenAt.toISOString() }
  }
  if (problem !== null) return { status: 'unknown', reason: problem }
  if (lookedForSince === null || calledAt < lookedForSince) {
    return {
      status: 'unknown',
      reason: 'the call is older than those that Muster looks for in the log files',
    }
  }
  const status = now.getTime() - calledAt.getTime() < missingAfterMs ? 'waiting' : 'not_found'
  const shut = shutTimes.find(
    ({ from, until }) =>
      calledAt.getTime() >= from.getTime() - noticedWithinMs && (until === null || calledAt < until),
  )
  if (!shut) return { status }
  return { status, reason: `when it was made, CloudTrail was not verified: ${shut.reason}` }
}
