/**
 * Gathering the snapshot of an account, from bulk calls alone: for N users, V virtual MFA devices, G groups,
 * P policies and T trails at most ceil(N/1000) + ceil(V/1000) + ceil((G+P)/1000) + 12 + 2T of them, as long as AWS
 * fills its pages and nothing has to be repeated.
 *
 * What cannot be read is a fact that is not known, and leaves the others.
 */
import { ListSAMLProvidersCommand } from '@aws-sdk/client-iam'
import type { Account } from '../aws/account.ts'
import { asker } from '../aws/ask.ts'
import { type Fact, factOf, known, mapFact } from '../aws/fact.ts'
import { priorities } from '../aws/limiter.ts'
import type { Clock } from '../clock.ts'
import { beginCredentialReport, takeCredentialReport } from '../credentials/credential-report.ts'
import { askForPasswordPolicy } from '../credentials/password-policy-calls.ts'
import type { Database } from '../store/open.ts'
import type { ScanProgress } from '../store/schema.ts'
import { readCanary } from '../trail/canary-facts.ts'
import { readLogBuckets } from '../trail/canary-store.ts'
import { readTrails, readTrailsElsewhere } from '../trail/read-trails.ts'
import { accountSummary, assignedDevices, certificates, holdersOf, rootManagement } from './account-reads.ts'
import { gatherAuthorization } from './gather-authorization.ts'
import { type MusterSettings, readMusterFacts } from './gather-own.ts'
import { rolesReadBefore } from './roles.ts'
import { rolesFit } from './roles-fit.ts'
import type { AccountSnapshot, AccountSummary, VirtualMfaDevice } from './snapshot.ts'
import { readUsage } from './usage.ts'

/** What is asked of IAM for it. */
export const gatheringCalls = [
  'GenerateCredentialReport',
  'GetCredentialReport',
  'GetAccountSummary',
  'GetAccountAuthorizationDetails',
  'GetAccountPasswordPolicy',
  'ListVirtualMFADevices',
  'ListServerCertificates',
  'ListSAMLProviders',
  'ListEntitiesForPolicy',
  'ListOrganizationsFeatures',
] as const

export interface GatherContext {
  readonly db: Database
  readonly account: Account
  readonly muster: MusterSettings
  readonly clock: Clock
  /** Told whenever another part is begun, and after each page of the largest. */
  readonly onProgress?: (progress: ScanProgress, calls: number) => void
}

export interface Gathered {
  readonly snapshot: AccountSnapshot
  /** AWS calls made, repeated ones included. */
  readonly calls: number
}

/** One part after the other: the pages of the largest are all that is in memory besides what is kept. */
export async function gather(context: GatherContext): Promise<Gathered> {
  const { db, muster, clock, onProgress = () => {} } = context
  const { account, callsMade } = counting(context.account)
  const ask = asker({ account, priority: priorities.bulk })
  const takenAt = clock()
  let progress: ScanProgress = { part: '', users: 0, groups: 0, policies: 0 }
  const at = (more: Partial<ScanProgress>) => {
    progress = { ...progress, ...more }
    onProgress(progress, callsMade())
  }
  const part = <T>(name: string, permission: string, read: () => Promise<T>): Promise<Fact<T>> => {
    at({ part: name })
    return factOf(permission, read)
  }

  // AWS makes the report while everything else is read.
  const begun = await part('credential report', 'iam:GenerateCredentialReport', () =>
    beginCredentialReport(ask),
  )
  const summary = await part('summary', 'iam:GetAccountSummary', () => accountSummary(ask))
  const virtualMfaDevices = await part('virtual MFA devices', 'iam:ListVirtualMFADevices', () =>
    assignedDevices(ask, () => at({})),
  )
  const withRoles = summary.known && mayReadRoles(summary.value, virtualMfaDevices)
  const found = await part('users, groups and policies', 'iam:GetAccountAuthorizationDetails', () =>
    gatherAuthorization(ask, { withRoles }, at),
  )
  const passwordPolicy = await part('password policy', 'iam:GetAccountPasswordPolicy', () =>
    askForPasswordPolicy(ask),
  )
  at({ part: 'trails' })
  const trails = await readTrails(account)
  const trailsElsewhere = await readTrailsElsewhere(
    account,
    trails.known ? trails.value.map(({ arn }) => arn) : [],
  )
  // The summary counts them, and most accounts have none.
  const hasNoCertificates = summary.known && summary.value.entries.ServerCertificates === 0
  const serverCertificates = hasNoCertificates
    ? known([])
    : await part('server certificates', 'iam:ListServerCertificates', () => certificates(ask))
  const samlProviders = await part('SAML providers', 'iam:ListSAMLProviders', async () =>
    ((await ask(new ListSAMLProvidersCommand({}))).SAMLProviderList ?? []).map(({ Arn }) => Arn ?? ''),
  )
  const holders = (policyName: string) =>
    part(`holders of ${policyName}`, 'iam:ListEntitiesForPolicy', () =>
      holdersOf(ask, `arn:${account.partition}:iam::aws:policy/${policyName}`),
    )
  const supportAccess = await holders('AWSSupportAccess')
  const cloudShellFullAccess = await holders('AWSCloudShellFullAccess')
  const rootCredentialsManagement = await part('root credentials', 'iam:ListOrganizationsFeatures', () =>
    rootManagement(ask),
  )
  const report = await part('credential report', 'iam:GetCredentialReport', () =>
    // Somebody else may have had one made.
    takeCredentialReport(ask, begun.known ? begun.value : true),
  )
  at({ part: 'own records' })
  const snapshot: AccountSnapshot = {
    accountId: account.accountId,
    partition: account.partition,
    takenAt,
    summary,
    report: report.known || begun.known ? report : begun,
    authorization: mapFact(found, ({ authorization }) => authorization),
    roles: withRoles
      ? mapFact(found, ({ roles }) => ({ ...roles, readAt: takenAt }))
      : await rolesReadBefore(db, account.accountId, clock()),
    virtualMfaDevices,
    passwordPolicy,
    trails,
    trailsElsewhere,
    logBuckets: await readLogBuckets(db, account.accountId, clock()),
    canary: await readCanary(db, account.accountId, clock()),
    serverCertificates,
    samlProviders,
    supportAccess,
    cloudShellFullAccess,
    rootCredentialsManagement,
    muster: await readMusterFacts(db, muster, account, { takenAt, now: clock() }),
    usage: await readUsage(db, account.accountId),
  }
  return { snapshot, calls: callsMade() }
}

function counting(account: Account): { readonly account: Account; readonly callsMade: () => number } {
  let calls = 0
  return {
    account: {
      ...account,
      call(command, options) {
        calls++
        return account.call(command, options)
      },
      callTrail(region, command) {
        calls++
        return account.callTrail(region, command)
      },
    },
    callsMade: () => calls,
  }
}

/** By what there is as AWS counts it, before it is read. */
function mayReadRoles({ entries }: AccountSummary, devices: Fact<readonly VirtualMfaDevice[]>): boolean {
  const { Users, Roles, ServerCertificates } = entries
  if (Users === undefined || Roles === undefined) return false
  return rolesFit({
    users: Users,
    roles: Roles,
    hasServerCertificates: ServerCertificates !== 0,
    hasVirtualMfaDevices: devices.known && devices.value.length > 0,
  })
}
