/** What there is to say when a run has ended, and when somebody has to come back. Pure. */
import type { IdentityState } from '../store/schema.ts'
import type { Run } from './run.ts'

export interface Verdict {
  readonly state: IdentityState
  readonly reason: string | null
  readonly nextLookAt: Date | null
  readonly lockedAt?: Date | null
  readonly retry?: string
  /** False when the generation is not reached: something waits or failed. */
  readonly reached: boolean
}

const minuteMs = 60_000
/** So long after it was first missed, a user that is still not to be found is gone. */
export const missingForMs = 10_000
/** Somebody who is to be deleted and could not be may be getting something new right now. */
export const purgeRetryMs = 30_000
export const whileHeldMs = 5 * minuteMs
/** Until an administrator has given a permission, or made room. */
export const whileDeniedMs = 15 * minuteMs
/** A job's tries take about an hour; whatever becomes of them, somebody comes back. */
const afterDeadLetterMs = 70 * minuteMs
/** A user that a read does not show yet may still have been made by us this long ago. */
export const settlingMs = 2 * minuteMs
const shortestPollMs = 1000
const longestPollMs = 10_000

/**
 * The job is tried again. Not so for a user that does not show yet: nothing went wrong, and the tries of a job grow
 * apart until one comes long after the time is over. It is looked for at short intervals until then.
 */
export function comeBack(run: Run, failed: string): Pick<Verdict, 'nextLookAt' | 'retry'> {
  const { identity, observed, unsettled, finishedAt } = run
  const now = finishedAt.getTime()
  if (!unsettled || observed.kind === 'unknown' || !identity.touchedAt) {
    return { nextLookAt: new Date(now + afterDeadLetterMs), retry: failed }
  }
  const touchedAt = identity.touchedAt.getTime()
  const pollMs = Math.min(longestPollMs, Math.max(shortestPollMs, (now - touchedAt) / 2))
  return { nextLookAt: new Date(Math.min(now + pollMs, Math.max(now, touchedAt + settlingMs))) }
}

/** Half as long again as it has lasted: 5 seconds after the lock at first, an hour apart in the end. */
export function nextAttempt(since: Date, now: Date): Date {
  const age = now.getTime() - since.getTime()
  return new Date(now.getTime() + Math.min(60 * minuteMs, Math.max(5000, age / 2)))
}

export function earlier(a: Date | null, b: Date): Date {
  return a && a < b ? a : b
}
