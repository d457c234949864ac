/** The steps that take credentials away: without MFA there is no password and no key, and all of them grow old. Pure. */

import type { CredentialContext } from './credential-context.ts'
import { isVirtual, judgeCredentials, type RemovalReason } from './credential-rules.ts'
import type { Access, ObservedUser, Step } from './model.ts'
import { type Reading, union } from './plan-reading.ts'

export interface CredentialSteps {
  readonly steps: readonly Step[]
  /** Something stood there that Muster would not have let be. */
  readonly isDrift: boolean
}

/** Password before keys, keys before devices: nothing stands without its MFA at any moment. */
export function credentialSteps(
  user: ObservedUser,
  access: Access,
  context: CredentialContext,
  { read }: Pick<Reading, 'read' | 'each'>,
): CredentialSteps {
  const UserName = user.userName
  const verdict = judgeCredentials(user, access, context)
  // Nothing is taken, and nothing is granted, on a read that failed.
  const hasPassword = read('GetLoginProfile', user.hasLoginProfile, false)
  read('ListAccessKeys', user.accessKeys, [])
  read('ListMFADevices', user.mfaSerials, [])
  const dropsPassword = hasPassword && verdict.password !== null
  const keys = verdict.keys.flatMap(
    ({ key, due, reason }): { step: Step; reason: RemovalReason | null }[] => {
      if (due === 'disable') {
        return [
          { step: { do: 'UpdateAccessKey', UserName, AccessKeyId: key.id, Status: 'Inactive' }, reason },
        ]
      }
      return due === 'delete'
        ? [{ step: { do: 'DeleteAccessKey', UserName, AccessKeyId: key.id }, reason }]
        : []
    },
  )
  return {
    steps: [
      ...(dropsPassword ? [{ do: 'DeleteLoginProfile', UserName } as const] : []),
      ...keys.map(({ step }) => step),
      ...(context.resetMfa ? deviceRemovals(user, context.knownDevices) : []),
    ],
    isDrift: [dropsPassword ? verdict.password : null, ...keys.map(({ reason }) => reason)].some(
      (reason) => reason === 'no_mfa' || reason === 'forbidden',
    ),
  }
}

/**
 * Deactivating leaves a virtual device behind, unassigned, against the account's quota. One that is not on the
 * user any more may be left from a run that died in between.
 */
export function deviceRemovals(
  { userName: UserName, mfaSerials }: ObservedUser,
  knownDevices: readonly string[],
): Step[] {
  if (mfaSerials === 'unknown') return []
  return union(mfaSerials, knownDevices.filter(isVirtual)).flatMap((SerialNumber): Step[] => [
    ...(mfaSerials.includes(SerialNumber)
      ? [{ do: 'DeactivateMFADevice', UserName, SerialNumber } as const]
      : []),
    ...(isVirtual(SerialNumber) ? [{ do: 'DeleteVirtualMFADevice', SerialNumber } as const] : []),
  ])
}
