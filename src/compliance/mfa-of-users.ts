/** Who has MFA: by the credential report, or by a virtual device that was assigned since it was made. */
import type { AccountSnapshot, AuthorizedUser, ReportedUser } from './snapshot.ts'

/** The report knows every kind of device but may be hours old; the list of virtual devices is live. */
export function mfaOf(
  snapshot: AccountSnapshot,
): (user: Pick<ReportedUser, 'hasMfa' | 'userName'>) => boolean {
  const owners = ownersOf(snapshot)
  return ({ hasMfa, userName }) => hasMfa || owners.has(userName)
}

/** Of users that are not in the report yet, those who have MFA for sure: the others may have a device of another kind. */
export function newUsersWithMfa(snapshot: AccountSnapshot): (user: AuthorizedUser) => boolean {
  const owners = ownersOf(snapshot)
  return ({ userName }) => owners.has(userName)
}

function ownersOf({ virtualMfaDevices }: AccountSnapshot): ReadonlySet<string | null> {
  const devices = virtualMfaDevices.known ? virtualMfaDevices.value : []
  return new Set(devices.map(({ userName }) => userName))
}
