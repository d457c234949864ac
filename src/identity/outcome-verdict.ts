/** What state a run leaves an identity in, why, and when somebody has to come back. Pure. */
import type { Observed } from './model.ts'
import type { CredentialOutcome } from './outcome-credentials.ts'
import type { Facts } from './outcome-facts.ts'
import { judgeLock, judgePurge } from './outcome-leaver.ts'
import {
  comeBack,
  earlier,
  missingForMs,
  nextAttempt,
  type Verdict,
  whileDeniedMs,
  whileHeldMs,
} from './outcome-return.ts'
import { otherName, troubleOf, unread } from './outcome-trouble.ts'
import { isDeny } from './plan-reading.ts'
import type { Run } from './run.ts'

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
