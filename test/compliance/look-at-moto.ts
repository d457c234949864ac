/**
 * An account in moto as a snapshot, read as simply as can be: it has what can be asked of moto, and the rest of it is
 * as in an account where everything is fine.
 */
import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail'
import {
  type AttachedPolicy,
  GenerateCredentialReportCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountPasswordPolicyCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  GetPolicyVersionCommand,
  IAMClient,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  ListSAMLProvidersCommand,
  ListServerCertificatesCommand,
  ListVirtualMFADevicesCommand,
  type Policy,
  type PolicyDetail,
} from '@aws-sdk/client-iam'
import { GetBucketAclCommand, GetBucketLoggingCommand, S3Client } from '@aws-sdk/client-s3'
import { known } from '../../src/aws/fact.ts'
import type { PolicyDocument } from '../../src/catalog/catalog.ts'
import type {
  AccountSnapshot,
  Authorization,
  PolicyHolders,
  ReportedUser,
} from '../../src/compliance/snapshot.ts'
import type { PasswordPolicy } from '../../src/store/schema.ts'
import type { TrailFacts } from '../../src/trail/facts.ts'
import { awsPolicyArn, fineAccount } from './accounts.ts'

export interface MotoClients {
  readonly iam: IAMClient
  readonly trails: CloudTrailClient
  readonly s3: S3Client
}

export function clientsOf(endpoint: string): MotoClients {
  const options = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATESTSTESTSTESTS0', secretAccessKey: 'of-no-account' },
  }
  return {
    iam: new IAMClient(options),
    trails: new CloudTrailClient(options),
    s3: new S3Client({ ...options, forcePathStyle: true }),
  }
}

export async function lookAt(clients: MotoClients): Promise<AccountSnapshot> {
  const { iam } = clients
  const { SummaryMap = {} } = await iam.send(new GetAccountSummaryCommand({}))
  const { VirtualMFADevices = [] } = await iam.send(
    new ListVirtualMFADevicesCommand({ AssignmentStatus: 'Assigned' }),
  )
  const { ServerCertificateMetadataList = [] } = await iam.send(new ListServerCertificatesCommand({}))
  const { SAMLProviderList = [] } = await iam.send(new ListSAMLProvidersCommand({}))
  const trails = await trailsOf(clients)
  return {
    ...fineAccount({ users: 0 }),
    takenAt: new Date(),
    summary: known({
      rootHasMfa: SummaryMap.AccountMFAEnabled === 1,
      rootAccessKeys: SummaryMap.AccountAccessKeysPresent ?? 0,
      entries: SummaryMap,
    }),
    report: known(await reportOf(iam)),
    authorization: known(await authorizationOf(iam)),
    virtualMfaDevices: known(
      VirtualMFADevices.map(({ SerialNumber = '', User }) => ({
        serial: SerialNumber,
        userName: User?.UserName ?? null,
        isRoot: SerialNumber.endsWith('root-account-mfa-device'),
      })),
    ),
    passwordPolicy: known(await passwordPolicyOf(iam)),
    trails: known(trails),
    logBuckets: known(
      await Promise.all(
        [...new Set(trails.map(({ bucket }) => bucket))].map((name) => bucketOf(clients, name)),
      ),
    ),
    serverCertificates: known(
      ServerCertificateMetadataList.map(({ ServerCertificateName: name = '', Expiration }) => ({
        name,
        expiresAt: Expiration ?? new Date(0),
      })),
    ),
    samlProviders: known(SAMLProviderList.map(({ Arn = '' }) => Arn)),
    supportAccess: known(await holdersOf(iam, 'AWSSupportAccess')),
    cloudShellFullAccess: known(await holdersOf(iam, 'AWSCloudShellFullAccess')),
  }
}

async function reportOf(iam: IAMClient) {
  await iam.send(new GenerateCredentialReportCommand({}))
  const { Content = new Uint8Array() } = await iam.send(new GetCredentialReportCommand({}))
  const [head = '', ...lines] = Buffer.from(Content).toString('utf8').trim().split(/\r?\n/)
  const columns = head.split(',')
  const users = lines.map((line): ReportedUser => {
    const values = line.split(',')
    const value = (column: string) => values[columns.indexOf(column)] ?? ''
    const moment = (column: string) => {
      const at = Date.parse(value(column))
      return Number.isNaN(at) ? null : new Date(at)
    }
    const key = (n: 1 | 2) => ({
      active: value(`access_key_${n}_active`) === 'true',
      rotatedAt: moment(`access_key_${n}_last_rotated`),
      usedAt: moment(`access_key_${n}_last_used_date`) ?? moment(`access_key_${n}_last_used`),
    })
    return {
      userName: value('user'),
      arn: value('arn'),
      createdAt: moment('user_creation_time'),
      hasPassword: value('password_enabled') === 'true',
      passwordUsedAt: moment('password_last_used'),
      passwordChangedAt: moment('password_last_changed'),
      hasMfa: value('mfa_active') === 'true',
      keys: [key(1), key(2)],
    }
  })
  return { madeAt: new Date(), root: null, users }
}

async function authorizationOf(iam: IAMClient): Promise<Authorization> {
  const details = await iam.send(
    new GetAccountAuthorizationDetailsCommand({ Filter: ['User', 'Group', 'LocalManagedPolicy'] }),
  )
  const inline = (list: PolicyDetail[] = []) =>
    list.map(({ PolicyName: name = '', PolicyDocument }) => ({ name, document: document(PolicyDocument) }))
  const arns = (list: AttachedPolicy[] = []) => list.map(({ PolicyArn = '' }) => PolicyArn)
  return {
    users: (details.UserDetailList ?? []).map((user) => ({
      userName: user.UserName ?? '',
      userId: user.UserId ?? '',
      arn: user.Arn ?? '',
      path: user.Path ?? '/',
      createdAt: user.CreateDate ?? new Date(0),
      groups: user.GroupList ?? [],
      attachedPolicyArns: arns(user.AttachedManagedPolicies),
      inlinePolicies: inline(user.UserPolicyList),
      boundaryArn: user.PermissionsBoundary?.PermissionsBoundaryArn ?? null,
      tags: {},
    })),
    groups: (details.GroupDetailList ?? []).map((group) => ({
      groupName: group.GroupName ?? '',
      groupId: group.GroupId ?? '',
      arn: group.Arn ?? '',
      path: group.Path ?? '/',
      createdAt: group.CreateDate ?? new Date(0),
      attachedPolicyArns: arns(group.AttachedManagedPolicies),
      inlinePolicies: inline(group.GroupPolicyList),
    })),
    policies: [
      ...(details.Policies ?? []).map((policy) =>
        policyOf(
          policy,
          document(policy.PolicyVersionList?.find((version) => version.IsDefaultVersion)?.Document),
        ),
      ),
      ...(await attachedAwsPolicies(iam)),
    ],
  }
}

/** AWS's own that are attached to anybody: moto would tell all of them, a thousand and more. */
async function attachedAwsPolicies(iam: IAMClient) {
  const { Policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: 'AWS', OnlyAttached: true }))
  return await Promise.all(
    Policies.map(async (policy) => {
      const { PolicyVersion } = await iam.send(
        new GetPolicyVersionCommand({ PolicyArn: policy.Arn, VersionId: policy.DefaultVersionId }),
      )
      return policyOf(policy, document(PolicyVersion?.Document))
    }),
  )
}

function policyOf(policy: Policy, found: PolicyDocument | undefined) {
  return {
    policyName: policy.PolicyName ?? '',
    arn: policy.Arn ?? '',
    path: policy.Path ?? '/',
    attachmentCount: policy.AttachmentCount ?? 0,
    boundaryCount: 0,
    document: found,
  }
}

function document(text: string | undefined): PolicyDocument | undefined {
  return text === undefined ? undefined : JSON.parse(decodeURIComponent(text))
}

async function passwordPolicyOf(iam: IAMClient): Promise<PasswordPolicy | null> {
  const found = await iam.send(new GetAccountPasswordPolicyCommand({})).catch(absent)
  const policy = found?.PasswordPolicy
  if (!policy) return null
  return {
    minimumLength: policy.MinimumPasswordLength ?? 6,
    requiresUppercase: policy.RequireUppercaseCharacters ?? false,
    requiresLowercase: policy.RequireLowercaseCharacters ?? false,
    requiresDigits: policy.RequireNumbers ?? false,
    requiresSymbols: policy.RequireSymbols ?? false,
    usersMayChangeTheirOwn: policy.AllowUsersToChangePassword ?? false,
    maxAgeDays: policy.MaxPasswordAge || null,
    rememberedPasswords: policy.PasswordReusePrevention ?? 0,
    hardExpiry: policy.HardExpiry ?? false,
  }
}

function absent(error: Error): null {
  if (error.name.startsWith('NoSuchEntity')) return null
  throw error
}

async function holdersOf(iam: IAMClient, name: string): Promise<PolicyHolders> {
  const found = await iam
    .send(new ListEntitiesForPolicyCommand({ PolicyArn: awsPolicyArn(name) }))
    .catch(absent)
  return {
    users: (found?.PolicyUsers ?? []).map(({ UserName = '' }) => UserName),
    groups: (found?.PolicyGroups ?? []).map(({ GroupName = '' }) => GroupName),
    roles: (found?.PolicyRoles ?? []).map(({ RoleName = '' }) => RoleName),
  }
}

async function trailsOf({ trails }: MotoClients): Promise<TrailFacts[]> {
  const { trailList = [] } = await trails.send(new DescribeTrailsCommand({}))
  return await Promise.all(
    trailList.map(async (trail): Promise<TrailFacts> => {
      const status = await trails.send(new GetTrailStatusCommand({ Name: trail.TrailARN }))
      const { EventSelectors = [], AdvancedEventSelectors = [] } = await trails.send(
        new GetEventSelectorsCommand({ TrailName: trail.TrailARN }),
      )
      return {
        arn: trail.TrailARN ?? '',
        name: trail.Name ?? '',
        homeRegion: trail.HomeRegion ?? '',
        isMultiRegion: trail.IsMultiRegionTrail ?? false,
        isOrganization: trail.IsOrganizationTrail ?? false,
        includesGlobalServices: trail.IncludeGlobalServiceEvents ?? false,
        bucket: trail.S3BucketName ?? '',
        keyPrefix: trail.S3KeyPrefix ?? null,
        kmsKeyId: trail.KmsKeyId || null,
        logFileValidation: trail.LogFileValidationEnabled ?? false,
        cloudWatchLogsGroupArn: trail.CloudWatchLogsLogGroupArn ?? null,
        status: known({
          isLogging: status.IsLogging ?? false,
          startedAt: status.StartLoggingTime ?? null,
          stoppedAt: status.StopLoggingTime ?? null,
          latestDeliveryAt: status.LatestDeliveryTime ?? null,
          latestDeliveryError: status.LatestDeliveryError ?? null,
          latestDigestAt: null,
          latestDigestError: null,
          latestCloudWatchLogsDeliveryAt: status.LatestCloudWatchLogsDeliveryTime ?? null,
        }),
        selectors: known({
          basic: EventSelectors.map((selector) => ({
            readWriteType: selector.ReadWriteType ?? 'All',
            includeManagementEvents: selector.IncludeManagementEvents ?? true,
            excludedSources: selector.ExcludeManagementEventSources ?? [],
            dataResources: (selector.DataResources ?? []).map(({ Type: type = '', Values: values = [] }) => ({
              type,
              values,
            })),
          })),
          advanced: AdvancedEventSelectors.map(({ FieldSelectors = [] }) => ({
            fields: FieldSelectors.map((field) => ({
              field: field.Field ?? '',
              equals: field.Equals ?? [],
              startsWith: field.StartsWith ?? [],
              endsWith: field.EndsWith ?? [],
              notEquals: field.NotEquals ?? [],
              notStartsWith: field.NotStartsWith ?? [],
              notEndsWith: field.NotEndsWith ?? [],
            })),
          })),
        }),
      }
    }),
  )
}

async function bucketOf({ s3 }: MotoClients, name: string) {
  const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket: name }))
  const { Grants = [] } = await s3.send(new GetBucketAclCommand({ Bucket: name }))
  return {
    name,
    accessLogging: known(LoggingEnabled !== undefined),
    isPublic: known(
      Grants.some(({ Grantee }) => /\/(AllUsers|AuthenticatedUsers)$/.test(Grantee?.URI ?? '')),
    ),
  }
}
