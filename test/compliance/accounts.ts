/** Account snapshots for tests: one that every control passes, of any number of users, and ways to spoil it. */
import { known, type Unknown, unknown } from '../../src/aws/fact.ts'
import type { PolicyDocument } from '../../src/catalog/catalog.ts'
import { baselinePolicy, denyAllArn } from '../../src/catalog/own-groups.ts'
import type {
  AccountSnapshot,
  AccountSummary,
  Authorization,
  AuthorizedGroup,
  AuthorizedPolicy,
  AuthorizedUser,
  ManagedIdentity,
  ReportedUser,
  SeenCredentials,
} from '../../src/compliance/snapshot.ts'
import { recommendedPolicy } from '../../src/credentials/password-policy.ts'
import type { TrailFacts, TrailStatus } from '../../src/trail/facts.ts'
import { noFaults } from '../../src/trail/facts.ts'

export const NOW = new Date('2026-11-25T12:00:00Z')
export const ACCOUNT_ID = '123456789012'
const PLACE = { partition: 'aws', path: '/muster/' }

export const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000)
export const hoursAgo = (hours: number) => daysAgo(hours / 24)

export const policyArn = (name: string) => `arn:aws:iam::${ACCOUNT_ID}:policy/muster/${name}`
export const awsPolicyArn = (name: string) => `arn:aws:iam::aws:policy/${name}`
export const userArn = (name: string) => `arn:aws:iam::${ACCOUNT_ID}:user/muster/${name}`
export const groupArn = (name: string) => `arn:aws:iam::${ACCOUNT_ID}:group/muster/${name}`
export const ROOT = `arn:aws:iam::${ACCOUNT_ID}:root`
export const TRAIL = `arn:aws:cloudtrail:us-east-1:${ACCOUNT_ID}:trail/main`
export const BUCKET = 'company-trail'

export const allow = (action: unknown, resource: unknown = '*', more: object = {}): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: resource, ...more }],
})

const READS_A_BUCKET = allow('s3:GetObject', 'arn:aws:s3:::app-data/*')
const DENY_ALL = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] }

/** Set up as Muster does, with a trail that has everything; nobody but Muster has users in it. */
export function fineAccount({ users = 3 }: { users?: number } = {}): AccountSnapshot {
  const names = Array.from({ length: users }, (_, n) => `user-${n}`)
  return {
    accountId: ACCOUNT_ID,
    partition: 'aws',
    takenAt: NOW,
    summary: known({
      rootHasMfa: true,
      rootAccessKeys: 0,
      entries: { AccountMFAEnabled: 1, AccountAccessKeysPresent: 0, AccountPasswordPresent: 1, Users: users },
    }),
    report: known({
      madeAt: hoursAgo(2),
      root: reported('<root_account>', { arn: ROOT, hasPassword: false, passwordUsedAt: daysAgo(200) }),
      users: names.map((name) => reported(name)),
    }),
    authorization: known({
      users: names.map((name, n) => fineUser(name, n)),
      groups: [
        fineGroup('muster-quarantine', [denyAllArn('aws')]),
        fineGroup('muster-baseline', [policyArn('muster-baseline')]),
        fineGroup('engineering', [policyArn('muster-engineering')]),
        fineGroup('administration', [policyArn('muster-engineering')]),
      ],
      policies: [
        finePolicy(denyAllArn('aws'), DENY_ALL),
        finePolicy(policyArn('muster-baseline'), baselinePolicy(PLACE).document),
        finePolicy(policyArn('muster-engineering'), READS_A_BUCKET),
        {
          ...finePolicy(policyArn('muster-boundary-engineer'), allow('*')),
          attachmentCount: 0,
          boundaryCount: 1,
        },
      ],
    }),
    roles: known({ count: 7, administrators: [], unreadable: [], readAt: NOW }),
    virtualMfaDevices: known(
      names.map((name) => ({
        serial: `arn:aws:iam::${ACCOUNT_ID}:mfa/muster/${name}`,
        userName: name,
        isRoot: false,
      })),
    ),
    passwordPolicy: known(recommendedPolicy),
    trails: known([fineTrail()]),
    trailsElsewhere: known([]),
    canary: {
      status: 'found',
      reason: null,
      latest: {
        requestId: '7a3c',
        eventName: 'CreateUser',
        calledAt: hoursAgo(1).toISOString(),
        foundAt: hoursAgo(0.9).toISOString(),
        bucket: BUCKET,
        key: 'AWSLogs/x.json.gz',
      },
      waitingSince: null,
      statementsToAdd: [],
      unread: null,
      digest: { status: 'valid', reason: null, validUntil: hoursAgo(1).toISOString(), ...noFaults },
      checkedAt: hoursAgo(0.1).toISOString(),
    },
    logBuckets: known([{ name: BUCKET, accessLogging: known(true), isPublic: known(false) }]),
    serverCertificates: known([{ name: 'www', expiresAt: daysAgo(-100) }]),
    samlProviders: known([`arn:aws:iam::${ACCOUNT_ID}:saml-provider/idp`]),
    supportAccess: known({ users: [], groups: [], roles: ['incidents'] }),
    cloudShellFullAccess: known({ users: [], groups: [], roles: [] }),
    rootCredentialsManagement: known('on'),
    muster: {
      path: PLACE.path,
      mode: 'enforce',
      trailGate: 'enforce',
      quarantineGroup: 'muster-quarantine',
      baselineGroup: 'muster-baseline',
      baselinePolicyArn: policyArn('muster-baseline'),
      baselineDocument: baselinePolicy(PLACE).document,
      groups: {
        'muster-quarantine': [denyAllArn('aws')],
        'muster-baseline': [policyArn('muster-baseline')],
        engineering: [policyArn('muster-engineering')],
        administration: [policyArn('muster-engineering')],
      },
      madeArns: [],
      boundaryArns: [policyArn('muster-boundary-engineer')],
      identities: names.map((name, n) => fineIdentity(name, n)),
      rotation: { disableAfterDays: 90, unusedDays: 45 },
    },
    usage: ['engineering', 'administration'].map((groupName) => ({
      groupName,
      checkedAt: daysAgo(1),
      services: [{ namespace: 's3', usedAt: daysAgo(3) }],
    })),
  }
}

/** The first user has a privileged role. */
const groupOf = (n: number) => (n === 0 ? 'administration' : 'engineering')

function fineUser(userName: string, n: number): AuthorizedUser {
  return {
    userName,
    userId: `AIDA${n}`,
    arn: userArn(userName),
    path: PLACE.path,
    createdAt: daysAgo(300),
    groups: ['muster-baseline', groupOf(n)],
    attachedPolicyArns: [],
    inlinePolicies: [],
    boundaryArn: policyArn('muster-boundary-engineer'),
    tags: { 'muster:managed': 'true', 'muster:employee-id': `E${n}` },
  }
}

function fineIdentity(userName: string, n: number): ManagedIdentity {
  return {
    identityId: `0000-${n}`,
    employeeId: `E${n}`,
    userName,
    userId: `AIDA${n}`,
    state: 'active',
    role: n === 0 ? 'administrator' : 'engineer',
    privileged: n === 0,
    groups: ['muster-baseline', groupOf(n)],
    boundaryArn: policyArn('muster-boundary-engineer'),
    seen: null,
  }
}

const NO_KEY = { active: false, rotatedAt: null, usedAt: null }

/** A line of the report: a console user with MFA and one key in use, unless told otherwise. */
export function reported(userName: string, change: Partial<ReportedUser> = {}): ReportedUser {
  const isRoot = userName.startsWith('<')
  return {
    userName,
    arn: userArn(userName),
    createdAt: daysAgo(300),
    hasPassword: true,
    passwordUsedAt: daysAgo(2),
    passwordChangedAt: daysAgo(60),
    hasMfa: true,
    keys: [isRoot ? NO_KEY : { active: true, rotatedAt: daysAgo(30), usedAt: daysAgo(1) }, NO_KEY],
    ...change,
  }
}

export function fineGroup(groupName: string, attachedPolicyArns: readonly string[]): AuthorizedGroup {
  return {
    groupName,
    groupId: `AGPA-${groupName}`,
    arn: groupArn(groupName),
    path: PLACE.path,
    createdAt: daysAgo(300),
    attachedPolicyArns,
    inlinePolicies: [],
  }
}

function finePolicy(arn: string, document: PolicyDocument | undefined): AuthorizedPolicy {
  return {
    policyName: arn.slice(arn.lastIndexOf('/') + 1),
    arn,
    path: '/muster/',
    attachmentCount: 1,
    boundaryCount: 0,
    document,
  }
}

export function fineTrail(change: Partial<TrailFacts> = {}): TrailFacts {
  return {
    arn: TRAIL,
    name: 'main',
    homeRegion: 'us-east-1',
    isMultiRegion: true,
    isOrganization: false,
    includesGlobalServices: true,
    bucket: BUCKET,
    keyPrefix: null,
    kmsKeyId: `arn:aws:kms:us-east-1:${ACCOUNT_ID}:key/1`,
    logFileValidation: true,
    cloudWatchLogsGroupArn: `arn:aws:logs:us-east-1:${ACCOUNT_ID}:log-group:trail:*`,
    status: known(fineStatus()),
    selectors: known({
      basic: [
        {
          readWriteType: 'All',
          includeManagementEvents: true,
          excludedSources: [],
          dataResources: [{ type: 'AWS::S3::Object', values: ['arn:aws:s3'] }],
        },
      ],
      advanced: [],
    }),
    ...change,
  }
}

export function fineStatus(change: Partial<TrailStatus> = {}): TrailStatus {
  return {
    isLogging: true,
    startedAt: daysAgo(300),
    stoppedAt: null,
    latestDeliveryAt: hoursAgo(0.2),
    latestDeliveryError: null,
    latestDigestAt: hoursAgo(1),
    latestDigestError: null,
    latestCloudWatchLogsDeliveryAt: hoursAgo(0.2),
    ...change,
  }
}

/** Ways to spoil an account: each gives a new one. */
export type Change = (account: AccountSnapshot) => AccountSnapshot

export const denied = (permission: string): Unknown =>
  unknown(`Muster may not call ${permission}`, permission)

export const put =
  (change: Partial<AccountSnapshot>): Change =>
  (account) => ({ ...account, ...change })

export const inOrder =
  (...changes: readonly Change[]): Change =>
  (account) =>
    changes.reduce((each, change) => change(each), account)

export const summary =
  (change: Partial<AccountSummary>): Change =>
  (account) => ({ ...account, summary: known({ ...theValue(account.summary), ...change }) })

export const authorization =
  (change: (found: Authorization) => Partial<Authorization>): Change =>
  (account) => {
    const found = theValue(account.authorization)
    return { ...account, authorization: known({ ...found, ...change(found) }) }
  }

export const user = (name: string, change: Partial<AuthorizedUser>): Change =>
  authorization(({ users }) => ({
    users: users.map((each) => (each.userName === name ? { ...each, ...change } : each)),
  }))

export const group = (name: string, change: Partial<AuthorizedGroup>): Change =>
  authorization(({ groups }) => ({
    groups: groups.map((each) => (each.groupName === name ? { ...each, ...change } : each)),
  }))

/** The user that is not Muster's, `stranger`; in a group of the catalog unless told otherwise. */
export const stranger = (change: Partial<AuthorizedUser> = {}, line: Partial<ReportedUser> = {}): Change =>
  inOrder(
    authorization(({ users }) => ({
      users: [
        ...users,
        {
          ...fineUser('stranger', 1),
          userId: 'AIDASTRANGER',
          groups: ['engineering'],
          boundaryArn: null,
          tags: {},
          ...change,
        },
      ],
    })),
    (account) => {
      const report = theValue(account.report)
      return {
        ...account,
        report: known({ ...report, users: [...report.users, reported('stranger', line)] }),
      }
    },
  )

/** As `stranger`, made since the credential report was. */
export const newStranger = (change: Partial<AuthorizedUser> = {}): Change =>
  inOrder(stranger({ createdAt: hoursAgo(1), ...change }), unreported('stranger'))

/** Made since the credential report was. */
export const unreported =
  (...names: readonly string[]): Change =>
  (account) => {
    const report = theValue(account.report)
    const users = report.users.filter(({ userName }) => !names.includes(userName))
    return { ...account, report: known({ ...report, users }) }
  }

/** What Muster itself saw of its user: by default what there is when it has made one. */
export const seen = (name: string, change: Partial<SeenCredentials> = {}): Change =>
  identity(name, {
    seen: { at: hoursAgo(1), hasPassword: false, hasMfa: false, activeKeys: [], ...change },
  })

/** A policy that is there, and carried by that group, or by whom other changes say. */
export const policy = (
  arn: string,
  document: PolicyDocument | undefined,
  groupName?: string,
  change: Partial<AuthorizedPolicy> = {},
): Change =>
  authorization(({ policies, groups }) => ({
    policies: [...policies.filter((each) => each.arn !== arn), { ...finePolicy(arn, document), ...change }],
    groups: groups.map((each) =>
      each.groupName === groupName
        ? { ...each, attachedPolicyArns: [...each.attachedPolicyArns, arn] }
        : each,
    ),
  }))

export const line =
  (name: string, change: Partial<ReportedUser>): Change =>
  (account) => {
    const report = theValue(account.report)
    const changed = (each: ReportedUser) => (each.userName === name ? { ...each, ...change } : each)
    return {
      ...account,
      report: known({
        ...report,
        root: report.root && changed(report.root),
        users: report.users.map(changed),
      }),
    }
  }

/** Without the live list of virtual devices on whose word a user has MFA. */
export const noDevices: Change = put({ virtualMfaDevices: known([]) })

export const trails = (...given: readonly TrailFacts[]): Change => put({ trails: known(given) })

export const identity =
  (name: string, change: Partial<ManagedIdentity>): Change =>
  (account) => ({
    ...account,
    muster: {
      ...account.muster,
      identities: account.muster.identities.map((each) =>
        each.userName === name ? { ...each, ...change } : each,
      ),
    },
  })

function theValue<T>(fact: { readonly known: true; readonly value: T } | Unknown): T {
  if (!fact.known) throw new Error(fact.reason)
  return fact.value
}
