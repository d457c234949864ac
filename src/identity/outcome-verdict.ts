/** What state a run leaves an identity in, why, and when somebody has to come back. Pure. */
import type { IdentityState } from '../store/schema.ts'
import { nextLockLook } from './desired.ts'
import type { Observed } from './model.ts'
import type { CredentialOutcome } from './outcome-credentials.ts'
import type { Facts } from './outcome-facts.ts'
import { troubleOf } from './outcome-trouble.ts'
import { isDeny } from './plan-reading.ts'
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

export function judge(run: Run, facts: Facts, credentials: CredentialOutcome): Verdict {
  const { identity, want, plan } = run
  if (plan.conflict) return { state: 'conflict', reason: plan.conflict, nextLookAt: null, reached: true }
  if (run.missing) {
    return {
      state: identity.state,
      reason: 'the user is not to be found: it is looked for once more before it is taken for gone',
      nextLookAt: new Date(run.finishedAt.getTime() + missingForMs),
      reached: false,
    }
  }
  if (run.rehearsed) {
    const reason = run.extraSteps.length > 0 ? 'observe mode: planned, not done' : null
    return { state: identity.state, reason, nextLookAt: null, reached: false }
  }
  switch (want.kind) {
    case 'blocked':
      return judgeBlocked(run, want.reason)
    case 'absent':
    case 'locked':
      return judgeLock(run, facts)
    case 'purged':
      return judgePurge(run, facts)
    case 'active':
      return judgeActive(run, want.access, credentials)
  }
}

const minuteMs = 60_000
/** So long after it was first missed, a user that is still not to be found is gone. */
export const missingForMs = 10_000
/** Somebody who is to be deleted and could not be may be getting something new right now. */
const purgeRetryMs = 30_000
const whileHeldMs = 5 * minuteMs
/** Until an administrator has given a permission, or made room. */
const whileDeniedMs = 15 * minuteMs
/** A job's tries take about an hour; whatever becomes of them, somebody comes back. */
const afterDeadLetterMs = 70 * minuteMs
/** A user that a read does not show yet may still have been made by us this long ago. */
export const settlingMs = 2 * minuteMs
const shortestPollMs = 1000
const longestPollMs = 10_000

function judgeActive(
  run: Run,
  access: { console: boolean; accessKeys: string },
  credentials: CredentialOutcome,
): Verdict {
  const { identity, applied, finishedAt } = run
  const after = (ms: number) => new Date(finishedAt.getTime() + ms)
  if (run.waitingFor) return judgeWaiting(run, run.waitingFor)
  if (run.heldBy) {
    // The gate's own look lets everybody through; this one is for whatever that does not reach.
    return { state: 'blocked', reason: run.heldBy, nextLookAt: after(whileHeldMs), reached: false }
  }
  // The newer generation has its own job.
  if (applied?.stopped) return { state: identity.state, reason: null, nextLookAt: null, reached: false }
  const retry = unread(run)
  if (retry)
    return {
      state: identity.state,
      reason: retry,
      ...comeBack(run, retry),
      reached: false,
    }
  const trouble = troubleOf(applied?.errors ?? [])
  if (trouble) {
    return {
      state: trouble.isForAdministrators ? 'blocked' : identity.state,
      reason: trouble.message,
      ...(trouble.retry === null ? { nextLookAt: after(whileDeniedMs) } : comeBack(run, trouble.retry)),
      reached: false,
    }
  }
  const needsMfa = access.console || access.accessKeys !== 'none'
  return {
    state: needsMfa && !credentials.isEnrolled ? 'awaiting_mfa' : 'active',
    reason: denyOn(run.observed) ?? otherName(run) ?? run.grantedDespite ?? null,
    nextLookAt: credentials.nextChangeAt,
    lockedAt: null,
    reached: true,
  }
}

/** Nothing is reached before the catalog is; what was to be taken away meanwhile may have failed. */
function judgeWaiting(run: Run, waitingFor: string): Verdict {
  const { identity, observed, unsettled, applied, finishedAt } = run
  const waits = { state: identity.state, reason: waitingFor, reached: false } as const
  const after = (ms: number) => new Date(finishedAt.getTime() + ms)
  if (applied?.stopped) return { ...waits, nextLookAt: null }
  // Nobody looked: to ask again costs nothing.
  if (observed.kind === 'unknown' && !unsettled) return { ...waits, nextLookAt: after(5000) }
  const trouble = troubleOf(applied?.errors ?? [])
  const retry = trouble ? trouble.retry : (unread(run) ?? null)
  const failed = trouble?.message ?? retry
  const back = retry === null ? { nextLookAt: null } : comeBack(run, retry)
  // A look costs some calls, and the end of the waiting brings everybody back: soon for whom something has changed.
  const next = earlier(nextAttempt(identity.employee.changedAt ?? finishedAt, finishedAt), after(whileHeldMs))
  return {
    ...waits,
    ...back,
    nextLookAt: earlier(back.nextLookAt, next),
    ...(failed === null ? {} : { reason: `${waitingFor}; ${mayStay} ${failed}` }),
  }
}

/** Blocked by what it was blocked by, whatever becomes of what was to be taken away. */
function judgeBlocked(run: Run, reason: string): Verdict {
  const { observed, unsettled, applied, finishedAt } = run
  const blocked = { state: 'blocked', reason, nextLookAt: null } as const
  // Nobody looked: there is nobody of ours.
  if (observed.kind === 'unknown' && !unsettled) return { ...blocked, reached: true }
  if (applied?.stopped) return { ...blocked, reached: false }
  const trouble = troubleOf(applied?.errors ?? [])
  const retry = trouble ? trouble.retry : (unread(run) ?? null)
  const failed = trouble?.message ?? retry
  if (failed === null) return { ...blocked, reached: true }
  return {
    ...blocked,
    reason: `${reason}; ${mayStay} ${failed}`,
    reached: false,
    ...(retry === null
      ? { nextLookAt: new Date(finishedAt.getTime() + whileDeniedMs) }
      : comeBack(run, retry)),
  }
}

const mayStay = 'and what was given by hand may not all be taken away yet:'

/** Somebody denied the user by a policy of AWS's own, which is left where it is. */
function denyOn(observed: Observed): string | null {
  if (observed.kind !== 'present' || observed.user.attachedPolicyArns === 'unknown') return null
  const deny = observed.user.attachedPolicyArns.find(isDeny)
  return deny
    ? `${deny.slice(deny.lastIndexOf('/') + 1)} is attached to the user, by AWS (a leaked key) or by hand: find out why, then detach it`
    : null
}

/** Renamed by hand, and somebody else has its name by now. */
function otherName({ observed, identity: { userName } }: Run): string | null {
  if (observed.kind !== 'present' || observed.user.nameTakenBy === null) return null
  return `IAM calls this user "${observed.user.userName}", and "${userName}" is somebody else's: once that one is renamed or deleted, Muster gives the name back`
}

/** A lock is never `blocked`: what fails is tried again, and what was denied stays denied. */
function judgeLock(run: Run, facts: Facts): Verdict {
  const { identity, want, finishedAt } = run
  const waits = want.kind === 'locked' && want.why === 'terminated' ? 'deleted' : 'pending'
  if (run.observed.kind === 'unknown' && !run.unsettled && !run.denied) {
    // Never begun in AWS: there is nobody to lock.
    return {
      state: want.kind === 'absent' ? 'pending' : waits,
      reason: null,
      nextLookAt: null,
      lockedAt: null,
      reached: true,
    }
  }
  const failed = unread(run) ?? (run.applied?.errors[0] as Error | undefined)?.message
  if (!failed && facts.exists === false) {
    return { state: waits, reason: null, nextLookAt: null, lockedAt: null, reached: true }
  }
  const lockedAt = lockedSince(run, facts)
  if (lockedAt === null) {
    const reason = failed ?? 'the quarantine was not reached'
    return {
      state: identity.state,
      reason: `not locked yet: ${reason}`,
      ...comeBack(run, reason),
      lockedAt,
      reached: false,
    }
  }
  if (failed && isUndone(run)) {
    // What denied before was undone by hand: until something does again, the job is tried again and again.
    return {
      state: 'locked',
      reason: `the lock is undone: ${failed}`,
      ...comeBack(run, failed),
      lockedAt,
      reached: false,
    }
  }
  const { employee } = identity
  const next = nextLockLook({ employee, lockedAt, retentionDays: run.retentionDays, now: finishedAt })
  return {
    state: 'locked',
    reason: failed ? `the lock is not complete: ${failed}` : otherName(run),
    // Denied already, so looks that grow apart do for the rest: no job has to be tried again and again.
    nextLookAt: failed ? earlier(next, nextAttempt(lockedAt, finishedAt)) : next,
    lockedAt,
    reached: !failed,
  }
}

/**
 * The job is tried again. Not so for a user that does not show yet: nothing went wrong, and the tries of a job grow
 * apart until one comes long after the time is over. It is looked for at short intervals until then.
 */
function comeBack(run: Run, failed: string): Pick<Verdict, 'nextLookAt' | 'retry'> {
  const { identity, observed, unsettled, finishedAt } = run
  const now = finishedAt.getTime()
  if (!unsettled || observed.kind === 'unknown' || !identity.touchedAt) {
    return { nextLookAt: new Date(now + afterDeadLetterMs), retry: failed }
  }
  const touchedAt = identity.touchedAt.getTime()
  const pollMs = Math.min(longestPollMs, Math.max(shortestPollMs, (now - touchedAt) / 2))
  return { nextLookAt: new Date(Math.min(now + pollMs, Math.max(now, touchedAt + settlingMs))) }
}

/** Whether the user was to be put back into the quarantine, and nothing that denies was accepted in its place either. */
function isUndone({ applied, denied, quarantineGroup }: Run): boolean {
  const steps = applied?.steps ?? []
  const isMissed = steps.some(
    (step) =>
      step.do === 'AddUserToGroup' && step.params.GroupName === quarantineGroup && step.outcome !== 'done',
  )
  const isBound = steps.some((step) => step.do === 'PutUserPermissionsBoundary' && step.outcome === 'done')
  return isMissed && !isBound && denied?.by !== 'quarantine' && denied?.by !== 'boundary'
}

/** When the deny in force was accepted; null while there is none. */
function lockedSince(
  { identity, denied, wasMistaken, quarantineGroup, finishedAt }: Run,
  facts: Facts,
): Date | null {
  const earlierDeny = wasMistaken ? null : identity.lockedAt
  if (earlierDeny) return earlierDeny
  if (denied?.by === 'quarantine' || denied?.by === 'boundary') return denied.at
  return facts.groups.includes(quarantineGroup) ? finishedAt : null
}

/** Half as long again as it has lasted: 5 seconds after the lock at first, an hour apart in the end. */
function nextAttempt(since: Date, now: Date): Date {
  const age = now.getTime() - since.getTime()
  return new Date(now.getTime() + Math.min(60 * minuteMs, Math.max(5000, age / 2)))
}

function judgePurge(run: Run, facts: Facts): Verdict {
  const failed = unread(run) ?? (run.applied?.errors[0] as Error | undefined)?.message
  if (facts.exists === false && !failed) {
    return { state: 'deleted', reason: null, nextLookAt: null, lockedAt: null, reached: true }
  }
  return {
    state: 'locked',
    reason: `the purge is not complete: ${failed ?? 'the user is still there'}`,
    nextLookAt: new Date(run.finishedAt.getTime() + purgeRetryMs),
    reached: false,
  }
}

function unread({ plan, observed, unsettled }: Run): string | undefined {
  if (observed.kind === 'unknown') return 'IAM did not tell whether the user is there'
  if (unsettled) return 'the user was made moments ago and does not show in IAM yet'
  return plan.unread.length > 0 ? `IAM did not answer ${plan.unread.join(', ')}` : undefined
}

function earlier(a: Date | null, b: Date): Date {
  return a && a < b ? a : b
}
