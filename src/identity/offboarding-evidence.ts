/**
 * Evidence of a departure: what the person had, when it was taken, by which call, and whether the trail has that
 * call. Made from the record alone. What the record does not have is said to be not recorded. Pure.
 */
import type { IdentityState, RecordedStep } from '../store/schema.ts'
import { actionOf, type Removal, removalKinds, type What } from './offboarding-actions.ts'
import { type FirstDenyEvidence, firstDenyOf } from './offboarding-first-deny.ts'
import type { DepartedIdentity, OffboardingAction } from './offboarding-model.ts'
import { trailOf } from './offboarding-trail.ts'

export interface FoundOfKind {
  readonly what: What
  /**
   * `removed`: found, and taken away (a lock makes keys inactive, a purge deletes them). `none`: looked for, and
   * nothing found; for credentials that a lock makes inactive: none that was active. `not_recorded`: the record
   * does not tell. `open`: something is still there, or may be.
   */
  readonly status: 'removed' | 'none' | 'not_recorded' | 'open'
  readonly count: number
}

export interface AccountEvidence {
  readonly accountId: string
  readonly userName: string
  readonly state: IdentityState
  readonly reason: string | null
  readonly wasNeverMade: boolean
  readonly lockedAt: string | null
  readonly deletedAt: string | null
  readonly nextLookAt: string | null
  readonly firstDeny: FirstDenyEvidence | null
  readonly actions: readonly OffboardingAction[]
  readonly found: readonly FoundOfKind[]
  readonly open: readonly OpenItem[]
  readonly complete: boolean
}

export interface OpenItem {
  readonly what: What | 'identity'
  readonly id: string | null
  /** One sentence. */
  readonly reason: string
}

export interface EvidenceContext {
  /** When access was to end, or Muster heard of it, whichever was later. */
  readonly dueAt: Date
  /** Null while the person is out. */
  readonly returnedAt: Date | null
  readonly quarantineGroup: string
  readonly now: Date
}

export function evidenceOf(
  identity: DepartedIdentity,
  { dueAt, returnedAt, quarantineGroup, now }: EvidenceContext,
): AccountEvidence {
  const { state, reason } = identity
  const isSettled =
    identity.wasNeverMade ||
    ((state === 'locked' || state === 'deleted') && reason === null && identity.isReconciled)
  const actions = runsOf(identity).flatMap((run) =>
    run.steps.flatMap((step): OffboardingAction[] => {
      const removal = actionOf(step, quarantineGroup)
      return removal ? [{ ...removal, ...outcomeOf(step, run, identity, isSettled, now) }] : []
    }),
  )
  const open = isSettled ? [] : openItems(identity, actions, returnedAt !== null)
  return {
    accountId: identity.accountId,
    userName: identity.userName,
    state,
    reason,
    wasNeverMade: identity.wasNeverMade,
    lockedAt: text(identity.lockedAt),
    deletedAt: text(identity.deletedAt),
    nextLookAt: text(identity.nextLookAt),
    firstDeny: firstDenyOf(identity, actions, dueAt),
    actions,
    found: foundOf(identity, actions, open, isSettled),
    open,
    complete: isSettled && open.length === 0,
  }
}

interface RecordedRun {
  /** Of the operation. */
  readonly id: string | null
  readonly startedAt: Date
  readonly steps: readonly RecordedStep[]
}

/** The operations, and what was noted of first calls and is in none of them. In the order of their first calls. */
function runsOf({ operations, denies }: DepartedIdentity): RecordedRun[] {
  const inOperations = new Set(operations.flatMap(({ steps }) => steps.map(({ requestId }) => requestId)))
  const apart = denies.map(({ at, steps }) => ({
    id: null,
    startedAt: at,
    steps: steps.filter(({ requestId }) => requestId !== undefined && !inOperations.has(requestId)),
  }))
  return [...apart, ...operations].sort((a, b) => firstCallOf(a) - firstCallOf(b))
}

function firstCallOf({ startedAt, steps }: RecordedRun): number {
  const first = steps.find((step) => step.startedAt !== undefined)?.startedAt
  return first === undefined ? startedAt.getTime() : Date.parse(first)
}

function outcomeOf(
  step: RecordedStep,
  operation: RecordedRun,
  identity: DepartedIdentity,
  isSettled: boolean,
  now: Date,
): Omit<OffboardingAction, keyof Removal> {
  const outcome = step.outcome === 'planned' ? 'unknown' : step.outcome
  const answeredAt = step.startedAt
    ? new Date(Date.parse(step.startedAt) + (step.durationMs ?? 0))
    : operation.startedAt
  const wasLeft = outcome !== 'done' && outcome !== 'already'
  return {
    outcome,
    at: answeredAt.toISOString(),
    requestId: step.requestId ?? null,
    operationId: operation.id,
    error: step.error ?? null,
    confirmedAt: wasLeft && isSettled ? text(identity.lastReconciledAt) : null,
    trail: step.requestId ? trailOf(step.requestId, answeredAt, identity.trail, now) : null,
  }
}

/** Of a departure that is over: what was open when the person returned. What came of it later is another story. */
function openItems(
  identity: DepartedIdentity,
  actions: readonly OffboardingAction[],
  isOver: boolean,
): OpenItem[] {
  const last = new Map(actions.map((action) => [`${action.what} ${action.id}`, action]))
  const left = [...last.values()].filter(({ outcome }) => outcome !== 'done' && outcome !== 'already')
  const { state, reason } = identity
  const asItIs = reason ?? `the identity is ${state}, and what was asked for is not done yet`
  const asItWas = `when the person returned, it was not on record that everything had been taken${reason ? `: ${reason}` : ''}`
  const notDone = isOver ? 'it was not done until the person returned' : 'it was not done yet'
  const notKnown = isOver ? 'what came of it is not known' : 'what came of it is not known yet'
  return [
    { what: 'identity', id: null, reason: isOver ? asItWas : asItIs },
    ...left.map(({ what, id, outcome, error }) => ({
      what,
      id,
      reason: error ?? (outcome === 'unknown' ? notKnown : notDone),
    })),
  ]
}

/**
 * What a reached lock, or a deleted user, proves: a lock is reached only if every list was read and nothing was
 * left in it; IAM deletes a user only when nothing hangs on it.
 */
function foundOf(
  { state, wasNeverMade }: DepartedIdentity,
  actions: readonly OffboardingAction[],
  open: readonly OpenItem[],
  isSettled: boolean,
): FoundOfKind[] {
  const wasDeleted = actions.some(
    ({ effect, outcome }) => effect === 'user_deleted' && outcome !== 'failed' && outcome !== 'skipped',
  )
  const isDeleted = isSettled && state === 'deleted' && wasDeleted
  const isLocked = isSettled && state === 'locked'
  return removalKinds.map(({ what, readByLock }) => {
    const count = new Set(actions.filter((action) => action.what === what).map(({ id }) => id)).size
    if (open.some((item) => item.what === what)) return { what, status: 'open', count }
    if (count > 0) return { what, status: isSettled ? 'removed' : 'open', count }
    const isProven = wasNeverMade || isDeleted || (isLocked && readByLock)
    return { what, status: isProven ? 'none' : 'not_recorded', count }
  })
}

const text = (moment: Date | null) => moment?.toISOString() ?? null
