import { type Control, type Finding, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import type { AuthorizedUser, MusterFacts } from '../snapshot.ts'
import { isAtWork, type ManagedUser, whoseUsers, worksUnfinished } from '../whose-users.ts'

/** Of Muster's users: in none of their role's groups. Of others, and of those who are blocked: in no group at all. */
export const usersWithoutGroup: Control = {
  id: 'users-without-group',
  title: 'Every user is in a group of their role',
  practice: 'groups',
  severity: 'medium',
  remedy:
    'For a user of Muster, reconcile the employee (POST /v1/employees/{employeeId}/reconcile). Any other: put into a group, or delete.',
  checks: [],
  judge: ({ authorization, muster }) =>
    withFacts({ authorization }, ({ authorization: found }) => {
      const { managed, unmanaged } = whoseUsers(found, muster)
      const findings = [
        ...managed.flatMap((each) =>
          worksUnfinished(each, muster) ? withoutAnyGroup(each.user) : withoutRoleGroup(each, muster),
        ),
        ...unmanaged.flatMap(withoutAnyGroup),
      ]
      return verdictOf(findings, { managedUsers: managed.length, otherUsers: unmanaged.length })
    }),
}

function withoutRoleGroup({ user, identity }: ManagedUser, muster: MusterFacts): Finding[] {
  const ofRole = identity.groups.filter((group) => group !== muster.baselineGroup)
  const isMissing = ofRole.length > 0 && !ofRole.some((group) => user.groups.includes(group))
  if (!isAtWork(identity) || !isMissing) return []
  return [
    {
      resource: user.arn,
      message: `User ${user.userName} is in none of the groups of role ${identity.role}`,
      evidence: { employeeId: identity.employeeId, role: identity.role, wanted: ofRole, groups: user.groups },
    },
  ]
}

function withoutAnyGroup({ arn, userName, groups }: AuthorizedUser): Finding[] {
  if (groups.length > 0) return []
  return [{ resource: arn, message: `User ${userName} is in no group`, evidence: { groups } }]
}
