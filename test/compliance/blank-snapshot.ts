/** A snapshot of an account in which nothing could be read; a test says what it knows besides. */
import { unknown } from '../../src/aws/fact.ts'
import type { AccountSnapshot, AuthorizedUser, ReportedUser } from '../../src/compliance/snapshot.ts'
import { noFaults } from '../../src/trail/facts.ts'

export const takenAt = new Date('2026-11-25T09:00:00Z')

const unread = unknown('it was not read')

export function snapshotWith(facts: Partial<AccountSnapshot> = {}): AccountSnapshot {
  return {
    accountId: '123456789012',
    partition: 'aws',
    takenAt,
    summary: unread,
    report: unread,
    authorization: unread,
    roles: unread,
    virtualMfaDevices: unread,
    passwordPolicy: unread,
    trails: unread,
    trailsElsewhere: unread,
    logBuckets: unread,
    canary: {
      status: 'unknown',
      reason: null,
      latest: null,
      waitingSince: null,
      statementsToAdd: [],
      unread: null,
      digest: { status: 'unknown', reason: null, validUntil: null, ...noFaults },
      checkedAt: null,
    },
    serverCertificates: unread,
    samlProviders: unread,
    supportAccess: unread,
    cloudShellFullAccess: unread,
    rootCredentialsManagement: unread,
    muster: {
      path: '/muster/',
      mode: 'enforce',
      trailGate: 'enforce',
      quarantineGroup: 'muster-quarantine',
      baselineGroup: 'muster-baseline',
      baselinePolicyArn: 'arn:aws:iam::123456789012:policy/muster/muster-baseline',
      baselineDocument: {},
      groups: {},
      madeArns: [],
      boundaryArns: [],
      identities: [],
      rotation: { disableAfterDays: 90, unusedDays: 45 },
    },
    usage: [],
    ...facts,
  }
}

export const boundaryArn = 'arn:aws:iam::123456789012:policy/muster/muster-boundary-engineer'

/** A user of Muster's as it should be. */
export const userWith = (more: Partial<AuthorizedUser> = {}): AuthorizedUser => ({
  userName: 'ada.lovelace',
  userId: 'AIDA1',
  arn: 'arn:aws:iam::123456789012:user/muster/ada.lovelace',
  path: '/muster/',
  createdAt: new Date('2026-11-01T09:00:00Z'),
  groups: ['muster-baseline', 'engineering'],
  attachedPolicyArns: [],
  inlinePolicies: [],
  boundaryArn,
  tags: { 'muster:employee-id': 'E1001', 'muster:managed': 'true' },
  ...more,
})

const noKey = { active: false, rotatedAt: null, usedAt: null }

/** The same in the credential report: a password and MFA, no keys. */
export const reportedWith = (more: Partial<ReportedUser> = {}): ReportedUser => ({
  userName: 'ada.lovelace',
  arn: 'arn:aws:iam::123456789012:user/muster/ada.lovelace',
  createdAt: new Date('2026-11-01T09:00:00Z'),
  hasPassword: true,
  passwordUsedAt: null,
  passwordChangedAt: null,
  hasMfa: true,
  keys: [noKey, noKey],
  ...more,
})
