/** A leaver's plans: the lock, which is reversible, and the purge, which is not. Pure. */
import type { ObservedUser, Plan, PlanInput, Step } from './model.ts'
import { deviceRemovals } from './plan-credentials.ts'
import { deactivations, policyRemovals, reading, union } from './plan-reading.ts'

/**
 * The lock. Its first step is the quarantine, always, unless it is known to be there already;
 * every other step stands alone, so that one that fails does not keep the rest from running.
 */
export function planLock({ observed, registration, possibleGroups }: PlanInput): Plan {
  const { quarantineGroup, baselineGroup, userName } = registration
  const quarantine = (UserName: string): Step => ({
    do: 'AddUserToGroup',
    UserName,
    GroupName: quarantineGroup,
  })
  switch (observed.kind) {
    case 'unknown':
      return { kind: 'lock', steps: [quarantine(userName)], unread: ['GetUser'] }
    case 'absent':
    case 'foreign':
      return { kind: 'none', steps: [], unread: [] }
    case 'present': {
      const { user } = observed
      const { UserName, unread, read, each } = reading(user)
      const groups = read('ListGroupsForUser', user.groups, [])
      const leave = (GroupName: string): Step => ({ do: 'RemoveUserFromGroup', UserName, GroupName })
      const others = union(groups, possibleGroups).filter((group) => group !== quarantineGroup)
      const steps: Step[] = [
        ...(groups.includes(quarantineGroup) ? [] : [quarantine(UserName)]),
        ...(read('GetLoginProfile', user.hasLoginProfile, true)
          ? [{ do: 'DeleteLoginProfile', UserName } as const]
          : []),
        ...deactivations(user, each, ['accessKeys', 'sshKeys', 'certificates', 'serviceCredentials']),
        ...others.filter((group) => group !== baselineGroup).map(leave),
        ...policyRemovals(user, each),
        // Last, for it is what denies should the quarantine not have been reached.
        ...others.filter((group) => group === baselineGroup).map(leave),
      ]
      return { kind: steps.length > 0 ? 'lock' : 'none', steps, unread }
    }
  }
}

/**
 * Deletes the user for good: everything that blocks `DeleteUser` first. The boundary stays, and the
 * quarantine is left only when nothing else is, so that no failure on the way widens anything.
 */
export function planPurge(
  user: ObservedUser,
  { registration: { quarantineGroup }, credentials }: Pick<PlanInput, 'registration' | 'credentials'>,
): Plan {
  const { UserName, unread, read, each } = reading(user)
  const groups = read('ListGroupsForUser', user.groups, [])
  read('ListMFADevices', user.mfaSerials, [])
  const steps: Step[] = [
    ...(groups.includes(quarantineGroup)
      ? []
      : [{ do: 'AddUserToGroup', UserName, GroupName: quarantineGroup } as const]),
    ...(read('GetLoginProfile', user.hasLoginProfile, true)
      ? [{ do: 'DeleteLoginProfile', UserName } as const]
      : []),
    ...each('ListAccessKeys', user.accessKeys, ({ id }) => ({
      do: 'DeleteAccessKey',
      UserName,
      AccessKeyId: id,
    })),
    ...each('ListSSHPublicKeys', user.sshKeys, ({ id }) => ({
      do: 'DeleteSSHPublicKey',
      UserName,
      SSHPublicKeyId: id,
    })),
    ...each('ListSigningCertificates', user.certificates, ({ id }) => ({
      do: 'DeleteSigningCertificate',
      UserName,
      CertificateId: id,
    })),
    ...each('ListServiceSpecificCredentials', user.serviceCredentials, ({ id }) => ({
      do: 'DeleteServiceSpecificCredential',
      UserName,
      ServiceSpecificCredentialId: id,
    })),
    ...deviceRemovals(user, credentials.knownDevices),
    ...each('ListUserPolicies', user.inlinePolicyNames, (PolicyName) => ({
      do: 'DeleteUserPolicy',
      UserName,
      PolicyName,
    })),
    ...each('ListAttachedUserPolicies', user.attachedPolicyArns, (PolicyArn) => ({
      do: 'DetachUserPolicy',
      UserName,
      PolicyArn,
    })),
    ...groups
      .filter((group) => group !== quarantineGroup)
      .map((GroupName): Step => ({ do: 'RemoveUserFromGroup', UserName, GroupName })),
  ]
  if (unread.length === 0) {
    steps.push(
      { do: 'RemoveUserFromGroup', UserName, GroupName: quarantineGroup },
      { do: 'DeleteUser', UserName },
    )
  }
  return { kind: 'purge', steps, unread }
}
