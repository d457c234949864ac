/** Reconcile one identity: observe, plan, apply, record. */
import { newId } from '../store/ids.ts'
import type { RecordedStep } from '../store/schema.ts'
import type { Applied } from './apply.ts'
import { carryOut } from './carry-out.ts'
import { asGiven, catalogIsOnItsWay, waitsForCatalog } from './catalog-wait.ts'
import { desired, isOut } from './desired.ts'
import { driftsAt } from './drifts-at.ts'
import type { LoadedIdentity, Outcome } from './ledger-model.ts'
import { heedLostDevice } from './lost-device.ts'
import { undoMistake } from './mistaken-deny.ts'
import type { Desired, Observed } from './model.ts'
import { observe } from './observe.ts'
import { settle } from './outcome.ts'
import { missingForMs, settlingMs } from './outcome-return.ts'
import { plan } from './plan.ts'
import { isGiven, planInput } from './plan-input.ts'
import type { ReconcileContext } from './reconcile-context.ts'
import { registrationOf } from './registration.ts'
import type { Run } from './run.ts'
import { paramsOf } from './steps.ts'

/**
 * One run. What went wrong in AWS is in the outcome, together with what is to be done about it.
 *
 * @throws only what is no matter of this identity: the database, a bug
 */
export async function reconcile(loaded: LoadedIdentity, context: ReconcileContext): Promise<Outcome> {
  const identity = await heedLostDevice(loaded, context)
  const want = wanted(identity, context)
  const run: Run = begin(identity, want, context)
  if (isUntouched(identity) && want.kind !== 'active' && want.kind !== 'blocked') return settle(run)
  // Whoever is ours already is looked at: what somebody gives them by hand does not stay for want of a role.
  if (want.kind === 'blocked' && (identity.awsUserId === null || context.mode === 'observe'))
    return settle(run)
  if (context.mode === 'observe') return await rehearse(run, context)
  if (waitsForCatalog(identity, want, context)) {
    // A new catalog waits for the gate, too: then that is what everybody waits for.
    const heldBy = await context.trailGate.closedBecause()
    if (heldBy && isUntouched(identity)) return settle({ ...run, heldBy })
    const waitingFor = heldBy ?? catalogIsOnItsWay
    if (!isGiven(identity)) return settle({ ...run, waitingFor })
    return await perform({ ...run, want: asGiven(want, identity, context.registration), waitingFor }, context)
  }
  return await perform(run, context)
}

export function wanted(
  identity: LoadedIdentity,
  { roleAccess, retentionDays, clock }: Pick<ReconcileContext, 'roleAccess' | 'retentionDays' | 'clock'>,
): Desired {
  return desired({
    employee: identity.employee,
    roleAccess: roleAccess(identity.employee.role),
    lockedAt: identity.lockedAt,
    retentionDays,
    now: clock(),
  })
}

function begin(identity: LoadedIdentity, want: Desired, context: ReconcileContext): Run {
  const { clock, retentionDays } = context
  return {
    identity,
    want,
    observed: { kind: 'unknown' },
    plan: { kind: 'none', steps: [], unread: [] },
    applied: null,
    denied: null,
    deniedName: identity.deniedName,
    wasMistaken: false,
    quarantineGroup: context.registration.quarantineGroup,
    drifts: [],
    differences: null,
    extraSteps: [],
    operationId: newId(),
    startedAt: clock(),
    finishedAt: clock(),
    retentionDays,
    rotation: context.rotation,
    rehearsed: false,
  }
}

/** A user that is another identity's already is nobody else's to take, whatever its name, tags or an administrator say. */
async function strangerIfOwned(
  observed: Observed,
  identity: LoadedIdentity,
  { ownerOf }: ReconcileContext,
): Promise<Observed> {
  if (identity.awsUserId !== null || observed.kind !== 'present') return observed
  const { userName, userId } = observed.user
  const owner = await ownerOf(userId)
  return owner === null || owner === identity.id ? observed : { kind: 'foreign', userName, userId }
}

/** Nothing was ever begun in AWS for this identity. */
function isUntouched({ awsUserId, touchedAt, adopt }: LoadedIdentity): boolean {
  return awsUserId === null && touchedAt === null && !adopt
}

async function perform(start: Run, context: ReconcileContext): Promise<Outcome> {
  const { identity, want } = start
  let run = start
  // Joiners are optimistic: nobody reads what nobody has made.
  let observed: Observed | undefined = isUntouched(identity) ? { kind: 'absent' } : undefined
  if (observed) run = { ...run, observed }
  if (needsFirstDeny(identity, want)) {
    run = { ...run, denied: await context.firstDeny(identity) }
  }
  for (let round = 1; round <= 3; round++) {
    observed ??= await look(run, context)
    observed = await strangerIfOwned(observed, identity, context)
    run = await undoMistake({ ...run, observed }, context)
    if (observed.kind === 'unknown' && !run.denied && mayBeDenied(identity, want)) {
      // Locked before, and nobody can tell whether it still holds: denied again rather than not at all.
      run = { ...run, denied: await context.firstDeny(identity) }
    }
    if (isMissing(identity, observed) && !isConfirmedMissing(identity, context)) {
      return settle({ ...run, missing: true, finishedAt: context.clock() })
    }
    if (observed.kind === 'unknown' || isStillSettling(identity, observed, want, context)) {
      return settle({ ...run, unsettled: true, finishedAt: context.clock() })
    }
    run = { ...run, plan: plan(planInput(identity, want, observed, { ...context, now: run.startedAt })) }
    run = await carryOut({ ...run, ...(await driftsAt(run, context, round)) }, context)
    if (!createdByOther(run.applied)) break
    // The user is there already: ours, from a run that died, or somebody else's. Only a look tells.
    observed = undefined
    run = { ...run, extraSteps: [...run.extraSteps, ...(run.applied?.steps.slice(0, 1) ?? [])] }
  }
  return settle({ ...run, finishedAt: context.clock() })
}

/**
 * Whether to deny before reading: whoever is known to be ours. Where only an attempt to make the user is on
 * record, the name may be somebody else's, and there is neither password nor key: then a look comes first.
 */
export function needsFirstDeny(identity: LoadedIdentity, want: Desired): boolean {
  return identity.lockedAt === null && mayBeDenied(identity, want)
}

function mayBeDenied({ awsUserId, state }: LoadedIdentity, want: Desired): boolean {
  const isToBeOut = want.kind === 'locked' || want.kind === 'absent'
  return isToBeOut && awsUserId !== null && state !== 'conflict'
}

async function look(
  { identity, want, applied, startedAt }: Run,
  context: ReconcileContext,
): Promise<Observed> {
  try {
    return await observe(
      {
        userName: identity.userName,
        lastSeenName: identity.lastSeenName,
        awsUserId: identity.awsUserId,
        tags: registrationOf(identity, context.registration).tags,
        begunAt: identity.touchedAt ?? (applied ? startedAt : null),
        adopt: identity.adopt,
      },
      { account: context.account, everything: isOut(want) },
    )
  } catch (error) {
    if ((error as Error).name === 'AwsCallError') return { kind: 'unknown' }
    throw error
  }
}

/** While pages of users are read, one that is renamed can slip from a later to an earlier one: one look is no proof. */
function isMissing({ awsUserId }: LoadedIdentity, { kind }: Observed): boolean {
  return awsUserId !== null && (kind === 'absent' || kind === 'foreign')
}

function isConfirmedMissing({ missingSince }: LoadedIdentity, { clock }: ReconcileContext): boolean {
  return missingSince !== null && clock().getTime() - missingSince.getTime() >= missingForMs
}

/** A user we have just made may not show in a read yet; to take it for gone would let a leaver go. */
function isStillSettling(
  { touchedAt, awsUserId }: LoadedIdentity,
  observed: Observed,
  want: Desired,
  { clock }: ReconcileContext,
): boolean {
  if (observed.kind === 'present' || !touchedAt) return false
  if (observed.kind === 'foreign' && awsUserId === null) return false
  if (want.kind === 'active' && awsUserId === null) return false
  return clock().getTime() - touchedAt.getTime() < settlingMs
}

function createdByOther(applied: Applied | null): boolean {
  const create = applied?.steps[0]
  return (
    create?.do === 'CreateUser' &&
    create.outcome === 'failed' &&
    /EntityAlreadyExists/.test(create.error ?? '')
  )
}

/** Observe mode: everything is looked at and planned, nothing that writes is called. */
async function rehearse(run: Run, context: ReconcileContext): Promise<Outcome> {
  const { identity, want } = run
  const observed = await look(run, context)
  // Nothing was ever done, so nothing is believed but what is seen.
  const groups = observed.kind === 'present' && observed.user.groups !== 'unknown' ? observed.user.groups : []
  const rehearsed = plan({
    ...planInput(identity, want, observed, { ...context, now: run.startedAt }),
    possibleGroups: [],
    believed: { groups, quarantined: false, boundaryArn: null, isBeingAdopted: true },
  })
  const steps: RecordedStep[] = rehearsed.steps.map((step) => ({
    do: step.do,
    params: paramsOf(step),
    outcome: 'planned',
  }))
  return settle({
    ...run,
    observed,
    plan: rehearsed,
    extraSteps: steps,
    rehearsed: true,
    finishedAt: context.clock(),
  })
}
