/** What follows from the calls of ours that were found in log files, and from those that were not. */
import { isAhead } from '../clock.ts'
import type { CanaryFacts, CanarySighting, TrailPlace } from './facts.ts'
import { logRoot } from './log-keys.ts'

/** A call of Muster's own that must turn up in a log file. */
export interface Canary {
  readonly requestId: string
  readonly eventName: string
  readonly calledAt: Date
  readonly found: { readonly at: Date; readonly bucket: string; readonly key: string } | null
}

/** Where the trail that is judged delivers to. What was found elsewhere proves another trail, or a former place. */
export interface Outlet {
  readonly trail: Pick<TrailPlace, 'bucket' | 'keyPrefix'>
  /** Since when it does, as far as Muster knows; null for as long as Muster has looked. */
  readonly since: Date | null
}

/** How far the log files could be read. */
export type Reading =
  /** All there are. */
  | { readonly kind: 'all' }
  /** There are more; the next looks go on. */
  | { readonly kind: 'part' }
  /** All but some, the newest of which was delivered at `until`. */
  | { readonly kind: 'gaps'; readonly until: Date; readonly reason: string }
  | { readonly kind: 'not'; readonly reason: string }
  /** There is nothing to read: nobody delivers there. */
  | { readonly kind: 'no-bucket'; readonly reason: string }
  /** No trail is there to be read. */
  | { readonly kind: 'no-trail' }

/** The clocks of AWS and ours may differ: nothing that was delivered before that has the call. */
export const beforeCallMs = 5 * 60_000
const warningAfterMs = 30 * 60_000
export const missingAfterMs = 2 * 3_600_000

export type CanaryVerdict = Pick<CanaryFacts, 'status' | 'reason' | 'latest' | 'waitingSince'>

/**
 * Reads and writes are judged apart: selectors may blind a trail for one of them. A call that was found makes up for
 * earlier ones of its kind that were not: the trail logs again. What is dated in the future counts for nothing.
 *
 * @param outlet null where there is none: what was never delivered is missing all the same
 */
export function judgeCanaries(
  remembered: readonly Canary[],
  reading: Reading,
  now: Date,
  outlet: Outlet | null = null,
): CanaryVerdict {
  const canaries = remembered.filter((canary) => !isOfTheFuture(canary, now))
  const latest = newest(canaries.filter((canary) => isFoundAt(canary, outlet)))
  const waiting = stillLookedFor(canaries, outlet)
  const oldest = oldestOf(waiting)
  const facts = {
    latest: latest ? sightingOf(latest) : null,
    waitingSince: oldest?.calledAt.toISOString() ?? null,
  }
  if (reading.kind === 'not') return { ...facts, status: 'unknown', reason: reading.reason }
  const late = waiting.filter((canary) => ageOf(canary, now) > warningAfterMs)
  if (late.length > 0) {
    if (reading.kind === 'part') {
      return { ...facts, status: 'unknown', reason: 'there are more log files than could be read so far' }
    }
    // What may be in a file that cannot be read is not missing.
    const missed = oldestOf(late.filter((canary) => !mayBeUnread(canary, reading)))
    if (!missed) return { ...facts, status: 'unknown', reason: reasonOf(reading) }
    const ageMs = ageOf(missed, now)
    const status = ageMs > missingAfterMs ? 'missing' : 'warning'
    return { ...facts, status, reason: missingReason(missed, ageMs, reading) }
  }
  if (latest && now.getTime() - latest.calledAt.getTime() <= missingAfterMs) {
    return { ...facts, status: 'found', reason: null }
  }
  if (oldest) {
    return { ...facts, status: 'waiting', reason: 'the first call of ours has not been delivered yet' }
  }
  return { ...facts, status: 'unknown', reason: 'Muster made no call that could be looked for' }
}

/** Called, or found, by a clock that was ahead. */
export const isOfTheFuture = ({ calledAt, found }: Pick<Canary, 'calledAt' | 'found'>, now: Date): boolean =>
  isAhead(calledAt, now) || (found !== null && isAhead(found.at, now))

const ageOf = ({ calledAt }: Canary, now: Date) => now.getTime() - calledAt.getTime()

const mayBeUnread = ({ calledAt }: Canary, reading: Reading): boolean =>
  reading.kind === 'gaps' && calledAt.getTime() - beforeCallMs <= reading.until.getTime()

const reasonOf = (reading: Reading): string | null => ('reason' in reading ? reading.reason : null)

/** It names the gap, from the look at which calls are first missing to that at which one is found. */
export function missingSince(
  before: CanaryFacts | null | undefined,
  { status, waitingSince }: CanaryFacts,
): string | null {
  if (status === 'found') return null
  return before?.missingSince ?? (status === 'missing' ? waitingSince : null)
}

function missingReason({ eventName, requestId, calledAt }: Canary, ageMs: number, reading: Reading): string {
  const minutes = Math.floor(ageMs / 60_000)
  const where = {
    all: '',
    part: '',
    gaps: '',
    not: '',
    'no-trail': ', and no trail is verified',
    'no-bucket': `: ${reasonOf(reading)}`,
  }[reading.kind]
  return (
    `Muster called ${eventName} (request ${requestId}) at ${calledAt.toISOString()}, ` +
    `and ${minutes} minutes later no log file has it${where}`
  )
}

function isFoundAt({ found }: Canary, outlet: Outlet | null): boolean {
  if (found === null || outlet === null) return found !== null
  return found.bucket === outlet.trail.bucket && found.key.startsWith(logRoot(outlet.trail))
}

/**
 * What was young when the trail began to deliver elsewhere may well have been delivered to where it did before, and
 * is not missed. What was late by then was late without that.
 */
function mayBeElsewhere({ calledAt }: Canary, outlet: Outlet | null): boolean {
  if (!outlet?.since) return false
  const ageThenMs = outlet.since.getTime() - calledAt.getTime()
  return ageThenMs > 0 && ageThenMs <= warningAfterMs
}

/** Not found, and no later one of its kind found either, wherever that was. */
export function stillLookedFor(canaries: readonly Canary[], outlet: Outlet | null = null): readonly Canary[] {
  return canaries.filter(
    (canary) =>
      canary.found === null &&
      !mayBeElsewhere(canary, outlet) &&
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

function oldestOf(canaries: readonly Canary[]): Canary | undefined {
  return canaries.reduce<Canary | undefined>((a, b) => (a && a.calledAt <= b.calledAt ? a : b), undefined)
}

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
