import assert from 'node:assert/strict'
import { test } from 'node:test'
import { known } from '../../src/aws/fact.ts'
import { type RecordedIdentity, suspectsOf } from '../../src/compliance/compare.ts'
import type { AuthorizedUser, ReportedUser } from '../../src/compliance/snapshot.ts'
import { boundaryArn, reportedWith, snapshotWith, takenAt, userWith } from './blank-snapshot.ts'

/** A scan of a large account lasts for minutes. */
const now = new Date(takenAt.getTime() + 5 * 60_000)
const hoursBefore = (hours: number) => new Date(takenAt.getTime() - hours * 3_600_000)
const serial = 'arn:aws:iam::123456789012:mfa/muster/ada.lovelace/1'

const recordWith = (more: Partial<RecordedIdentity> = {}): RecordedIdentity => ({
  id: '01a20b19-98c8-7000-8b12-291508bfcd37',
  employeeId: 'E1001',
  userName: 'ada.lovelace',
  lastSeenName: 'ada.lovelace',
  userId: 'AIDA1',
  state: 'active',
  groups: ['engineering', 'muster-baseline'],
  possibleGroups: ['engineering', 'muster-baseline', 'from-a-run-that-died'],
  boundaryArn,
  mfaEnrolled: true,
  mfaSerials: [serial],
  mfaEnabledAt: hoursBefore(48),
  consoleAccess: true,
  accessKeys: [],
  touchedAt: hoursBefore(48),
  lastReconciledAt: hoursBefore(24),
  ...more,
})
const locked = { state: 'locked', consoleAccess: false, groups: ['muster-quarantine'] } as const
const blocked = { state: 'blocked' } as const
const inQuarantine = userWith({ groups: ['muster-quarantine'], boundaryArn: null, tags: {} })

interface World {
  readonly user?: AuthorizedUser | null
  readonly reported?: ReportedUser | null
  readonly devices?: readonly string[]
  readonly record?: Partial<RecordedIdentity>
}

function differencesIn({ user = userWith(), reported = reportedWith(), devices = [serial], record }: World) {
  const snapshot = snapshotWith({
    authorization: known({ users: user ? [user] : [], groups: [], policies: [] }),
    report: known({ madeAt: hoursBefore(1), root: null, users: reported ? [reported] : [] }),
    virtualMfaDevices: known(
      devices.map((one) => ({ serial: one, userName: 'ada.lovelace', isRoot: false })),
    ),
  })
  return suspectsOf(snapshot, [recordWith(record)], now).flatMap(({ differences }) => differences)
}

const inline = { name: 'by-hand', document: {} }
const activeKey = { active: true, rotatedAt: hoursBefore(9), usedAt: null }
const noKey = { active: false, rotatedAt: null, usedAt: null }
const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess'

const cases: readonly (readonly [string, World, readonly string[]])[] = [
  ['as it should be', {}, []],
  ['in the other case', { user: userWith({ userName: 'Ada.Lovelace' }) }, []],
  ['renamed', { user: userWith({ userName: 'ada' }) }, ['renamed']],
  ['moved', { user: userWith({ path: '/' }) }, ['moved to another path']],
  ['untagged', { user: userWith({ tags: { 'muster:employee-id': 'E1001' } }) }, ['tags differ']],
  [
    'tagged as another',
    { user: userWith({ tags: { 'muster:employee-id': 'E1', 'muster:managed': 'true' } }) },
    ['tags differ'],
  ],
  [
    'with a tag of others',
    { user: userWith({ tags: { 'muster:employee-id': 'E1001', 'muster:managed': 'true', team: 'a' } }) },
    [],
  ],
  ['in one group more', { user: userWith({ groups: [...userWith().groups, 'admins'] }) }, ['groups differ']],
  ['in one group less', { user: userWith({ groups: ['muster-baseline'] }) }, ['groups differ']],
  ['with a policy', { user: userWith({ attachedPolicyArns: [readOnly] }) }, ['a policy is attached']],
  [
    'denied by AWS',
    { user: userWith({ attachedPolicyArns: ['arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3'] }) },
    [],
  ],
  ['with an inline policy', { user: userWith({ inlinePolicies: [inline] }) }, ['an inline policy']],
  ['without a boundary', { user: userWith({ boundaryArn: null }) }, ['the boundary differs']],
  ['with another boundary', { user: userWith({ boundaryArn: readOnly }) }, ['the boundary differs']],
  [
    'with a boundary that nobody noted',
    { user: userWith({ boundaryArn: readOnly }), record: { boundaryArn: null } },
    [],
  ],
  [
    'with a boundary call that is open',
    { user: userWith({ boundaryArn: null }), record: { boundaryArn: '' } },
    [],
  ],
  ['gone', { user: null, reported: null }, ['the user is gone', 'not in the credential report']],
  ['another user of that name', { user: userWith({ userId: 'AIDA2' }) }, ['the user is gone']],
  ['without the device', { devices: [] }, ['a virtual MFA device is gone']],
  ['with hardware only', { devices: [], record: { mfaSerials: ['GAHT00000001'] } }, []],
  ['device enabled just now', { devices: [], record: { mfaEnabledAt: hoursBefore(0.01) } }, []],
  [
    'password made by hand',
    { record: { consoleAccess: false }, reported: reportedWith() },
    ['the password differs'],
  ],
  [
    'MFA off in the report',
    { reported: reportedWith({ hasMfa: false }) },
    ['MFA differs', 'credentials without MFA'],
  ],
  ['a key by hand', { reported: reportedWith({ keys: [activeKey, noKey] }) }, ['access keys differ']],
  [
    'looked at after the report was made',
    {
      reported: reportedWith({ keys: [activeKey, noKey] }),
      record: { lastReconciledAt: hoursBefore(0.5) },
    },
    [],
  ],
  [
    'written to a moment ago',
    { user: userWith({ groups: ['admins'] }), record: { touchedAt: hoursBefore(0.05) } },
    [],
  ],
  [
    'written to a while ago',
    { user: userWith({ groups: ['admins'] }), record: { touchedAt: hoursBefore(0.1) } },
    ['groups differ'],
  ],
  ['looked at since', { user: userWith({ groups: ['admins'] }), record: { lastReconciledAt: takenAt } }, []],
  [
    'looked at while the scan lasted',
    { user: userWith({ groups: ['admins'] }), record: { lastReconciledAt: now } },
    [],
  ],
  [
    'written to by a clock that was a day ahead',
    { user: userWith({ groups: ['admins'] }), record: { touchedAt: hoursBefore(-24) } },
    ['groups differ'],
  ],
  [
    'given a device by a clock that was a day ahead',
    { devices: [], record: { mfaEnabledAt: hoursBefore(-24) } },
    ['a virtual MFA device is gone'],
  ],
  [
    'looked at by a clock that was a day ahead, and changed by hand',
    {
      user: userWith({ groups: ['admins'] }),
      reported: reportedWith({ hasPassword: false }),
      record: { lastReconciledAt: hoursBefore(-24) },
    },
    ['last looked at at a moment that is yet to come', 'groups differ', 'the password differs'],
  ],
  [
    'whose next look was reckoned by a clock that was a day ahead',
    { record: { lastReconciledAt: hoursBefore(-24) } },
    ['last looked at at a moment that is yet to come'],
  ],
  [
    'looked at by a replica whose clock is some seconds ahead',
    { record: { lastReconciledAt: new Date(now.getTime() + 60_000) } },
    [],
  ],
  [
    'locked, in quarantine, whatever its boundary and tags',
    {
      user: inQuarantine,
      reported: reportedWith({ hasPassword: false, hasMfa: true }),
      record: locked,
    },
    [],
  ],
  [
    'locked and out of quarantine',
    { user: { ...inQuarantine, groups: [] }, reported: null, record: locked },
    ['out of quarantine'],
  ],
  [
    'locked and in another group',
    { user: { ...inQuarantine, groups: ['muster-quarantine', 'admins'] }, reported: null, record: locked },
    ['in other groups'],
  ],
  [
    'locked with a policy',
    { user: { ...inQuarantine, attachedPolicyArns: [readOnly] }, reported: null, record: locked },
    ['a policy is attached'],
  ],
  ['locked with a new password', { user: inQuarantine, record: locked }, ['credentials that work']],
  [
    'locked with a new key',
    {
      user: inQuarantine,
      reported: reportedWith({ hasPassword: false, keys: [activeKey, noKey] }),
      record: locked,
    },
    ['credentials that work'],
  ],
  [
    'blocked, with what Muster gave, under whatever name and boundary',
    {
      user: userWith({ userName: 'ada', boundaryArn: null, groups: ['engineering', 'from-a-run-that-died'] }),
      record: blocked,
    },
    [],
  ],
  ['blocked and gone', { user: null, reported: null, record: blocked }, []],
  [
    'blocked, with what others gave',
    {
      user: userWith({
        groups: ['engineering', 'admins'],
        attachedPolicyArns: [readOnly],
        inlinePolicies: [inline],
      }),
      record: blocked,
    },
    ['in other groups', 'a policy is attached', 'an inline policy'],
  ],
  [
    'blocked, with a password and no MFA',
    { reported: reportedWith({ hasMfa: false }), record: blocked },
    ['credentials without MFA'],
  ],
]

for (const [what, world, expected] of cases) {
  const looked = expected.length > 0 ? 'is looked at' : 'is left in peace'
  test(`a user ${what} ${looked}`, () => {
    assert.deepEqual(differencesIn(world), expected)
  })
}

test('nobody is suspected on what could not be read', () => {
  const differs = recordWith({ groups: ['admins'], consoleAccess: false })
  assert.deepEqual(suspectsOf(snapshotWith(), [differs], now), [])
})
