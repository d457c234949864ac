/** Who has MFA: by the credential report, or by a virtual device that was assigned since it was made. */
import type { AccountSnapshot, ReportedUser } from './snapshot.ts'

/** The report knows every kind of device but may be hours old; the list of virtual devices is live. */
export function mfaOf({ virtualMfaDevices }: AccountSnapshot): (user: ReportedUser) => boolean {
  const devices = virtualMfaDevices.known ? virtualMfaDevices.value : []
  const owners = new Set(devices.map(({ userName }) => userName))
  return ({ hasMfa, userName }) => hasMfa || owners.has(userName)
}
