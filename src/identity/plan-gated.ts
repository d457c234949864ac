/**
 * What of a plan waits for the trail gate, and what does not. Pure.
 *
 * A plan that gives something waits as a whole, so that nobody loses the old access without getting the new one. Who
 * gets no group in the place of those to leave leaves them at once; only a new boundary waits, for it may allow more.
 * And what somebody put there by hand is taken away at once: to stop a trail must not protect what is done meanwhile.
 */
import type { Observed, Plan, Registration, Step } from './model.ts'

/** What Muster itself gave, as far as it knows. */
export interface GivenRecord {
  /** Muster has given it nothing yet: all it has is from others. */
  readonly isBeingAdopted: boolean
  readonly groups: readonly string[]
  readonly possibleGroups: readonly string[]
  /** By our last accepted call; empty or null when it is not known. */
  readonly boundaryArn: string | null
}

type OwnGroups = Pick<Registration, 'quarantineGroup' | 'baselineGroup'>

/** The plan without what has to wait; the very same plan when nothing has to. */
export function withoutGrants(plan: Plan, observed: Observed, given: GivenRecord, own: OwnGroups): Plan {
  if (plan.kind === 'lock' || plan.kind === 'purge') return plan
  const isMove = plan.steps.some(
    (step) =>
      step.do === 'CreateUser' || (step.do === 'AddUserToGroup' && step.GroupName !== own.baselineGroup),
  )
  const leaves = (groupName: string) =>
    groupName !== own.quarantineGroup && !(isMove && isOurs(groupName, given))
  const steps = plan.steps.flatMap((step) => keptOf(step, observed, given, { ...own, leaves }))
  const left = plan.steps.filter((step) => !steps.includes(step))
  if (left.every((step) => step.do === 'RemoveUserFromGroup' && step.GroupName !== own.quarantineGroup))
    return plan
  // Who is only being taken over was given everything by others: nothing goes before the new can come.
  if (given.isBeingAdopted || steps.length === 0) return { ...plan, kind: 'none', steps: [] }
  return { ...plan, kind: 'repair', steps }
}

const isOurs = (groupName: string, { groups, possibleGroups }: GivenRecord): boolean =>
  groups.includes(groupName) || possibleGroups.includes(groupName)

function keptOf(
  step: Step,
  observed: Observed,
  given: GivenRecord,
  { baselineGroup, leaves }: OwnGroups & { readonly leaves: (groupName: string) => boolean },
): readonly Step[] {
  switch (step.do) {
    case 'CreateUser':
      return []
    case 'AddUserToGroup':
      // Without MFA the baseline denies nearly everything: somebody taken out of it has more, not less.
      return step.GroupName === baselineGroup && observed.kind === 'present' ? [step] : []
    case 'RemoveUserFromGroup':
      return leaves(step.GroupName) ? [step] : []
    case 'PutUserPermissionsBoundary':
      return boundaryRepair(step, observed, given)
    default:
      return [step]
  }
}

type BoundaryStep = Extract<Step, { do: 'PutUserPermissionsBoundary' }>

/** One that was changed by hand comes back as it was: a new one belongs to the new groups. */
function boundaryRepair(
  step: BoundaryStep,
  observed: Observed,
  { boundaryArn }: GivenRecord,
): readonly Step[] {
  if (observed.kind !== 'present') return []
  const found = observed.user.boundaryArn
  if (!boundaryArn) return found === null ? [step] : []
  if (found === boundaryArn) return []
  return [boundaryArn === step.PermissionsBoundary ? step : { ...step, PermissionsBoundary: boundaryArn }]
}
