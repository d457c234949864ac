/**
 * Whose user is not as the record has it, told by a snapshot alone. Pure.
 *
 * Nothing is taken from anybody on this: whoever is named here is reconciled, which asks IAM about that one user.
 */

import { isAhead, unlessAhead } from '../clock.ts'
import { activeKeysOf } from '../credentials/credential-report.ts'
import { isDeny } from '../identity/plan-reading.ts'
import { tagValue } from '../identity/registration.ts'
import { isSameName } from '../identity/user-name.ts'
import type { AccessKeyRecord, IdentityState } from '../store/schema.ts'
import type { AccountSnapshot, AuthorizedUser, ReportedUser } from './snapshot.ts'

/** An identity with a user, as it is on record. */
export interface RecordedIdentity {
  readonly id: string
  readonly employeeId: string
  readonly userName: string
  readonly lastSeenName: string | null
  readonly userId: string
  readonly state: IdentityState
  readonly groups: readonly string[]
  /** Besides those: what an earlier run may have given. */
  readonly possibleGroups: readonly string[]
  readonly boundaryArn: string | null
  readonly mfaEnrolled: boolean
  readonly mfaSerials: readonly string[]
  readonly mfaEnabledAt: Date | null
  readonly consoleAccess: boolean
  readonly accessKeys: readonly AccessKeyRecord[]
  readonly touchedAt: Date | null
  readonly lastReconciledAt: Date | null
}

export interface Suspect {
  readonly id: string
  /** What differs, in a few words each. */
  readonly differences: readonly string[]
}

/** What was written, or enabled, a moment before may not show in what IAM reads. */
const settlingMs = 5 * 60_000

/** @param now when they are compared: a look may have come after the snapshot was taken */
export function suspectsOf(
  snapshot: AccountSnapshot,
  records: readonly RecordedIdentity[],
  now: Date,
): readonly Suspect[] {
  const { authorization, report, virtualMfaDevices, takenAt } = snapshot
  const users = authorization.known
    ? new Map(authorization.value.users.map((user) => [user.userId, user]))
    : undefined
  const reported = report.known
    ? new Map(report.value.users.map((user) => [user.userName.toLowerCase(), user]))
    : undefined
  const devices = virtualMfaDevices.known
    ? new Set(virtualMfaDevices.value.map(({ serial }) => serial))
    : undefined
  const isOlder = (moment: Date | null, limit: Date) => {
    const counted = unlessAhead(moment, now)
    return counted === null || counted < limit
  }
  const settled = new Date(takenAt.getTime() - settlingMs)
  return records.flatMap((record) => {
    const { path, quarantineGroup } = snapshot.muster
    const differences: string[] = []
    const isWhole = record.state === 'active' || record.state === 'awaiting_mfa'
    // The moment of the next look was reckoned from there.
    if (record.lastReconciledAt && isAhead(record.lastReconciledAt, now)) {
      differences.push('last looked at at a moment that is yet to come')
    }
    // A later look at the user has judged already, or what Muster wrote is still on its way.
    if (users && isOlder(record.touchedAt, settled) && isOlder(record.lastReconciledAt, takenAt)) {
      const user = users.get(record.userId)
      if (record.state === 'blocked') differences.push(...unlikeBlocked(user, record, quarantineGroup))
      else if (!user) differences.push('the user is gone')
      else if (isWhole) differences.push(...unlikeRecord(user, record, path))
      else if (record.state === 'locked') differences.push(...unlikeLocked(user, quarantineGroup))
    }
    if (devices && isWhole && isOlder(record.mfaEnabledAt, settled)) {
      const lost = record.mfaSerials.filter((serial) => isVirtual(serial) && !devices.has(serial))
      if (lost.length > 0) differences.push('a virtual MFA device is gone')
    }
    if (report.known && reported && isOlder(record.lastReconciledAt, report.value.madeAt)) {
      const name = (record.lastSeenName ?? record.userName).toLowerCase()
      differences.push(...unlikeReport(reported.get(name), record, isWhole))
    }
    return differences.length > 0 ? [{ id: record.id, differences }] : []
  })
}

const isVirtual = (serial: string) => /^arn:.*:mfa\//.test(serial)

function unlikeRecord(user: AuthorizedUser, record: RecordedIdentity, path: string): string[] {
  const tags = { 'muster:employee-id': tagValue(record.employeeId), 'muster:managed': 'true' }
  return [
    isSameName(user.userName, record.userName) ? undefined : 'renamed',
    user.path === path ? undefined : 'moved to another path',
    Object.entries(tags).every(([key, value]) => user.tags[key] === value) ? undefined : 'tags differ',
    isSameSet(user.groups, record.groups) ? undefined : 'groups differ',
    isBounded(user.boundaryArn, record.boundaryArn) ? undefined : 'the boundary differs',
    ...policiesOn(user),
  ].filter((difference) => difference !== undefined)
}

/**
 * Every role has a boundary. Where none is on record any will do; empty is what a call came to whose outcome is not
 * known, and the reconcile that will find out is on its way.
 */
function isBounded(found: string | null, recorded: string | null): boolean {
  return recorded === null ? found !== null : recorded === '' || found === recorded
}

/** Whoever waits for an administrator is looked at only where the look would take something away. */
function unlikeBlocked(
  user: AuthorizedUser | undefined,
  { groups, possibleGroups }: RecordedIdentity,
  quarantineGroup: string,
): string[] {
  if (!user) return []
  const given = new Set([...groups, ...possibleGroups, quarantineGroup])
  return [
    user.groups.every((group) => given.has(group)) ? undefined : 'in other groups',
    ...policiesOn(user),
  ].filter((difference) => difference !== undefined)
}

/** Name, path, tags and boundary of somebody who is locked are left as they are. */
function unlikeLocked(user: AuthorizedUser, quarantineGroup: string): string[] {
  return [
    user.groups.includes(quarantineGroup) ? undefined : 'out of quarantine',
    user.groups.every((group) => group === quarantineGroup) ? undefined : 'in other groups',
    ...policiesOn(user),
  ].filter((difference) => difference !== undefined)
}

function policiesOn(user: AuthorizedUser): (string | undefined)[] {
  return [
    user.attachedPolicyArns.every(isDeny) ? undefined : 'a policy is attached',
    user.inlinePolicies.length === 0 ? undefined : 'an inline policy',
  ]
}

function unlikeReport(
  user: ReportedUser | undefined,
  { consoleAccess, mfaEnrolled, accessKeys, state }: RecordedIdentity,
  isWhole: boolean,
): string[] {
  if (!isWhole) {
    const has = user !== undefined && (user.hasPassword || activeKeysOf(user) > 0)
    if (has && state === 'locked') return ['credentials that work']
    return has && state === 'blocked' && !user.hasMfa ? ['credentials without MFA'] : []
  }
  if (!user) return ['not in the credential report']
  const keys = activeKeysOf(user)
  return [
    user.hasPassword === consoleAccess ? undefined : 'the password differs',
    user.hasMfa === mfaEnrolled ? undefined : 'MFA differs',
    !user.hasMfa && (user.hasPassword || keys > 0) ? 'credentials without MFA' : undefined,
    keys === accessKeys.filter(({ active }) => active).length ? undefined : 'access keys differ',
  ].filter((difference) => difference !== undefined)
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  const inB = new Set(b)
  return new Set(a).size === inB.size && a.every((item) => inB.has(item))
}
