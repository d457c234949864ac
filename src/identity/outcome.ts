/** What a run comes to: the identity's new state, the operation's record, and what is still to be done. Pure. */
import type { AuditEntry } from '../audit/record.ts'
import { AwsCallError } from '../aws/errors.ts'
import { statusAfter } from '../drift/drift.ts'
import type { OperationKind, OperationStatus } from '../store/schema.ts'
import { isOut } from './desired.ts'
import type { Outcome } from './ledger-model.ts'
import { credentialOutcome } from './outcome-credentials.ts'
import { boundaryAfter, type Facts, factsAfter, possibleAfter, triedToCreate } from './outcome-facts.ts'
import type { Verdict } from './outcome-return.ts'
import { judge } from './outcome-verdict.ts'
import { isGiven } from './plan-input.ts'
import type { Run } from './run.ts'

export function settle(run: Run): Outcome {
  const { identity, want } = run
  const facts = ownIn(factsAfter(run), run)
  const first = credentialOutcome(credentialRun(run, true))
  const verdict = judge(run, facts, first)
  // What was not reached says nothing about what is lacking.
  const reached = verdict.reached && !run.rehearsed
  const credentials = reached ? first : credentialOutcome(credentialRun(run, false))
  const { isEnrolled: _enrolled, nextChangeAt: _next, ...noted } = credentials
  const gone = facts.exists === false && verdict.state === 'deleted'
  const converged = verdict.reached && want.kind !== 'blocked'
  const errors = run.applied?.errors ?? []
  const record = recordOf(run, verdict, facts)
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
    ...driftAfter(run, verdict, facts, record.operation),
    reconciledGeneration: verdict.reached ? identity.generation : null,
    at: run.finishedAt,
    lastEndedAt: identity.lastReconciledAt,
    retry: verdict.retry ?? null,
    catalogMissing:
      want.kind !== 'purged' &&
      errors.some((error) => error instanceof AwsCallError && error.class === 'absent'),
    ...record,
  }
}

/**
 * What could not be taken away yet is still somebody else's: on record are the groups that Muster gave. Of a user that
 * is only being taken over, what there is counts as given until the role's has come.
 */
function ownIn(facts: Facts, { identity, want, applied }: Run): Facts {
  if (want.kind !== 'blocked' && (want.kind !== 'active' || !isGiven(identity))) return facts
  const joined = (applied?.steps ?? []).flatMap((step) =>
    step.do === 'AddUserToGroup' ? [String(step.params.GroupName)] : [],
  )
  const given = new Set([...identity.groups, ...identity.possibleGroups, ...joined])
  return { ...facts, groups: facts.groups.filter((group) => given.has(group)) }
}

/** Settled is who was looked at, and has nothing left to be done; who was not touched stands as before. */
function driftAfter(
  run: Run,
  verdict: Verdict,
  facts: Facts,
  operation: Outcome['operation'],
): Pick<Outcome, 'settled' | 'drifts'> {
  const { identity, want, applied, differences, startedAt } = run
  const steps = [...(run.denied?.steps ?? []), ...(applied?.steps ?? [])]
  const before =
    identity.settledAs && identity.settledAt ? { as: identity.settledAs, at: identity.settledAt } : null
  const isWhole = verdict.reached && facts.exists === true && !run.plan.conflict
  const wasLookedAt = run.observed.kind !== 'unknown' && !run.rehearsed
  const settled =
    isWhole && wasLookedAt
      ? { as: isOut(want) ? ('locked' as const) : ('active' as const), at: startedAt }
      : before && isHeldOnly(run)
        ? { as: before.as, at: startedAt }
        : steps.length > 0 || run.plan.conflict || (verdict.reached && facts.exists === false)
          ? null
          : before
  const found = run.drifts.map((drift) => {
    const status = statusAfter(drift, steps)
    // Where the gate left no step, no operation is recorded that could be named.
    return { ...drift, status, operationId: status === 'reported' ? null : (operation?.id ?? null) }
  })
  // What differed before a purge is gone with the user.
  const isPurged = want.kind === 'purged' && facts.exists === false
  const rest = isPurged ? [] : differences
  const isKnown = verdict.reached && wasLookedAt && rest !== null
  const remaining = isKnown ? rest.filter((each) => statusAfter(each, steps) !== 'repaired') : null
  const isNews = found.length > 0 || (identity.hasStandingDrifts && remaining !== null)
  return { settled, drifts: isNews ? { found, remaining } : null }
}

/** All that did not have to wait is done: what differs at the next look is somebody's doing again. */
function isHeldOnly({ heldBy, waitingFor, observed, plan, applied }: Run): boolean {
  const isHeld = (heldBy ?? waitingFor) !== undefined && observed.kind === 'present'
  return isHeld && plan.unread.length === 0 && !applied?.stopped && (applied?.errors ?? []).length === 0
}

function credentialRun(run: Run, reached: boolean) {
  const { identity, want, observed, applied, rotation, startedAt, finishedAt } = run
  const steps = applied?.steps ?? []
  return { identity, want, observed, steps, rotation, startedAt, finishedAt, reached }
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
    // Also that a lock came to its end though the run that did it could not say so: later, only the record tells.
    const isReached = verdict.reached && verdict.state === 'locked' && verdict.reason === null
    const changed = verdict.state !== identity.state || (isReached && identity.settledAs !== 'locked')
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
      reason: run.heldBy ?? run.grantedDespite ?? null,
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
  if ((run.heldBy ?? run.waitingFor) && !run.applied?.stopped && run.applied?.errors.length === 0)
    return 'done'
  if (run.applied?.stopped) return 'stopped'
  return verdict.reached ? 'done' : 'failed'
}
