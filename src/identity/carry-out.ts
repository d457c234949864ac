/** A plan carried out: announced to the record first, then applied, as far as the trail gate lets it. */
import { type Applied, applyPlan } from './apply.ts'
import { withoutCatalog } from './catalog-wait.ts'
import type { Plan } from './model.ts'
import { withoutGrants } from './plan-gated.ts'
import { givenTo } from './plan-input.ts'
import type { ReconcileContext } from './reconcile-context.ts'
import type { Run } from './run.ts'
import { paramsOf } from './steps.ts'

/** Applies the run's plan: whole while the trail gate is open, without what grants while it is shut or a catalog is awaited. */
export async function carryOut(run: Run, context: ReconcileContext): Promise<Run> {
  const { plan: next, identity, observed } = run
  if (next.steps.length === 0) return run
  const { trailGate, registration } = context
  if (run.waitingFor !== undefined) {
    return await leaveOut(run, withoutCatalog(next, observed, identity, registration), context)
  }
  const reduced = withoutGrants(next, observed, givenTo(identity), registration)
  if (reduced === next) return { ...run, applied: await apply(run, next, context) }
  let heldBy = await trailGate.closedBecause()
  if (heldBy !== null) return await leaveOut({ ...run, heldBy }, reduced, context)
  const applied = await apply(run, next, context, async () => {
    heldBy = await trailGate.closedBecause()
    return heldBy === null
  })
  const grantedDespite = await trailGate.warning(context.clock())
  return {
    ...run,
    applied,
    ...(heldBy === null ? {} : { heldBy }),
    ...(grantedDespite === null ? {} : { grantedDespite }),
  }
}

/** What is left of the plan needs nobody's leave. */
async function leaveOut(run: Run, reduced: Plan, context: ReconcileContext): Promise<Run> {
  const held: Run = { ...run, plan: reduced }
  return reduced.steps.length === 0 ? held : { ...held, applied: await apply(held, reduced, context) }
}

async function apply(
  run: Run,
  next: Plan,
  context: ReconcileContext,
  mayGrant?: () => Promise<boolean>,
): Promise<Applied> {
  const { identity } = run
  const { ledger, account, registration } = context
  const joins = next.steps.flatMap((step) => (step.do === 'AddUserToGroup' ? [step.GroupName] : []))
  const leaves = next.steps.flatMap((step) => (step.do === 'RemoveUserFromGroup' ? [step.GroupName] : []))
  await ledger.intend({
    operationId: run.operationId,
    identityId: identity.id,
    accountId: identity.accountId,
    employeeId: identity.employeeId,
    kind: next.kind === 'none' ? 'repair' : next.kind,
    cause: identity.cause,
    generation: identity.generation,
    steps: next.steps.map((step) => ({ do: step.do, params: paramsOf(step), outcome: 'planned' })),
    startedAt: run.startedAt,
    possibleGroups: [...new Set([...identity.possibleGroups, ...joins])].filter(
      (group) => group !== registration.quarantineGroup,
    ),
    certainGroups: identity.groups.filter((group) => !leaves.includes(group)),
    drifts: run.drifts,
  })
  return await applyPlan(next, {
    account,
    quarantineGroup: registration.quarantineGroup,
    baselineGroup: registration.baselineGroup,
    stillWanted: () => ledger.isCurrent(identity.id, identity.generation),
    ...(mayGrant ? { mayGrant } : {}),
    created: (awsUserId) => ledger.noteCreated(identity.id, identity.generation, awsUserId),
  })
}
