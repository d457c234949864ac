/**
 * The ordered steps from observed to desired. Pure.
 *
 * Order is a security property here: deny before anything else, leave before join, unlock last.
 */
import type { Access, ObservedUser, Plan, PlanInput, Registration, Step } from './model.ts'
import { planBlocked } from './plan-blocked.ts'
import { credentialSteps } from './plan-credentials.ts'
import { withoutGrants } from './plan-gated.ts'
import { planLock, planPurge } from './plan-leaver.ts'
import { policyRemovals, reading, union } from './plan-reading.ts'
import { isSameName } from './user-name.ts'

export function plan(input: PlanInput): Plan {
  const { desired, observed } = input
  switch (desired.kind) {
    case 'blocked':
      return observed.kind === 'present' ? planBlocked(observed.user, input) : nothing
    case 'absent':
      // Who has not started has no user; one that is there all the same is not deleted but locked.
      return observed.kind === 'present' ? planLock(input) : nothing
    case 'locked':
      return planLock(input)
    case 'purged':
      return observed.kind === 'present' ? planPurge(observed.user, input) : nothing
    case 'active':
      return planActive(desired.access, input)
  }
}

const nothing: Plan = { kind: 'none', steps: [], unread: [] }

function planActive(access: Access, input: PlanInput): Plan {
  const { observed, registration } = input
  switch (observed.kind) {
    case 'unknown':
      return { ...nothing, unread: ['GetUser'] }
    case 'foreign':
      return {
        ...nothing,
        conflict:
          `the IAM user name "${observed.userName}" belongs to a user (${observed.userId}) that Muster does not manage: ` +
          'adopt that user, or choose another name for this employee',
      }
    case 'absent':
      return { kind: 'join', steps: join(access, registration), unread: [] }
    case 'present':
      return keep(access, observed.user, input)
  }
}

/** The joiner: 1 + g calls for g groups, no reads. */
function join(access: Access, { userName: UserName, path, tags }: Registration): Step[] {
  return [
    {
      do: 'CreateUser',
      UserName,
      Path: path,
      PermissionsBoundary: access.boundaryArn,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    },
    ...access.groups.map((GroupName): Step => ({ do: 'AddUserToGroup', UserName, GroupName })),
  ]
}

/** The mover, the repair of drift, and the return of someone locked. */
function keep(access: Access, user: ObservedUser, input: PlanInput): Plan {
  const { registration, possibleGroups, believed, credentials } = input
  const { UserName, unread, read, each } = reading(user)
  const groups = read('ListGroupsForUser', user.groups, [])
  const { quarantineGroup } = registration
  const foreignGroups = union(groups, possibleGroups).filter(
    (group) => !access.groups.includes(group) && group !== quarantineGroup,
  )
  const missingGroups = access.groups.filter(
    (group) => !groups.includes(group) || !believed.groups.includes(group),
  )
  const isQuarantined = groups.includes(quarantineGroup) || believed.quarantined
  // A read may lag behind our own call, so it has to agree with what we know of that.
  const isBounded =
    user.boundaryArn === access.boundaryArn &&
    (believed.boundaryArn === null || believed.boundaryArn === access.boundaryArn)
  const boundary: Step[] = isBounded
    ? []
    : [{ do: 'PutUserPermissionsBoundary', UserName, PermissionsBoundary: access.boundaryArn }]
  // A user without any boundary gets one before anything else; a mover first leaves, for its
  // old groups under the new boundary could be more than either role has.
  const unbounded = user.boundaryArn === null

  const taken = credentialSteps(user, access, credentials, { read, each })

  const steps: Step[] = [
    ...(unbounded ? boundary : []),
    ...foreignGroups.map((GroupName): Step => ({ do: 'RemoveUserFromGroup', UserName, GroupName })),
    ...policyRemovals(user, each),
    ...taken.steps,
    ...(unbounded ? [] : boundary),
    ...missingGroups.map((GroupName): Step => ({ do: 'AddUserToGroup', UserName, GroupName })),
    ...(isQuarantined ? [{ do: 'RemoveUserFromGroup', UserName, GroupName: quarantineGroup } as const] : []),
    ...reregister(user, registration),
  ]
  if (unread.length > 0) return asFarAsRead(steps, unread, user, input)
  if (steps.length === 0) return nothing
  const isRotation = !taken.isDrift && taken.steps.length === steps.length
  // What our own calls had reached already was undone by hand, or does not show yet.
  const isMove =
    access.groups.some((group) => !believed.groups.includes(group)) ||
    (boundary.length > 0 && believed.boundaryArn !== access.boundaryArn)
  const kind = isQuarantined ? 'unlock' : isMove ? 'move' : isRotation ? 'rotate' : 'repair'
  return { kind, steps, unread }
}

/**
 * What could not be read might have to be taken away first: then nothing is granted either, as while the trail gate is
 * shut. What was read and others gave goes all the same, or one list that IAM does not give would keep it in force.
 */
function asFarAsRead(
  steps: readonly Step[],
  unread: readonly string[],
  user: ObservedUser,
  { registration, possibleGroups, believed }: PlanInput,
): Plan {
  if (believed.isBeingAdopted) return { ...nothing, unread }
  const given = { ...believed, possibleGroups }
  const whole: Plan = { kind: 'repair', steps, unread }
  const kept = withoutGrants(whole, { kind: 'present', user }, given, registration).steps.filter(
    (step) =>
      // Nobody knows whether the user left it.
      (step.do !== 'AddUserToGroup' || user.groups !== 'unknown') &&
      // What hangs on a device goes first, and may not have been seen.
      step.do !== 'DeactivateMFADevice' &&
      step.do !== 'DeleteVirtualMFADevice',
  )
  return { kind: kept.length > 0 ? 'repair' : 'none', steps: kept, unread }
}

/** Renamed, moved or untagged by hand: set right again, last, so that all other steps use one name. */
function reregister(user: ObservedUser, { userName, path, tags }: Registration): Step[] {
  const lost = Object.entries(tags).filter(([key, value]) => user.tags[key] !== value)
  const NewUserName = isSameName(user.userName, userName) || user.nameTakenBy ? undefined : userName
  const NewPath = user.path !== path ? path : undefined
  const steps: Step[] = []
  if (lost.length > 0) {
    steps.push({ do: 'TagUser', UserName: user.userName, Tags: lost.map(([Key, Value]) => ({ Key, Value })) })
  }
  if (NewUserName ?? NewPath) {
    steps.push({
      do: 'UpdateUser',
      UserName: user.userName,
      ...(NewUserName ? { NewUserName } : {}),
      ...(NewPath ? { NewPath } : {}),
    })
  }
  return steps
}
