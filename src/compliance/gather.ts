/**
 * Gathering the snapshot of an account, from bulk calls alone: for N users, V virtual MFA devices, G groups,
 * P policies and T trails at most ceil(N/1000) + ceil(V/1000) + ceil((G+P)/1000) + 12 + 2T of them, as long as AWS
 * fills its pages and nothing has to be repeated.
 *
 * What cannot be read is a fact that is not known, and leaves the others.
 */
import {
  GetAccountSummaryCommand,
  ListEntitiesForPolicyCommand,
  ListOrganizationsFeaturesCommand,
  ListSAMLProvidersCommand,
  ListServerCertificatesCommand,
  ListVirtualMFADevicesCommand,
  type VirtualMFADevice,
} from '@aws-sdk/client-iam'
import type { Account } from '../aws/account.ts'
import { type Ask, asker, eachPage } from '../aws/ask.ts'
import { isAwsError } from '../aws/errors.ts'
import { type Fact, factOf, known } from '../aws/fact.ts'
import { priorities } from '../aws/limiter.ts'
import type { Clock } from '../clock.ts'
import { beginCredentialReport, takeCredentialReport } from '../credentials/credential-report.ts'
import { askForPasswordPolicy } from '../credentials/password-policy-calls.ts'
import type { Database } from '../store/open.ts'
import type { ScanProgress } from '../store/schema.ts'
import { readCanary } from '../trail/canary-facts.ts'
import { readLogBuckets } from '../trail/canary-store.ts'
import { readTrails, readTrailsElsewhere } from '../trail/read-trails.ts'
import { gatherAuthorization } from './gather-authorization.ts'
import { type MusterSettings, readMusterFacts } from './gather-own.ts'
import type {
  AccountSnapshot,
  AccountSummary,
  PolicyHolders,
  RootCredentialsManagement,
  VirtualMfaDevice,
} from './snapshot.ts'
import { readUsage } from './usage.ts'

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
  const authorization = await part('users, groups and policies', 'iam:GetAccountAuthorizationDetails', () =>
    gatherAuthorization(ask, at),
  )
  const virtualMfaDevices = await part('virtual MFA devices', 'iam:ListVirtualMFADevices', () =>
    assignedDevices(ask),
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
    authorization,
    virtualMfaDevices,
    passwordPolicy,
    trails,
    trailsElsewhere,
    logBuckets: await readLogBuckets(db, account.accountId),
    canary: await readCanary(db, account.accountId, clock()),
    serverCertificates,
    samlProviders,
    supportAccess,
    cloudShellFullAccess,
    rootCredentialsManagement,
    muster: await readMusterFacts(db, muster, account, takenAt),
    usage: await readUsage(db, account.accountId),
  }
  return { snapshot, calls: callsMade() }
}

/** The snapshot alone. */
export async function gatherSnapshot(context: GatherContext): Promise<AccountSnapshot> {
  return (await gather(context)).snapshot
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

async function accountSummary(ask: Ask): Promise<AccountSummary> {
  const entries = (await ask(new GetAccountSummaryCommand({}))).SummaryMap ?? {}
  return {
    rootHasMfa: entries.AccountMFAEnabled === 1,
    rootAccessKeys: entries.AccountAccessKeysPresent ?? 0,
    entries,
  }
}

async function assignedDevices(ask: Ask): Promise<VirtualMfaDevice[]> {
  const devices: VirtualMfaDevice[] = []
  await eachPage(
    ask,
    (page) => new ListVirtualMFADevicesCommand({ AssignmentStatus: 'Assigned', ...page }),
    ({ VirtualMFADevices }) => devices.push(...(VirtualMFADevices ?? []).map(toDevice)),
  )
  return devices
}

function toDevice({ SerialNumber = '', User }: VirtualMFADevice): VirtualMfaDevice {
  // Root has an ARN and no name; its device is called so unless somebody chose another name.
  const isRoot =
    User?.Arn?.endsWith(':root') === true || SerialNumber.endsWith(':mfa/root-account-mfa-device')
  return { serial: SerialNumber, userName: isRoot ? null : (User?.UserName ?? null), isRoot }
}

async function certificates(ask: Ask): Promise<{ name: string; expiresAt: Date }[]> {
  const found: { name: string; expiresAt: Date }[] = []
  await eachPage(
    ask,
    (page) => new ListServerCertificatesCommand(page),
    ({ ServerCertificateMetadataList: list }) => {
      for (const { ServerCertificateName: name = '', Expiration: expiresAt } of list ?? []) {
        if (expiresAt) found.push({ name, expiresAt })
      }
    },
  )
  return found
}

async function holdersOf(ask: Ask, PolicyArn: string): Promise<PolicyHolders> {
  const users: string[] = []
  const groups: string[] = []
  const roles: string[] = []
  try {
    await eachPage(
      ask,
      (page) => new ListEntitiesForPolicyCommand({ PolicyArn, ...page }),
      (output) => {
        users.push(...(output.PolicyUsers ?? []).map(({ UserName }) => UserName ?? ''))
        groups.push(...(output.PolicyGroups ?? []).map(({ GroupName }) => GroupName ?? ''))
        roles.push(...(output.PolicyRoles ?? []).map(({ RoleName }) => RoleName ?? ''))
      },
    )
  } catch (error) {
    // A partition may lack the policy: then nobody has it.
    if (!isAwsError(error, 'absent')) throw error
  }
  return { users, groups, roles }
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html */
const organizationErrors: Readonly<Record<string, RootCredentialsManagement>> = {
  ServiceAccessNotEnabled: 'off',
  OrganizationNotInAllFeaturesMode: 'off',
  OrganizationNotFound: 'no-organization',
  AccountNotManagementOrDelegatedAdministrator: 'member-account',
}

async function rootManagement(ask: Ask): Promise<RootCredentialsManagement> {
  try {
    const { EnabledFeatures } = await ask(new ListOrganizationsFeaturesCommand({}))
    return EnabledFeatures?.includes('RootCredentialsManagement') ? 'on' : 'off'
  } catch (error) {
    const told = isAwsError(error, 'invalid', 'absent') ? organizationErrors[error.code] : undefined
    if (!told) throw error
    return told
  }
}
