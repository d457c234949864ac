/**
 * States of an account in moto, each made for one published check: what the check's text calls good, what it calls
 * bad, and where the code of the public scanner, prowler, says something else than Muster, with the reason.
 */
import {
  CreateTrailCommand,
  type CreateTrailCommandInput,
  PutEventSelectorsCommand,
  type PutEventSelectorsCommandInput,
  StartLoggingCommand,
} from '@aws-sdk/client-cloudtrail'
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateLoginProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateSAMLProviderCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  IAMClient,
  ListUsersCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
  UpdateAccountPasswordPolicyCommand,
  type UpdateAccountPasswordPolicyCommandInput,
} from '@aws-sdk/client-iam'
import { CreateBucketCommand, PutBucketAclCommand, PutBucketLoggingCommand } from '@aws-sdk/client-s3'
import { allow, awsPolicyArn } from './accounts.ts'
import type { MotoClients } from './look-at-moto.ts'

export interface State {
  readonly says: string
  readonly make: (clients: MotoClients) => Promise<void>
  /** Looked at as if so many days had gone by since. */
  readonly daysLater?: number
}

export interface Judged {
  readonly good: readonly State[]
  readonly bad: readonly State[]
  /** Where the text, or the benchmark it answers to, asks more than the scanner's code looks at. */
  readonly stricter?: readonly (State & { readonly because: string })[]
  /** Its states take policies that AWS keeps. */
  readonly awsPolicies?: true
  /** Why one side is missing: moto cannot be brought there. */
  readonly notInMoto?: string
}

const nothing = async () => {}
const asItIs: State = { says: 'an account in which nothing was done', make: nothing }

export const judged: Readonly<Record<string, Judged>> = {
  cloudtrail_multi_region_enabled: {
    good: [
      { says: 'a multi-Region trail that logs', make: trail({}) },
      {
        says: 'one beside a trail of one Region',
        make: inOrder(trail({ Name: 'local', IsMultiRegionTrail: false }), trail({})),
      },
    ],
    bad: [
      { says: 'no trail', make: nothing },
      { says: 'a multi-Region trail that was never started', make: trail({}, { start: false }) },
    ],
    stricter: [
      {
        says: 'a trail of one Region that logs',
        make: trail({ IsMultiRegionTrail: false }),
        because: 'the code takes it for its own Region; the text asks for all Regions',
      },
      {
        says: 'a multi-Region trail that leaves out management events',
        make: trail(
          {},
          {
            selectors: { EventSelectors: [{ IncludeManagementEvents: false, DataResources: allObjects() }] },
          },
        ),
        because:
          'the code does not read selectors; CIS 4.1 and CloudTrail.1 ask for management events, read and write',
      },
      {
        says: 'a multi-Region trail that leaves out KMS and the RDS Data API',
        make: trail(
          {},
          {
            selectors: {
              EventSelectors: [
                {
                  ReadWriteType: 'All',
                  IncludeManagementEvents: true,
                  ExcludeManagementEventSources: ['kms.amazonaws.com', 'rdsdata.amazonaws.com'],
                },
              ],
            },
          },
        ),
        because: 'the code does not read selectors; CloudTrail.1 takes no excluded event source',
      },
      {
        says: 'a multi-Region trail that records writes only',
        make: trail(
          {},
          { selectors: { EventSelectors: [{ ReadWriteType: 'WriteOnly', IncludeManagementEvents: true }] } },
        ),
        because:
          'the code does not read selectors; CIS 4.1 and CloudTrail.1 ask for management events, read and write',
      },
    ],
  },
  cloudtrail_log_file_validation_enabled: {
    good: [{ says: 'a trail that validates', make: trail({ EnableLogFileValidation: true }) }],
    bad: [
      { says: 'a trail that does not', make: trail({ EnableLogFileValidation: false }) },
      {
        says: 'one of two trails that does not',
        make: inOrder(
          trail({ EnableLogFileValidation: true }),
          trail({ Name: 'second', EnableLogFileValidation: false }),
        ),
      },
    ],
    stricter: [
      {
        says: 'no trail',
        make: nothing,
        because: 'the code has nothing to say; where nothing is recorded, nothing is validated',
      },
    ],
  },
  cloudtrail_kms_encryption_enabled: {
    good: [
      { says: 'a trail with a key', make: trail({ KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1' }) },
    ],
    bad: [{ says: 'a trail without a key', make: trail({}) }],
    stricter: [
      {
        says: 'no trail',
        make: nothing,
        because: 'the code has nothing to say; where nothing is recorded, nothing is encrypted',
      },
    ],
  },
  cloudtrail_cloudwatch_logging_enabled: {
    good: [],
    bad: [
      { says: 'a trail without a log group', make: trail({}) },
      {
        says: 'a trail with a log group that never got anything',
        make: trail({
          CloudWatchLogsLogGroupArn: 'arn:aws:logs:us-east-1:123456789012:log-group:g:*',
          CloudWatchLogsRoleArn: 'arn:aws:iam::123456789012:role/r',
        }),
      },
    ],
    notInMoto: 'moto never tells a time of delivery to CloudWatch Logs',
  },
  cloudtrail_logs_s3_bucket_access_logging_enabled: {
    good: [{ says: 'a bucket whose requests are logged', make: inOrder(trail({}), logRequests) }],
    bad: [{ says: 'a bucket whose requests are not', make: trail({}) }],
  },
  cloudtrail_logs_s3_bucket_is_not_publicly_accessible: {
    good: [{ says: 'a private bucket', make: trail({}) }],
    bad: [
      {
        says: 'a bucket that everybody may read',
        make: inOrder(trail({}), async ({ s3 }) => {
          await s3.send(new PutBucketAclCommand({ Bucket: BUCKET, ACL: 'public-read' }))
        }),
      },
    ],
  },
  cloudtrail_s3_dataevents_read_enabled: dataEvents('ReadOnly', 'WriteOnly'),
  cloudtrail_s3_dataevents_write_enabled: dataEvents('WriteOnly', 'ReadOnly'),
  iam_avoid_root_usage: {
    good: [],
    bad: [],
    notInMoto:
      "moto's credential report has no line of root; the period is 90 days and not one, as Muster promises",
  },
  iam_no_root_access_key: { good: [asItIs], bad: [], notInMoto: 'moto cannot make keys of root' },
  iam_root_mfa_enabled: { good: [], bad: [asItIs], notInMoto: 'moto cannot give MFA to root' },
  iam_root_hardware_mfa_enabled: { good: [], bad: [asItIs], notInMoto: 'moto cannot give MFA to root' },
  iam_root_credentials_management_enabled: {
    good: [],
    bad: [],
    notInMoto: 'moto does not know ListOrganizationsFeatures',
  },
  iam_aws_attached_policy_no_administrative_privileges: {
    awsPolicies: true,
    good: [
      { says: 'ReadOnlyAccess on a group', make: group('readers', 'ReadOnlyAccess') },
      { says: 'AdministratorAccess on nobody', make: nothing },
    ],
    bad: [
      { says: 'AdministratorAccess on a group', make: group('admins', 'AdministratorAccess') },
      { says: 'AdministratorAccess on a role', make: role('AdministratorAccess') },
    ],
  },
  iam_customer_attached_policy_no_administrative_privileges: {
    good: [
      { says: 'a small policy on a group', make: customerPolicy(allow('s3:GetObject')) },
      { says: 'all of one service', make: customerPolicy(allow('s3:*')) },
      { says: 'an administrator policy on nobody', make: customerPolicy(allow('*'), { attach: false }) },
    ],
    bad: [
      { says: 'an administrator policy on a group', make: customerPolicy(allow('*')) },
      { says: 'one with lists of one', make: customerPolicy(allow(['*'], ['*'])) },
    ],
    stricter: [
      {
        says: 'a list with * among others',
        make: customerPolicy(allow(['s3:GetObject', '*'])),
        because: 'the code compares the whole list; the text asks for *:*, which this allows',
      },
    ],
  },
  iam_inline_policy_no_administrative_privileges: {
    good: [
      asItIs,
      { says: 'a small inline policy of a user', make: inlineOfUser(allow('s3:GetObject')) },
      { says: 'a small inline policy of a role', make: inlineOfRole(allow('s3:GetObject')) },
    ],
    bad: [
      { says: 'an administrator policy inline in a user', make: inlineOfUser(allow('*')) },
      {
        says: 'an administrator policy inline in a group',
        make: inOrder(group('admins'), async ({ iam }) => {
          await iam.send(
            new PutGroupPolicyCommand({
              GroupName: 'admins',
              PolicyName: 'p',
              PolicyDocument: JSON.stringify(allow('*')),
            }),
          )
        }),
      },
      { says: 'an administrator policy inline in a role', make: inlineOfRole(allow('*')) },
    ],
  },
  iam_policy_attached_only_to_group_or_roles: {
    awsPolicies: true,
    good: [
      {
        says: 'a policy on a group and one on a role',
        make: inOrder(customerPolicy(allow('s3:GetObject')), attachedToRole),
      },
      { says: 'a user without policies', make: user },
    ],
    bad: [
      {
        says: 'a policy on a user',
        make: inOrder(user, customerPolicy(allow('s3:GetObject')), async ({ iam }) => {
          await iam.send(new AttachUserPolicyCommand({ UserName: USER, PolicyArn: CUSTOMER_POLICY }))
        }),
      },
      { says: 'an inline policy of a user', make: inlineOfUser(allow('s3:GetObject')) },
    ],
  },
  iam_policy_cloudshell_admin_not_attached: {
    awsPolicies: true,
    good: [asItIs],
    bad: [
      { says: 'it is on a group', make: group('shells', 'AWSCloudShellFullAccess') },
      { says: 'it is on a role', make: role('AWSCloudShellFullAccess') },
    ],
  },
  iam_support_role_created: {
    awsPolicies: true,
    good: [{ says: 'it is on a role', make: role('AWSSupportAccess') }],
    bad: [asItIs, { says: 'it is on a group only', make: group('support', 'AWSSupportAccess') }],
  },
  iam_check_saml_providers_sts: {
    good: [
      {
        says: 'a SAML provider',
        make: async ({ iam }) => {
          const SAMLMetadataDocument = `<EntityDescriptor>${'x'.repeat(1000)}</EntityDescriptor>`
          await iam.send(new CreateSAMLProviderCommand({ Name: 'idp', SAMLMetadataDocument }))
        },
      },
    ],
    bad: [asItIs],
  },
  iam_no_expired_server_certificates_stored: {
    good: [asItIs],
    bad: [],
    notInMoto: 'moto does not tell when a server certificate expires',
  },
  iam_password_policy_minimum_length_14: passwords(
    { MinimumPasswordLength: 14 },
    { MinimumPasswordLength: 13 },
  ),
  iam_password_policy_uppercase: passwords(
    { RequireUppercaseCharacters: true },
    { RequireUppercaseCharacters: false },
  ),
  iam_password_policy_lowercase: passwords(
    { RequireLowercaseCharacters: true },
    { RequireLowercaseCharacters: false },
  ),
  iam_password_policy_number: passwords({ RequireNumbers: true }, { RequireNumbers: false }),
  iam_password_policy_symbol: passwords({ RequireSymbols: true }, { RequireSymbols: false }),
  iam_password_policy_reuse_24: passwords(
    { PasswordReusePrevention: 24 },
    { PasswordReusePrevention: 23 },
    {},
  ),
  iam_password_policy_expires_passwords_within_90_days_or_less: passwords(
    { MaxPasswordAge: 90 },
    { MaxPasswordAge: 91 },
    {},
  ),
  iam_rotate_access_key_90_days: {
    good: [
      { says: 'a user without keys', make: user },
      { says: 'a key of 90 days', make: key(), daysLater: 90 },
      { says: 'an old key that is switched off', make: key('Inactive'), daysLater: 200 },
    ],
    bad: [{ says: 'a key of 91 days', make: key(), daysLater: 91 }],
  },
  iam_user_accesskey_unused: {
    good: [
      { says: 'a user without keys', make: user },
      { says: 'a key that was used 44 days ago', make: usedKey, daysLater: 44 },
      { says: 'an unused key that is switched off', make: key('Inactive'), daysLater: 200 },
    ],
    bad: [{ says: 'a key that was used 46 days ago', make: usedKey, daysLater: 46 }],
    stricter: [
      {
        says: 'a key that was used 45 days ago',
        make: usedKey,
        daysLater: 45,
        because: 'the code asks for more than 45 days; CIS 2.11 says 45 days or more',
      },
      {
        says: 'a key of 60 days that was never used',
        make: key(),
        daysLater: 60,
        because:
          'the code leaves out keys that were never used; CIS 2.11 counts them from when they were made',
      },
    ],
  },
  iam_user_console_access_unused: {
    good: [
      { says: 'a user without a password', make: user, daysLater: 200 },
      { says: 'a password of 44 days', make: password, daysLater: 44 },
    ],
    bad: [],
    stricter: [
      {
        says: 'a password of 60 days that was never used',
        make: password,
        daysLater: 60,
        because:
          'the code leaves out passwords that were never used; CIS 2.11 counts them from when they were set',
      },
    ],
    notInMoto: 'nobody can sign in to the console of moto',
  },
  iam_user_mfa_enabled_console_access: {
    good: [
      { says: 'a user with neither password nor MFA', make: user },
      {
        says: 'a user with a password and MFA',
        make: inOrder(password, async ({ iam }) => {
          const { VirtualMFADevice } = await iam.send(
            new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: USER }),
          )
          const SerialNumber = VirtualMFADevice?.SerialNumber ?? ''
          await iam.send(
            new EnableMFADeviceCommand({
              UserName: USER,
              SerialNumber,
              AuthenticationCode1: '123456',
              AuthenticationCode2: '654321',
            }),
          )
        }),
      },
    ],
    bad: [{ says: 'a user with a password and no MFA', make: password }],
  },
}

type Make = State['make']

const USER = 'ada'
const BUCKET = 'company-trail'
const CUSTOMER_POLICY = 'arn:aws:iam::123456789012:policy/p'

function inOrder(...steps: readonly Make[]): Make {
  return async (clients) => {
    for (const step of steps) await step(clients)
  }
}

interface TrailOptions {
  readonly start?: boolean
  readonly selectors?: Omit<PutEventSelectorsCommandInput, 'TrailName'>
}

/**
 * What AWS gives every new trail, and moto does not.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
 */
const ofNewTrails = {
  EventSelectors: [{ ReadWriteType: 'All' as const, IncludeManagementEvents: true, DataResources: [] }],
}

function trail(
  change: Partial<CreateTrailCommandInput>,
  { start = true, selectors }: TrailOptions = {},
): Make {
  return async ({ trails, s3 }) => {
    const input = { Name: 'main', S3BucketName: BUCKET, IsMultiRegionTrail: true, ...change }
    await s3.send(new CreateBucketCommand({ Bucket: input.S3BucketName })).catch(() => {})
    await trails.send(new CreateTrailCommand(input))
    const chosen = selectors ?? ofNewTrails
    await trails.send(new PutEventSelectorsCommand({ TrailName: input.Name, ...chosen }))
    if (start) await trails.send(new StartLoggingCommand({ Name: input.Name }))
  }
}

async function logRequests({ s3 }: MotoClients): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: 'requests' }))
  const delivery = 'uri=http://acs.amazonaws.com/groups/s3/LogDelivery'
  await s3.send(new PutBucketAclCommand({ Bucket: 'requests', GrantWrite: delivery, GrantReadACP: delivery }))
  await s3.send(
    new PutBucketLoggingCommand({
      Bucket: BUCKET,
      BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'requests', TargetPrefix: '' } },
    }),
  )
}

function allObjects(values: string[] = ['arn:aws:s3']) {
  return [{ Type: 'AWS::S3::Object', Values: values }]
}

function dataEvents(kind: 'ReadOnly' | 'WriteOnly', other: 'ReadOnly' | 'WriteOnly'): Judged {
  const basic = (ReadWriteType: 'All' | 'ReadOnly' | 'WriteOnly', values?: string[]) =>
    trail(
      {},
      {
        selectors: {
          EventSelectors: [
            { ReadWriteType, IncludeManagementEvents: true, DataResources: allObjects(values) },
          ],
        },
      },
    )
  const advanced = (...more: { Field: string; Equals?: string[]; StartsWith?: string[] }[]) =>
    trail(
      {},
      {
        selectors: {
          AdvancedEventSelectors: [
            {
              FieldSelectors: [
                { Field: 'eventCategory', Equals: ['Data'] },
                { Field: 'resources.type', Equals: ['AWS::S3::Object'] },
                ...more,
              ],
            },
          ],
        },
      },
    )
  const becauseOfCode =
    'the code looks at the type of an advanced selector alone; its text asks for the objects of all buckets'
  return {
    good: [
      { says: 'all data events of all buckets', make: basic('All') },
      { says: 'just these of all buckets', make: basic(kind) },
      { says: 'all buckets, in the longer way', make: basic('All', ['arn:aws:s3:::']) },
      { says: 'an advanced selector of all objects', make: advanced() },
    ],
    bad: [
      { says: 'no trail', make: nothing },
      { says: 'a trail without data events', make: trail({}) },
      { says: 'the others only', make: basic(other) },
      { says: 'one bucket only', make: basic('All', ['arn:aws:s3:::one/']) },
    ],
    stricter: [
      {
        says: 'an advanced selector of one bucket',
        make: advanced({ Field: 'resources.ARN', StartsWith: ['arn:aws:s3:::one/'] }),
        because: becauseOfCode,
      },
      {
        says: 'an advanced selector of the others only',
        make: advanced({ Field: 'readOnly', Equals: [String(kind === 'WriteOnly')] }),
        because: becauseOfCode,
      },
      {
        says: 'a trail of one Region',
        make: inOrder(trail({ IsMultiRegionTrail: false }), async ({ trails }) => {
          await trails.send(
            new PutEventSelectorsCommand({
              TrailName: 'main',
              EventSelectors: [{ ReadWriteType: 'All', DataResources: allObjects() }],
            }),
          )
        }),
        because: 'the code takes any trail; S3.22 and S3.23 ask for a multi-Region one',
      },
    ],
  }
}

function group(GroupName: string, policyName?: string): Make {
  return async ({ iam }) => {
    await iam.send(new CreateGroupCommand({ GroupName }))
    if (policyName)
      await iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn: awsPolicyArn(policyName) }))
  }
}

function role(policyName?: string): Make {
  return async ({ iam }) => {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' }],
    }
    await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: JSON.stringify(trust) }))
    if (policyName)
      await iam.send(new AttachRolePolicyCommand({ RoleName: 'r', PolicyArn: awsPolicyArn(policyName) }))
  }
}

function inlineOfRole(document: object): Make {
  return inOrder(role(), async ({ iam }) => {
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: 'r',
        PolicyName: 'p',
        PolicyDocument: JSON.stringify(document),
      }),
    )
  })
}

function customerPolicy(document: object, { attach = true } = {}): Make {
  return async ({ iam }) => {
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: JSON.stringify(document) }),
    )
    await iam.send(new CreateGroupCommand({ GroupName: 'g' }))
    if (attach) await iam.send(new AttachGroupPolicyCommand({ GroupName: 'g', PolicyArn: Policy?.Arn }))
  }
}

async function attachedToRole(clients: MotoClients): Promise<void> {
  await role()(clients)
  await clients.iam.send(new AttachRolePolicyCommand({ RoleName: 'r', PolicyArn: CUSTOMER_POLICY }))
}

async function user({ iam }: MotoClients): Promise<void> {
  await iam.send(new CreateUserCommand({ UserName: USER }))
}

function inlineOfUser(document: object): Make {
  return inOrder(user, async ({ iam }) => {
    await iam.send(
      new PutUserPolicyCommand({ UserName: USER, PolicyName: 'p', PolicyDocument: JSON.stringify(document) }),
    )
  })
}

async function password(clients: MotoClients): Promise<void> {
  await user(clients)
  await clients.iam.send(new CreateLoginProfileCommand({ UserName: USER, Password: 'Of-no-account-1' }))
}

function key(Status: 'Active' | 'Inactive' = 'Active'): Make {
  return inOrder(user, async ({ iam }) => {
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: USER }))
    await iam.send(
      new UpdateAccessKeyCommand({ UserName: USER, AccessKeyId: AccessKey?.AccessKeyId, Status }),
    )
  })
}

async function usedKey(clients: MotoClients): Promise<void> {
  await user(clients)
  const { AccessKey } = await clients.iam.send(new CreateAccessKeyCommand({ UserName: USER }))
  const endpoint = await clients.iam.config.endpoint?.()
  const owner = new IAMClient({
    region: 'us-east-1',
    ...(endpoint ? { endpoint } : {}),
    credentials: {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    },
  })
  await owner.send(new ListUsersCommand({}))
  owner.destroy()
}

type Passwords = Partial<UpdateAccountPasswordPolicyCommandInput>

function passwords(good: Passwords, ...bad: readonly Passwords[]): Judged {
  const set = (change: Passwords): State => ({
    says: `a policy of ${JSON.stringify(change)} alone`,
    make: async ({ iam }) => {
      await iam.send(new UpdateAccountPasswordPolicyCommand(change))
    },
  })
  return { good: [set(good)], bad: [{ says: 'no policy', make: nothing }, ...bad.map(set)] }
}
