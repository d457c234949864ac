/**
 * Some of AWS's own managed policies. Their documents are shorter than the real ones, and true to what they
 * are for: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
 */
import { createHash } from 'node:crypto'
import type { ManagedPolicy } from './account-data.ts'

interface Statement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
}
const allow = (...actions: string[]): Statement => ({ Effect: 'Allow', Action: actions, Resource: '*' })
const readsOf = (...services: string[]): Statement =>
  allow(...services.flatMap((service) => [`${service}:Describe*`, `${service}:Get*`, `${service}:List*`]))

/** By name, with the path in front where it is not `/`. */
const documents: Readonly<Record<string, readonly Statement[]>> = {
  AWSDenyAll: [{ Effect: 'Deny', Action: ['*'], Resource: '*' }],
  AdministratorAccess: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  PowerUserAccess: [
    allow('iam:ListRoles', 'organizations:DescribeOrganization'),
    allow('ec2:*', 's3:*', 'rds:*'),
  ],
  ReadOnlyAccess: [
    readsOf('cloudformation', 'cloudtrail', 'cloudwatch', 'ec2', 'ecs', 'iam', 'lambda', 'logs', 'rds', 's3'),
  ],
  SecurityAudit: [readsOf('access-analyzer', 'cloudtrail', 'config', 'guardduty', 'iam', 'securityhub')],
  IAMFullAccess: [allow('iam:*', 'organizations:DescribeAccount')],
  IAMReadOnlyAccess: [
    allow('iam:GenerateCredentialReport', 'iam:GenerateServiceLastAccessedDetails', 'iam:Get*', 'iam:List*'),
  ],
  IAMUserChangePassword: [
    {
      Effect: 'Allow',
      Action: ['iam:ChangePassword'],
      Resource: ['arn:aws:iam::*:user/${aws:username}', 'arn:aws:iam::*:user/*/${aws:username}'],
    },
    allow('iam:GetAccountPasswordPolicy'),
  ],
  IAMUserSSHKeys: [
    {
      Effect: 'Allow',
      Action: [
        'iam:DeleteSSHPublicKey',
        'iam:GetSSHPublicKey',
        'iam:ListSSHPublicKeys',
        'iam:UploadSSHPublicKey',
      ],
      Resource: 'arn:aws:iam::*:user/${aws:username}',
    },
  ],
  IAMSelfManageServiceSpecificCredentials: [
    {
      Effect: 'Allow',
      Action: ['iam:CreateServiceSpecificCredential', 'iam:ListServiceSpecificCredentials'],
      Resource: 'arn:aws:iam::*:user/${aws:username}',
    },
  ],
  AWSXrayReadOnlyAccess: [readsOf('xray')],
  IAMAccessAnalyzerReadOnlyAccess: [readsOf('access-analyzer')],
  AWSBudgetsReadOnlyAccess: [allow('budgets:Describe*', 'budgets:ViewBudget')],
  AWSBillingReadOnlyAccess: [
    allow(
      'aws-portal:ViewBilling',
      'billing:Get*',
      'billing:List*',
      'budgets:ViewBudget',
      'ce:Get*',
      'cur:Get*',
    ),
  ],
  AWSAccountUsageReportAccess: [allow('aws-portal:ViewUsage')],
  AWSCodeCommitReadOnly: [
    allow('codecommit:BatchGet*', 'codecommit:Get*', 'codecommit:GitPull', 'codecommit:List*'),
  ],
  AWSCodeCommitPowerUser: [
    allow('codecommit:Get*', 'codecommit:GitPull', 'codecommit:GitPush', 'codecommit:List*'),
  ],
  AWSCodePipeline_ReadOnlyAccess: [allow('codepipeline:GetPipeline', 'codepipeline:ListPipelines')],
  AWSCodeBuildReadOnlyAccess: [readsOf('codebuild')],
  AWSCloudTrail_ReadOnlyAccess: [readsOf('cloudtrail'), allow('cloudtrail:LookupEvents')],
  AWSCloudTrail_FullAccess: [allow('cloudtrail:*')],
  AWSSupportAccess: [allow('support:*')],
  AWSCloudShellFullAccess: [allow('cloudshell:*')],
  AWSKeyManagementServicePowerUser: [
    allow('kms:CreateAlias', 'kms:CreateKey', 'kms:Describe*', 'kms:List*', 'kms:TagResource'),
  ],
  AWSSecurityHubReadOnlyAccess: [readsOf('securityhub')],
  AWSXRayReadOnlyAccess: [readsOf('xray')],
  AmazonAthenaFullAccess: [allow('athena:*')],
  AmazonDynamoDBReadOnlyAccess: [readsOf('dynamodb')],
  AmazonEC2ContainerRegistryReadOnly: [readsOf('ecr'), allow('ecr:BatchGetImage')],
  AmazonEC2FullAccess: [allow('ec2:*')],
  AmazonEC2ReadOnlyAccess: [readsOf('ec2')],
  AmazonRDSReadOnlyAccess: [readsOf('rds')],
  AmazonS3FullAccess: [allow('s3:*')],
  AmazonS3ReadOnlyAccess: [allow('s3:Get*', 's3:List*')],
  AmazonSSMReadOnlyAccess: [readsOf('ssm')],
  AWSLambda_ReadOnlyAccess: [readsOf('lambda')],
  CloudWatchLogsReadOnlyAccess: [readsOf('logs'), allow('logs:FilterLogEvents')],
  CloudWatchReadOnlyAccess: [readsOf('cloudwatch', 'logs')],
  'job-function/Billing': [allow('aws-portal:*Billing', 'billing:*', 'budgets:*', 'ce:*')],
  'job-function/DatabaseAdministrator': [allow('cloudwatch:Get*', 'dynamodb:*', 'rds:*')],
  'job-function/NetworkAdministrator': [allow('ec2:*Route*', 'ec2:*Subnet*', 'ec2:*Vpc*', 'route53:*')],
  'job-function/SupportUser': [readsOf('cloudwatch', 'ec2', 'rds'), allow('support:*')],
  'job-function/SystemAdministrator': [allow('cloudwatch:*', 'ec2:*', 'ssm:*')],
  'job-function/ViewOnlyAccess': [
    allow('ec2:Describe*', 'iam:List*', 'rds:Describe*', 's3:ListAllMyBuckets'),
  ],
  'service-role/AWSConfigRole': [readsOf('config')],
}

/** Most are at their first version here, however often AWS has changed the real one. */
const defaultVersions: Readonly<Record<string, number>> = { AWSDenyAll: 2 }
// Frozen at a date of AWS's early days; the real ones differ from policy to policy.
const createDate = '2015-02-06T18:39:46Z'

/** By ARN. */
export const awsManagedPolicies: ReadonlyMap<string, ManagedPolicy> = new Map(
  Object.entries(documents)
    .map(([name, statements]) => managed(name, statements))
    .map((policy) => [policy.arn, policy]),
)

function managed(pathAndName: string, statements: readonly Statement[]): ManagedPolicy {
  const policyName = pathAndName.slice(pathAndName.lastIndexOf('/') + 1)
  const arn = `arn:aws:iam::aws:policy/${pathAndName}`
  const version = defaultVersions[policyName] ?? 1
  const versionId = `v${version}`
  const document = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  return {
    policyName,
    policyId: `ANPA${createHash('sha256')
      .update(arn)
      .digest('hex')
      .toUpperCase()
      .replaceAll(/[0189]/g, 'Q')
      .slice(0, 17)}`,
    path: `/${pathAndName.slice(0, pathAndName.length - policyName.length)}`,
    arn,
    createDate,
    updateDate: createDate,
    tags: [],
    defaultVersionId: versionId,
    nextVersion: version + 1,
    versions: [{ versionId, document, createDate }],
  }
}
