/** What each role of the example catalog can do, and what it must not: its description, put to the test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coversAction, statementsOf } from '../../src/catalog/policy-document.ts'
import { ACCOUNT, type Context, EXAMPLE, holderOf, isAllowed, USER, WITH_MFA } from './simulation.ts'

const TAGGED = (key: string, value: string): Context => ({ ...WITH_MFA, [key]: value })
const ELSEWHERE: Context = { ...WITH_MFA, 'aws:RequestedRegion': 'us-west-2' }
const LATE: Context = { ...WITH_MFA, 'aws:MultiFactorAuthAge': '40000' }
const TO_ECS = TAGGED('iam:PassedToService', 'ecs-tasks.amazonaws.com')
const TO_LAMBDA = TAGGED('iam:PassedToService', 'lambda.amazonaws.com')

type Request = readonly [action: string, resource: string, context?: Context]

const arn = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:${ACCOUNT}:${rest}`
const iam = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`
const INSTANCE = arn('ec2', 'instance/i-0123456789abcdef0')
const STAGING_FUNCTION = arn('lambda', 'function:app-staging-orders')
const PRODUCTION_FUNCTION = arn('lambda', 'function:app-production-orders')

/** What no role may do, whatever its work. */
const NOBODY: readonly Request[] = [
  ['iam:CreateUser', iam('user/muster/x')],
  ['iam:CreateAccessKey', iam(`user/muster/${USER}`)],
  ['iam:AttachUserPolicy', iam(`user/muster/${USER}`)],
  ['iam:PutUserPolicy', iam(`user/muster/${USER}`)],
  ['iam:AddUserToGroup', iam('group/muster/operations')],
  ['iam:RemoveUserFromGroup', iam('group/muster/muster-baseline')],
  ['iam:DeleteUserPermissionsBoundary', iam(`user/muster/${USER}`)],
  ['iam:CreatePolicyVersion', iam('policy/muster/muster-baseline')],
  ['iam:PassRole', iam('role/admin'), TO_ECS],
  ['sts:AssumeRole', iam('role/admin')],
  ['cloudtrail:StopLogging', arn('cloudtrail', 'trail/main')],
  ['s3:DeleteObject', 'arn:aws:s3:::example-cloudtrail/AWSLogs/x'],
  ['kms:ScheduleKeyDeletion', arn('kms', 'key/1')],
  ['organizations:LeaveOrganization', '*'],
]

const DEPLOYS_STAGING: readonly Request[] = [
  ['ecr:PutImage', arn('ecr', 'repository/app/orders')],
  ['ecr:GetAuthorizationToken', '*'],
  ['ecs:RegisterTaskDefinition', arn('ecs', 'task-definition/app-orders:1')],
  ['ecs:UpdateService', arn('ecs', 'service/staging/app-orders')],
  ['lambda:UpdateFunctionCode', STAGING_FUNCTION],
  ['iam:PassRole', iam('role/app-staging-orders'), TO_ECS],
]

const LOOKS: readonly Request[] = [
  ['logs:FilterLogEvents', arn('logs', 'log-group:/app/orders')],
  ['logs:StartQuery', arn('logs', 'log-group:/app/orders')],
  ['logs:StopQuery', '*'],
  ['ecs:DescribeServices', arn('ecs', 'service/production/app-orders')],
  ['cloudwatch:GetMetricData', '*'],
  ['xray:GetTraceSummaries', '*'],
]

const READS_COSTS: readonly Request[] = [
  ['ce:GetCostAndUsage', '*'],
  ['ce:GetCostForecast', '*'],
  ['budgets:ViewBudget', `arn:aws:budgets::${ACCOUNT}:budget/all`],
  ['s3:GetObject', 'arn:aws:s3:::example-cost-reports/2026/11.csv'],
]

const CHANGES_COSTS: readonly Request[] = [
  ['budgets:ModifyBudget', `arn:aws:budgets::${ACCOUNT}:budget/all`],
  ['ce:CreateCostCategoryDefinition', '*'],
  ['payments:UpdatePaymentPreferences', '*'],
]

interface Abilities {
  readonly can: readonly Request[]
  readonly cannot: readonly Request[]
}

const ROLES: Readonly<Record<string, Abilities>> = {
  'backend-engineer': {
    can: [...DEPLOYS_STAGING, ...LOOKS],
    cannot: [
      ['ecs:UpdateService', arn('ecs', 'service/production/app-orders')],
      ['lambda:UpdateFunctionCode', PRODUCTION_FUNCTION],
      ['iam:PassRole', iam('role/app-production-orders'), TO_ECS],
      ['iam:PassRole', iam('role/app-staging-orders'), TO_LAMBDA],
      ['ecr:PutImage', arn('ecr', 'repository/base/node')],
      ['ecr:GetAuthorizationToken', '*', ELSEWHERE],
      ['ecs:ListClusters', '*', ELSEWHERE],
      ['logs:FilterLogEvents', arn('logs', 'log-group:/audit/orders')],
      ['ssm:StartSession', INSTANCE, TAGGED('ssm:resourceTag/shell', 'allowed')],
      ['s3:GetObject', 'arn:aws:s3:::example-data-curated/x'],
      ['ec2:RunInstances', INSTANCE],
      ['ce:GetCostAndUsage', '*'],
    ],
  },
  'site-reliability-engineer': {
    can: [
      ...DEPLOYS_STAGING,
      ...LOOKS,
      ['ecs:UpdateService', arn('ecs', 'service/production/app-orders')],
      ['lambda:UpdateFunctionCode', PRODUCTION_FUNCTION],
      ['iam:PassRole', iam('role/app-production-orders'), TO_ECS],
      ['ec2:DescribeInstances', '*'],
      ['ec2:RebootInstances', INSTANCE, TAGGED('aws:ResourceTag/environment', 'production')],
      ['rds:RebootDBInstance', arn('rds', 'db:app-orders')],
      [
        'autoscaling:SetDesiredCapacity',
        arn('autoscaling', 'autoScalingGroup:1:autoScalingGroupName/app-orders'),
      ],
      ['cloudwatch:PutMetricAlarm', arn('cloudwatch', 'alarm:app-orders-errors')],
      ['ssm:StartSession', INSTANCE, TAGGED('ssm:resourceTag/shell', 'allowed')],
      ['ssm:TerminateSession', arn('ssm', `session/${USER}-0a1b`)],
    ],
    cannot: [
      ['ecs:UpdateService', arn('ecs', 'service/production/app-orders'), LATE],
      ['lambda:UpdateFunctionCode', PRODUCTION_FUNCTION, LATE],
      ['ec2:RebootInstances', INSTANCE, TAGGED('aws:ResourceTag/environment', 'finance')],
      ['ec2:RebootInstances', INSTANCE],
      ['ec2:TerminateInstances', INSTANCE, TAGGED('aws:ResourceTag/environment', 'production')],
      ['ssm:StartSession', INSTANCE],
      ['ssm:StartSession', INSTANCE, { ...LATE, 'ssm:resourceTag/shell': 'allowed' }],
      ['ssm:TerminateSession', arn('ssm', 'session/grace.hopper-0a1b')],
      ['ssm:SendCommand', INSTANCE, TAGGED('ssm:resourceTag/shell', 'allowed')],
      ['rds:DeleteDBInstance', arn('rds', 'db:app-orders')],
      ['ec2:DescribeInstances', '*', ELSEWHERE],
      ['s3:GetObject', 'arn:aws:s3:::example-data-curated/x'],
    ],
  },
  'data-analyst': {
    can: [
      ['athena:StartQueryExecution', arn('athena', 'workgroup/analytics')],
      ['athena:GetQueryResults', arn('athena', 'workgroup/analytics')],
      ['glue:GetTable', arn('glue', 'table/curated/orders')],
      ['s3:ListBucket', 'arn:aws:s3:::example-data-curated'],
      ['s3:GetObject', 'arn:aws:s3:::example-data-curated/orders/1.parquet'],
      ['s3:PutObject', `arn:aws:s3:::example-athena-results/${USER}/1.csv`],
    ],
    cannot: [
      ['athena:StartQueryExecution', arn('athena', 'workgroup/primary')],
      ['glue:GetTable', arn('glue', 'table/raw/orders')],
      ['glue:DeleteTable', arn('glue', 'table/curated/orders')],
      ['s3:GetObject', 'arn:aws:s3:::example-data-raw/orders/1.json'],
      ['s3:PutObject', 'arn:aws:s3:::example-data-curated/orders/1.parquet'],
      ['s3:GetObject', 'arn:aws:s3:::example-athena-results/grace.hopper/1.csv'],
      ['athena:StartQueryExecution', arn('athena', 'workgroup/analytics'), ELSEWHERE],
      ['ecs:UpdateService', arn('ecs', 'service/staging/app-orders')],
    ],
  },
  'engineering-manager': {
    can: [...LOOKS, ...READS_COSTS],
    cannot: [
      ...DEPLOYS_STAGING.filter(([action]) => action !== 'ecr:GetAuthorizationToken'),
      ...CHANGES_COSTS,
    ],
  },
  'security-auditor': {
    can: [
      ['iam:GetAccountAuthorizationDetails', '*'],
      ['iam:GenerateCredentialReport', '*'],
      ['iam:ListAttachedUserPolicies', iam('user/muster/grace.hopper')],
      ['cloudtrail:LookupEvents', '*'],
      ['cloudtrail:GetTrailStatus', arn('cloudtrail', 'trail/main')],
      ['s3:GetObject', 'arn:aws:s3:::example-cloudtrail/AWSLogs/1/x.json.gz'],
      ['s3:GetBucketPolicy', 'arn:aws:s3:::example-data-curated'],
      ['ec2:DescribeSecurityGroups', '*'],
      ['ec2:DescribeSecurityGroups', '*', ELSEWHERE],
      ['kms:ListKeys', '*'],
      ['access-analyzer:ListFindings', arn('access-analyzer', 'analyzer/main')],
    ],
    cannot: [
      ['s3:GetObject', 'arn:aws:s3:::example-data-curated/orders/1.parquet'],
      ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:db')],
      ['dynamodb:GetItem', arn('dynamodb', 'table/orders')],
      ['kms:Decrypt', arn('kms', 'key/1')],
      ['s3:PutBucketPolicy', 'arn:aws:s3:::example-data-curated'],
      ['ec2:AuthorizeSecurityGroupIngress', arn('ec2', 'security-group/sg-1')],
    ],
  },
  finance: {
    can: READS_COSTS,
    cannot: [
      ...CHANGES_COSTS,
      ['s3:GetObject', 'arn:aws:s3:::example-data-curated/orders/1.parquet'],
      ['s3:PutObject', 'arn:aws:s3:::example-cost-reports/2026/11.csv'],
      ['ec2:DescribeInstances', '*'],
      ['logs:FilterLogEvents', arn('logs', 'log-group:/app/orders')],
    ],
  },
}

test('every role of the example catalog is put to the test here', () => {
  assert.deepEqual(Object.keys(ROLES).sort(), Object.keys(EXAMPLE.roles).sort())
})

for (const [role, { can, cannot }] of Object.entries(ROLES)) {
  const description = EXAMPLE.roles[role]?.description

  test(`the role ${role} can do what its description says: ${description}`, async () => {
    for (const [action, resource, context] of can)
      assert.ok(await isAllowed(holderOf(role), action, resource, context), `${action} on ${resource}`)
  })

  test(`the role ${role} can do nothing beyond its description`, async () => {
    for (const [action, resource, context] of [...cannot, ...NOBODY])
      assert.ok(!(await isAllowed(holderOf(role), action, resource, context)), `${action} on ${resource}`)
  })

  test(`the boundary of the role ${role} holds even when somebody attaches more`, async () => {
    const { policies, boundary } = holderOf(role)
    const administrator = {
      policies: [
        ...policies,
        { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
      ],
      boundary,
    }
    for (const [action, resource, context] of NOBODY)
      assert.ok(!(await isAllowed(administrator, action, resource, context)), `${action} on ${resource}`)
  })
}

// The evaluator knows this action on `*` only; AWS's own example scopes it.
test('a shell can be talked to by whoever opened it, and by nobody else', () => {
  const { policies, boundary } = holderOf('site-reliability-engineer')
  const talks = [...policies, boundary].flatMap((document) =>
    statementsOf(document).filter(
      (statement) => statement.effect === 'Allow' && coversAction(statement, 'ssmmessages:OpenDataChannel'),
    ),
  )
  assert.deepEqual(
    talks.map(({ resources }) => resources),
    [['arn:aws:ssm:*:*:session/${aws:userid}-*'], ['arn:aws:ssm:*:*:session/${aws:userid}-*']],
  )
})
