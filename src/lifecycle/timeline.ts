/**
 * A timeline: what was said about one fact, in the order in which it was said, and from when each holds.
 *
 * At any moment the newest statement that is in effect counts.
 */
import { isAfter } from './moments.ts'

export interface Entry<Value> {
  readonly value: Value
  readonly effectiveAt: Date
}

export type Timeline<Value> = readonly Entry<Value>[]

/**
 * Adds what is said at `saidAt`; it replaces everything that was not yet in effect by then. What says again
 * the value that counts already adds nothing: no number of repeats makes a timeline long.
 */
export function withEntry<Value>(
  timeline: Timeline<Value>,
  saidAt: Date,
  entry: Entry<Value>,
): Timeline<Value> {
  const kept = withoutUpcoming(timeline, saidAt)
  const last = kept.at(-1)
  const isSaidAlready = last?.value === entry.value && !isAfter(last.effectiveAt, entry.effectiveAt)
  return isSaidAlready ? kept : [...kept, entry]
}

/** Takes back everything that is not yet in effect at `at`. */
export function withoutUpcoming<Value>(timeline: Timeline<Value>, at: Date): Timeline<Value> {
  return timeline.some((entry) => isAfter(entry.effectiveAt, at))
    ? timeline.filter((entry) => !isAfter(entry.effectiveAt, at))
    : timeline
}

/** The value that counts at `at`; `undefined` when nothing was said that is in effect by then. */
export function valueAt<Value>(timeline: Timeline<Value>, at: Date): Value | undefined {
  return withoutUpcoming(timeline, at).at(-1)?.value
}

/** Since when the value that counts at `at` has been the same: saying it again does not make it younger. */
export function sameSince<Value>(timeline: Timeline<Value>, at: Date): Date | null {
  const inEffect = withoutUpcoming(timeline, at)
  const current = inEffect.at(-1)
  if (current === undefined) return null
  const lastOther = inEffect.findLastIndex((entry) => entry.value !== current.value)
  const run = inEffect.slice(lastOther + 1).map((entry) => entry.effectiveAt.getTime())
  return new Date(Math.min(...run))
}
