/** A leaver's plans: the lock, which is reversible, and the purge, which is not. Pure. */
import type { ObservedUser, Plan, PlanInput, Registration, Step } from './model.ts'
import { deactivations, reading, union } from './plan-reading.ts'

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
        ...each('ListAttachedUserPolicies', user.attachedPolicyArns, (PolicyArn) => ({
          do: 'DetachUserPolicy',
          UserName,
          PolicyArn,
        })),
        ...each('ListUserPolicies', user.inlinePolicyNames, (PolicyName) => ({
          do: 'DeleteUserPolicy',
          UserName,
          PolicyName,
        })),
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
export function planPurge(user: ObservedUser, { quarantineGroup }: Registration): Plan {
  const { UserName, unread, read, each } = reading(user)
  const groups = read('ListGroupsForUser', user.groups, [])
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
    ...read('ListMFADevices', user.mfaSerials, []).flatMap((SerialNumber): Step[] => [
      { do: 'DeactivateMFADevice', UserName, SerialNumber },
      // Deactivating leaves the virtual device behind, unassigned, against the account's quota.
      ...(isVirtual(SerialNumber) ? [{ do: 'DeleteVirtualMFADevice', SerialNumber } as const] : []),
    ]),
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

/** The serial number of a virtual device is an ARN of IAM; passkeys are `u2f/`, hardware is a plain number. */
function isVirtual(serialNumber: string): boolean {
  return /^arn:[^:]+:iam::\d{12}:mfa\//.test(serialNumber)
}
