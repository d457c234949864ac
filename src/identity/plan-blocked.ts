/**
 * Somebody of ours whose role nobody knows. What Muster gave stays, for it is not known what is to come in its place;
 * what nobody may have is taken away all the same. Nothing is granted. Pure.
 */

import type { CredentialContext } from './credential-context.ts'
import { judgeCredentials } from './credential-rules.ts'
import type { Access, ObservedUser, Plan, PlanInput, Step } from './model.ts'
import { policyRemovals, reading, union } from './plan-reading.ts'

/** No role forbids anything here: what is left to judge by is MFA. */
export const roleUnknown: Pick<Access, 'console' | 'accessKeys'> = {
  console: true,
  accessKeys: 'self-service',
}

/** What could not be read keeps nothing else from being taken away. */
export function planBlocked(
  user: ObservedUser,
  { registration, possibleGroups, believed, credentials }: PlanInput,
): Plan {
  const { UserName, unread, read, each } = reading(user)
  const given = [...union(believed.groups, possibleGroups), registration.quarantineGroup]
  const foreign = read('ListGroupsForUser', user.groups, []).filter((group) => !given.includes(group))
  const hasPassword = read('GetLoginProfile', user.hasLoginProfile, false)
  read('ListAccessKeys', user.accessKeys, [])
  read('ListMFADevices', user.mfaSerials, [])
  const { password, keys } = withoutMfa(user, credentials)
  const steps: Step[] = [
    ...foreign.map((GroupName): Step => ({ do: 'RemoveUserFromGroup', UserName, GroupName })),
    ...policyRemovals(user, each),
    ...(hasPassword && password ? [{ do: 'DeleteLoginProfile', UserName } as const] : []),
    ...keys.map(
      (AccessKeyId): Step => ({ do: 'UpdateAccessKey', UserName, AccessKeyId, Status: 'Inactive' }),
    ),
  ]
  return { kind: steps.length > 0 ? 'repair' : 'none', steps, unread }
}

/** Ages and lost devices are looked after once the role is known. */
function withoutMfa(user: ObservedUser, context: CredentialContext) {
  const verdict = judgeCredentials(user, roleUnknown, { ...context, resetMfa: false })
  return {
    password: verdict.password === 'no_mfa',
    keys: verdict.keys.filter(({ reason }) => reason === 'no_mfa').map(({ key }) => key.id),
  }
}
