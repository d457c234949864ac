/** What a run comes to: the identity's new state, the operation's record, and what is still to be done. Pure. */
import type { AuditEntry } from '../audit/record.ts'
import { AwsCallError } from '../aws/errors.ts'
import type { IdentityState, OperationKind, OperationStatus, RecordedStep } from '../store/schema.ts'
import { type Difference, type NewDrift, statusAfter } from '../trail/drift.ts'
import type { Applied } from './apply.ts'
import { nextLockLook } from './desired.ts'
import type { Denied } from './first-deny.ts'
import type { LoadedIdentity, Outcome } from './ledger.ts'
import type { Desired, Observed, ObservedUser, Plan } from './model.ts'
import { type CredentialOutcome, credentialOutcome } from './outcome-credentials.ts'
import { isDeny } from './plan-reading.ts'
import type { RotationRules } from './rotation.ts'

/** One run of a reconcile, as far as it got. */
export interface Run {
  readonly identity: LoadedIdentity
  readonly want: Desired
  readonly observed: Observed
  readonly plan: Plan
  readonly applied: Applied | null
  readonly denied: Denied | null
  /** What differed at the first look though Muster did not do it, and was to be set right. */
  readonly drifts: readonly NewDrift[]
  /** Whatever differed at the last look, whoever did it; null when nobody looked. */
  readonly differences: readonly Difference[] | null
  /** Steps besides the plan's: planned ones in observe mode, undone mistakes, an earlier round's. */
  readonly extraSteps: readonly RecordedStep[]
  readonly operationId: string
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly retentionDays: number
  readonly rotation: RotationRules
  readonly rehearsed: boolean
  /** The name that the first call went to, as long as nobody has seen whose it is. */
  readonly deniedName: string | null
  /** The first call went to somebody else. */
  readonly wasMistaken: boolean
  readonly quarantineGroup: string
  /** IAM did not say yet whether the user is there. */
  readonly unsettled?: boolean
  /** A user that is known was not to be found: to be confirmed. */
  readonly missing?: boolean
  readonly waitingFor?: string
  /** Why what grants was left out: the trail gate is shut. */
  readonly heldBy?: string
  /** CloudTrail is not verified, and the gate only warns. */
  readonly grantedDespite?: string
}

/** How the identity stands after the run, as far as accepted calls and reads tell. */
interface Facts {
  readonly exists: boolean | 'unknown'
  readonly userId: string | null
  readonly userName: string | null
  readonly groups: readonly string[]
  readonly hasMfa: boolean
  readonly hasPassword: boolean
}

interface Verdict {
  readonly state: IdentityState
  readonly reason: string | null
  readonly nextLookAt: Date | null
  readonly lockedAt?: Date | null
  readonly retry?: string
  /** False when the generation is not reached: something waits or failed. */
  readonly reached: boolean
}

export function settle(run: Run): Outcome {
  const { identity, want } = run
  const facts = factsAfter(run)
  const first = credentialOutcome(credentialRun(run, true))
  const verdict = judge(run, facts, first)
  // What was not reached says nothing about what is lacking.
  const reached = verdict.reached && !run.rehearsed
  const credentials = reached ? first : credentialOutcome(credentialRun(run, false))
  const { isEnrolled: _enrolled, nextChangeAt: _next, ...noted } = credentials
  const gone = facts.exists === false && verdict.state === 'deleted'
  const converged = verdict.reached && want.kind !== 'blocked'
  const errors = run.applied?.errors ?? []
  return {
    identityId: identity.id,
    generation: identity.generation,
    state: verdict.state,
    reason: verdict.reason,
    awsUserId: gone ? null : (facts.userId ?? (triedToCreate(run) ? null : identity.awsUserId)),
    lastSeenName: gone ? null : (facts.userName ?? identity.lastSeenName),
    groups: gone ? [] : facts.groups,
    possibleGroups: gone ? [] : converged ? facts.groups : possibleAfter(run, facts),
    mfaEnrolled: facts.hasMfa || (want.kind === 'active' && first.isEnrolled),
    consoleAccess: facts.hasPassword,
    adopt: identity.adopt && facts.userId === null,
    lockedAt: verdict.lockedAt === undefined ? identity.lockedAt : verdict.lockedAt,
    deniedName: run.deniedName,
    knowsOfDeny: identity.deniedName !== null || run.denied !== null,
    deletedAt: verdict.state === 'deleted' ? (identity.deletedAt ?? run.finishedAt) : null,
    touchedAt: gone ? null : run.applied && !run.rehearsed ? run.startedAt : identity.touchedAt,
    nextLookAt: verdict.nextLookAt,
    ...noted,
    ...(gone ? { lacks: null, mfaSerials: [], accessKeys: [] } : {}),
    boundaryArn: gone ? null : boundaryAfter(run),
    waitsForTrail: run.heldBy !== undefined,
    missingSince: run.missing ? (identity.missingSince ?? run.finishedAt) : null,
    ...driftAfter(run, verdict, facts),
    reconciledGeneration: verdict.reached ? identity.generation : null,
    at: run.finishedAt,
    retry: verdict.retry ?? null,
    catalogMissing:
      want.kind !== 'purged' &&
      errors.some((error) => error instanceof AwsCallError && error.class === 'absent'),
    ...recordOf(run, verdict, facts),
  }
}

/** Settled is who was looked at, and has nothing left to be done; who was not touched stands as before. */
function driftAfter(run: Run, verdict: Verdict, facts: Facts): Pick<Outcome, 'settled' | 'drifts'> {
  const { identity, want, applied, differences, startedAt } = run
  const steps = [...(run.denied?.steps ?? []), ...(applied?.steps ?? [])]
  const before =
    identity.settledAs && identity.settledAt ? { as: identity.settledAs, at: identity.settledAt } : null
  const isWhole = verdict.reached && facts.exists === true && !run.plan.conflict
  const wasLookedAt = run.observed.kind !== 'unknown' && want.kind !== 'blocked' && !run.rehearsed
  const settled =
    isWhole && wasLookedAt
      ? { as: want.kind === 'active' ? ('active' as const) : ('locked' as const), at: startedAt }
      : steps.length > 0 || run.plan.conflict || (verdict.reached && facts.exists === false)
        ? null
        : before
  const found = run.drifts.map((drift) => ({ ...drift, status: statusAfter(drift, steps) }))
  const knowsRest = verdict.reached && wasLookedAt && differences !== null
  const remaining = knowsRest ? differences.filter((each) => statusAfter(each, steps) !== 'repaired') : null
  const isNews = found.length > 0 || (identity.hasStandingDrifts && remaining !== null)
  return { settled, drifts: isNews ? { found, remaining } : null }
}

function credentialRun(run: Run, reached: boolean) {
  const { identity, want, observed, applied, rotation, startedAt, finishedAt } = run
  const steps = applied?.steps ?? []
  return { identity, want, observed, steps, rotation, startedAt, finishedAt, reached }
}

/** By our last accepted call; a read may lag behind it. */
function boundaryAfter({ identity, want, observed, denied, applied }: Run): string | null {
  let boundaryArn = identity.boundaryArn
  for (const { outcome, params } of [...(denied?.steps ?? []), ...(applied?.steps ?? [])]) {
    if (typeof params.PermissionsBoundary !== 'string' || outcome === 'skipped') continue
    boundaryArn = outcome === 'done' ? params.PermissionsBoundary : ''
  }
  // Nothing on record, and the role's own is what was found: from now on that is on record.
  const isFound = boundaryArn === null && want.kind === 'active' && observed.kind === 'present'
  return isFound && observed.user.boundaryArn === want.access.boundaryArn
    ? want.access.boundaryArn
    : boundaryArn
}

/** A user that was to be made anew: what we knew before is another's id. */
function triedToCreate({ applied }: Run): boolean {
  const [first] = applied?.steps ?? []
  return first?.do === 'CreateUser' && first.outcome !== 'skipped'
}

/** Replays what was done upon what was observed. */
function factsAfter({ identity, observed, applied, denied }: Run): Facts {
  let exists: Facts['exists'] =
    observed.kind === 'present' ? true : observed.kind === 'unknown' ? 'unknown' : false
  let userId = observed.kind === 'present' ? observed.user.userId : null
  let userName = observed.kind === 'present' ? observed.user.userName : null
  const known =
    observed.kind === 'present' && observed.user.groups !== 'unknown' ? observed.user.groups : null
  const groups = new Set(known ?? (exists === false ? [] : identity.groups))
  const facets = credentialsOf(observed)
  const mfa = facets.mfaSerials === 'unknown' ? null : new Set(facets.mfaSerials)
  // What was not read stands as it stood.
  let hasPassword = facets.hasLoginProfile === 'unknown' ? identity.consoleAccess : facets.hasLoginProfile
  for (const step of [...(known ? [] : (denied?.steps ?? [])), ...(applied?.steps ?? [])]) {
    if (step.outcome !== 'done' && step.outcome !== 'already') continue
    const params = step.params as Record<string, string>
    switch (step.do) {
      case 'CreateUser':
        exists = true
        userId = applied?.createdUserId ?? null
        userName = params.UserName ?? null
        break
      case 'AddUserToGroup':
        groups.add(params.GroupName ?? '')
        break
      case 'RemoveUserFromGroup':
        groups.delete(params.GroupName ?? '')
        break
      case 'UpdateUser':
        userName = params.NewUserName ?? userName
        break
      case 'DeleteLoginProfile':
        hasPassword = false
        break
      case 'DeactivateMFADevice':
        mfa?.delete(params.SerialNumber ?? '')
        break
      case 'DeleteUser':
        exists = false
        break
    }
  }
  const hasMfa = mfa ? mfa.size > 0 : identity.mfaEnrolled
  return { exists, userId, userName, groups: [...groups], hasMfa, hasPassword }
}

function credentialsOf(observed: Observed): Pick<ObservedUser, 'mfaSerials' | 'hasLoginProfile'> {
  if (observed.kind === 'present') return observed.user
  if (observed.kind === 'unknown') return { mfaSerials: 'unknown', hasLoginProfile: 'unknown' }
  return { mfaSerials: [], hasLoginProfile: false }
}

/** After a run that did not get through: all that was possible before, and what it may have added. */
function possibleAfter({ identity, applied }: Run, facts: Facts): string[] {
  const possible = new Set([...identity.possibleGroups, ...facts.groups])
  for (const step of applied?.steps ?? []) {
    const group = String(step.params.GroupName)
    if (step.do === 'AddUserToGroup' && step.outcome !== 'skipped') possible.add(group)
    if (step.do === 'RemoveUserFromGroup' && (step.outcome === 'done' || step.outcome === 'already'))
      possible.delete(group)
  }
  return [...possible]
}

function judge(run: Run, facts: Facts, credentials: CredentialOutcome): Verdict {
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
      return { state: 'blocked', reason: want.reason, nextLookAt: null, reached: true }
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
/** A job's tries take about an hour; whatever becomes of them, somebody comes back. */
const afterDeadLetterMs = 70 * minuteMs

function judgeActive(
  run: Run,
  access: { console: boolean; accessKeys: string },
  credentials: CredentialOutcome,
): Verdict {
  const { identity, applied, finishedAt } = run
  const after = (ms: number) => new Date(finishedAt.getTime() + ms)
  if (run.waitingFor) {
    return { state: identity.state, reason: run.waitingFor, nextLookAt: after(5000), reached: false }
  }
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
      nextLookAt: after(afterDeadLetterMs),
      retry,
      reached: false,
    }
  const error = applied?.errors[0]
  if (error !== undefined) {
    const { message } = error as Error
    if (isForAdministrators(error)) {
      return {
        state: 'blocked',
        reason: advice(error as AwsCallError),
        nextLookAt: after(15 * minuteMs),
        reached: false,
      }
    }
    return {
      state: identity.state,
      reason: message,
      nextLookAt: after(afterDeadLetterMs),
      retry: message,
      reached: false,
    }
  }
  const needsMfa = access.console || access.accessKeys !== 'none'
  return {
    state: needsMfa && !credentials.isEnrolled ? 'awaiting_mfa' : 'active',
    reason: denyOn(run.observed) ?? run.grantedDespite ?? null,
    nextLookAt: credentials.nextChangeAt,
    lockedAt: null,
    reached: true,
  }
}

/** Somebody denied the user by a policy of AWS's own, which is left where it is. */
function denyOn(observed: Observed): string | null {
  if (observed.kind !== 'present' || observed.user.attachedPolicyArns === 'unknown') return null
  const deny = observed.user.attachedPolicyArns.find(isDeny)
  return deny
    ? `${deny.slice(deny.lastIndexOf('/') + 1)} is attached to the user, by AWS (a leaked key) or by hand: find out why, then detach it`
    : null
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
      nextLookAt: new Date(finishedAt.getTime() + afterDeadLetterMs),
      lockedAt,
      retry: reason,
      reached: false,
    }
  }
  const { employee } = identity
  const next = nextLockLook({ employee, lockedAt, retentionDays: run.retentionDays, now: finishedAt })
  return {
    state: 'locked',
    reason: failed ? `the lock is not complete: ${failed}` : null,
    // Denied already, so looks that grow apart do for the rest: no job has to be tried again and again.
    nextLookAt: failed ? earlier(next, nextAttempt(lockedAt, finishedAt)) : next,
    lockedAt,
    reached: !failed,
  }
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

/** What no retry mends: permissions, quotas, a refusal of the parameters, a name that is taken. */
function isForAdministrators(error: unknown): boolean {
  if (!(error instanceof AwsCallError)) return false
  // Whose the name is that a joiner wanted is found out by a look.
  if (error.class === 'exists') return error.action !== 'CreateUser'
  return ['denied', 'limit', 'invalid'].includes(error.class)
}

function advice(error: AwsCallError): string {
  switch (error.class) {
    case 'denied':
      return `Muster lacks the permission iam:${error.action}: allow it to Muster's role (${error.message})`
    case 'limit':
      return `a quota of the account is reached: raise it or make room (${error.message})`
    default:
      return error.message
  }
}

function earlier(a: Date | null, b: Date): Date {
  return a && a < b ? a : b
}

const auditActions: Readonly<Record<OperationKind, string>> = {
  join: 'identity.created',
  move: 'identity.moved',
  lock: 'identity.locked',
  unlock: 'identity.unlocked',
  purge: 'identity.purged',
  repair: 'identity.repaired',
  rotate: 'credentials.rotated',
  catalog: 'catalog.applied',
}

function recordOf(run: Run, verdict: Verdict, facts: Facts): Pick<Outcome, 'operation' | 'audit'> {
  const { identity } = run
  const steps = [...(run.denied?.steps ?? []), ...run.extraSteps, ...(run.applied?.steps ?? [])]
  const before = { state: identity.state, groups: identity.groups }
  const after = { state: verdict.state, groups: facts.groups }
  const common = {
    at: run.finishedAt,
    actor: identity.cause || 'muster',
    employeeId: identity.employeeId,
    identityId: identity.id,
  }
  if (steps.length === 0) {
    const changed = verdict.state !== identity.state
    const entry: AuditEntry = {
      ...common,
      action: `identity.${verdict.state}`,
      details: { before, after, reason: verdict.reason },
    }
    return { operation: null, audit: changed ? [entry] : [] }
  }
  const kind = run.plan.kind === 'none' ? (run.denied ? 'lock' : 'repair') : run.plan.kind
  const status = statusOf(run, verdict)
  const entry: AuditEntry = {
    ...common,
    action: status === 'done' ? auditActions[kind] : `operation.${status}`,
    operationId: run.operationId,
    details: { kind, before, after, steps, ...(verdict.reason ? { reason: verdict.reason } : {}) },
  }
  return {
    operation: {
      id: run.operationId,
      accountId: identity.accountId,
      employeeId: identity.employeeId,
      kind,
      cause: identity.cause,
      generation: identity.generation,
      status,
      steps,
      error: status === 'failed' ? verdict.reason : null,
      startedAt: run.startedAt,
      finishedAt: run.finishedAt,
    },
    audit: [entry],
  }
}

function statusOf(run: Run, verdict: Verdict): OperationStatus {
  if (run.rehearsed) return 'planned'
  // What did not have to wait is done.
  if (run.heldBy && !run.applied?.stopped && run.applied?.errors.length === 0) return 'done'
  if (run.applied?.stopped) return 'stopped'
  return verdict.reached ? 'done' : 'failed'
}
