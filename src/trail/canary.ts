/** What follows from the calls of ours that were found in log files, and from those that were not. */
import type { CanaryFacts, CanarySighting } from './facts.ts'

/** A call of Muster's own that must turn up in a log file. */
export interface Canary {
  readonly requestId: string
  readonly eventName: string
  readonly calledAt: Date
  readonly found: { readonly at: Date; readonly bucket: string; readonly key: string } | null
}

/** How far the log files could be read. */
export type Reading =
  /** All there are. */
  | { readonly kind: 'all' }
  /** There are more; the next looks go on. */
  | { readonly kind: 'part' }
  | { readonly kind: 'not'; readonly reason: string }
  /** There is nothing to read: nobody delivers there. */
  | { readonly kind: 'no-bucket'; readonly reason: string }
  /** No trail is there to be read. */
  | { readonly kind: 'no-trail' }

export const warningAfterMs = 30 * 60_000
export const missingAfterMs = 2 * 3_600_000

export type CanaryVerdict = Pick<CanaryFacts, 'status' | 'reason' | 'latest' | 'waitingSince'>

/**
 * Reads and writes are judged apart: selectors may blind a trail for one of them. A call that was found makes up for
 * earlier ones of its kind that were not: the trail logs again.
 */
export function judgeCanaries(canaries: readonly Canary[], reading: Reading, now: Date): CanaryVerdict {
  const latest = newest(canaries.filter(({ found }) => found !== null))
  const waiting = stillLookedFor(canaries)
  const oldest = waiting.reduce<Canary | undefined>(
    (a, b) => (a && a.calledAt <= b.calledAt ? a : b),
    undefined,
  )
  const ageMs = oldest ? now.getTime() - oldest.calledAt.getTime() : 0
  const facts = {
    latest: latest ? sightingOf(latest) : null,
    waitingSince: oldest?.calledAt.toISOString() ?? null,
  }
  if (reading.kind === 'not') return { ...facts, status: 'unknown', reason: reading.reason }
  if (oldest && ageMs > warningAfterMs) {
    if (reading.kind === 'part') {
      return { ...facts, status: 'unknown', reason: 'there are more log files than could be read so far' }
    }
    const status = ageMs > missingAfterMs ? 'missing' : 'warning'
    return { ...facts, status, reason: missingReason(oldest, ageMs, reading) }
  }
  if (latest && now.getTime() - latest.calledAt.getTime() <= missingAfterMs) {
    return { ...facts, status: 'found', reason: null }
  }
  if (oldest) {
    return { ...facts, status: 'waiting', reason: 'the first call of ours has not been delivered yet' }
  }
  return { ...facts, status: 'unknown', reason: 'Muster made no call that could be looked for' }
}

function missingReason({ eventName, requestId, calledAt }: Canary, ageMs: number, reading: Reading): string {
  const minutes = Math.floor(ageMs / 60_000)
  const where = {
    all: '',
    part: '',
    not: '',
    'no-trail': ', and no trail is verified',
    'no-bucket': reading.kind === 'no-bucket' ? `: ${reading.reason}` : '',
  }[reading.kind]
  return (
    `Muster called ${eventName} (request ${requestId}) at ${calledAt.toISOString()}, ` +
    `and ${minutes} minutes later no log file has it${where}`
  )
}

/** Not found, and no later one of its kind found either. */
export function stillLookedFor(canaries: readonly Canary[]): readonly Canary[] {
  return canaries.filter(
    (canary) =>
      canary.found === null &&
      !canaries.some(
        (other) =>
          other.found !== null &&
          isRead(other.eventName) === isRead(canary.eventName) &&
          other.calledAt >= canary.calledAt,
      ),
  )
}

/** As CloudTrail's `readOnly` has it for the calls that Muster makes. */
export const isRead = (eventName: string): boolean => /^(Get|List|Describe|Generate|Simulate)/.test(eventName)

function newest(canaries: readonly Canary[]): Canary | undefined {
  return canaries.reduce<Canary | undefined>((a, b) => (a && a.calledAt >= b.calledAt ? a : b), undefined)
}

function sightingOf({ requestId, eventName, calledAt, found }: Canary): CanarySighting | null {
  if (!found) return null
  const { at, bucket, key } = found
  return {
    requestId,
    eventName,
    calledAt: calledAt.toISOString(),
    foundAt: at.toISOString(),
    bucket,
    key,
  }
}
