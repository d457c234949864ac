/** What a run comes to for somebody who is to be out: the lock, and the purge. Pure. */
import { nextLockLook } from './desired.ts'
import type { Facts } from './outcome-facts.ts'
import { comeBack, earlier, nextAttempt, purgeRetryMs, type Verdict } from './outcome-return.ts'
import { otherName, unread } from './outcome-trouble.ts'
import type { Run } from './run.ts'

/** A lock is never `blocked`: what fails is tried again, and what was denied stays denied. */
export function judgeLock(run: Run, facts: Facts): Verdict {
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

export function judgePurge(run: Run, facts: Facts): Verdict {
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
