/**
 * Whether a scan can read the roles of an account within its budget of calls: for N users, V virtual MFA devices,
 * G groups, P policies and T trails, ceil(N/1000) + ceil(V/1000) + ceil((G+P)/1000) + 12 + 2T. Arithmetic alone.
 */

/** What the budget has beside pages and trails. */
const besidesPages = 12

/**
 * Made in every scan, whatever is in the account: the credential report is ordered and fetched; summary, password
 * policy, trails (two lists), SAML providers and organization are asked for, and who holds two policies of AWS.
 */
const callsOfEveryScan = 10

/** Entities on a page that AWS fills. */
const pageSize = 1000
const pagesOf = (count: number) => Math.ceil(count / pageSize)

export interface RolesBesideUsers {
  readonly users: number
  readonly roles: number
  /** Server certificates are asked for only where there are some. */
  readonly hasServerCertificates: boolean
  /** A list of none is a call all the same, for which the budget has no page. */
  readonly hasVirtualMfaDevices: boolean
}

/**
 * Whether the roles can be on the same pages as everything else. Groups and policies do not matter: together with
 * users and roles they take no more pages than by themselves, and of those the budget has enough. (How many policies
 * of AWS are in use is not known beforehand.)
 */
export function rolesFit(account: RolesBesideUsers): boolean {
  const { users, roles, hasServerCertificates, hasVirtualMfaDevices } = account
  const spare =
    besidesPages - callsOfEveryScan - (hasServerCertificates ? 1 : 0) - (hasVirtualMfaDevices ? 0 : 1)
  return pagesOf(users + roles) <= pagesOf(users) + spare
}
