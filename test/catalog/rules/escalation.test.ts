import { accepts, allow, allowing, IN_EUROPE, inRolesFile, refuses } from '../lint-cases.ts'
import { draft, policy, statement, withPolicy } from '../samples.ts'

refuses([
  {
    says: 'a right to attach policies, even to oneself alone',
    rule: 'privilege-escalation',
    catalog: allowing('iam:AttachUserPolicy', 'arn:aws:iam::*:user/muster/${aws:username}'),
  },
  ...[
    '*',
    'arn:*',
    'arn:aws:iam::aws:policy/*',
    'arn:aws:iam::*:policy/*',
    'arn:aws:iam::111122223333:policy/*',
    'arn:aws:iam::aws:policy/Admin*',
    'arn:aws:iam::aws:policy/AdministratorAccess',
    'arn:aws-us-gov:iam::aws:policy/IAMFullAccess',
    ['arn:aws:iam::aws:policy/ReadOnlyAccess', 'arn:aws:iam::aws:policy/PowerUserAccess'],
  ].map((policyArn) => ({
    says: `a right to attach what is bound to ${policyArn}, which leaves the strongest policies in`,
    rule: 'privilege-escalation' as const,
    catalog: allowing('iam:AttachUserPolicy', 'arn:aws:iam::*:user/x', {
      ArnLike: { 'iam:PolicyARN': policyArn },
    }),
  })),
  {
    says: 'a right to put a boundary that bounds nothing',
    rule: 'privilege-escalation',
    catalog: allowing('iam:PutUserPermissionsBoundary', 'arn:aws:iam::*:user/x', {
      StringEquals: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
    }),
  },
  {
    says: 'a right to join groups',
    rule: 'privilege-escalation',
    catalog: allowing('iam:AddUserToGroup', '*', IN_EUROPE),
  },
  {
    says: 'a right hidden behind a wildcard',
    rule: 'privilege-escalation',
    catalog: allowing('iam:*PolicyVersion', 'arn:aws:iam::*:policy/x'),
    message: /iam:CreatePolicyVersion, iam:DeletePolicyVersion, iam:SetDefaultPolicyVersion/,
  },
  {
    says: 'a right to make access keys',
    rule: 'privilege-escalation',
    catalog: allowing('iam:CreateAccessKey', 'arn:aws:iam::*:user/*'),
  },
  ...[
    ['iam:DetachGroupPolicy', 'group/muster/muster-quarantine'],
    ['iam:DeleteGroupPolicy', 'group/muster/*'],
    ['iam:PutGroupPolicy', 'group/muster/muster-baseline'],
    ['iam:DeleteGroup', 'group/muster/*'],
    ['iam:UpdateGroup', 'group/muster/muster-quarantine'],
    ['iam:DeletePolicy', 'policy/muster/*'],
    ['iam:DeletePolicyVersion', 'policy/muster/muster-baseline'],
    ['iam:DetachUserPolicy', 'user/muster/*'],
    ['iam:DeleteUserPolicy', 'user/muster/*'],
  ].map(([action, resource]) => ({
    says: `a right to take off what forbids, by ${action}`,
    rule: 'privilege-escalation' as const,
    catalog: allowing(action, `arn:aws:iam::*:${resource}`),
  })),
  {
    says: 'a right to become any role',
    rule: 'privilege-escalation',
    catalog: allowing('sts:AssumeRole', 'arn:aws:iam::*:role/*'),
  },
  {
    says: 'a right to change any function',
    rule: 'privilege-escalation',
    catalog: allowing('lambda:UpdateFunctionCode', 'arn:aws:lambda:*:*:function:*'),
  },
  {
    says: 'a right to a shell on any machine',
    rule: 'privilege-escalation',
    catalog: allowing('ssm:StartSession', 'arn:aws:ec2:*:*:instance/*', {
      Bool: { 'aws:MultiFactorAuthPresent': 'true' },
    }),
  },
  {
    says: 'PassRole on all roles with something to pass them to',
    rule: 'privilege-escalation',
    catalog: allowing(['iam:PassRole', 'lambda:CreateFunction'], '*', IN_EUROPE),
    message: /lambda:CreateFunction/,
  },
  {
    says: 'PassRole and what to pass it to, in two groups of one role',
    rule: 'privilege-escalation',
    catalog: draft({
      groups: {
        passes: {
          policies: [
            policy('passes', statement({ Sid: 'Pass', ...allow('iam:PassRole', 'arn:aws:iam::*:role/*') })),
          ],
        },
        launches: {
          policies: [policy('launches', statement(allow('ec2:RunInstances', 'arn:aws:ec2:*:*:instance/*')))],
        },
      },
      roles: { r: { groups: ['passes', 'launches'] } },
    }),
    at: { file: 'policies/passes.json', statement: 'Pass' },
    message: /role r: .*ec2:RunInstances/,
  },
  {
    says: 'PassRole limited to the very service that the role may use',
    rule: 'privilege-escalation',
    catalog: withPolicy(
      statement(
        {
          Sid: 'Pass',
          ...allow('iam:PassRole', '*', { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } }),
        },
        allow('lambda:CreateFunction', 'arn:aws:lambda:*:*:function:app-*'),
      ),
    ),
    at: { statement: 'Pass' },
  },
  {
    says: 'a way up that is denied on all buckets only',
    rule: 'privilege-escalation',
    catalog: withPolicy(
      statement(allow('iam:PutUserPolicy', 'arn:aws:iam::*:user/x'), {
        Effect: 'Deny',
        Action: '*',
        Resource: 'arn:aws:s3:::*',
      }),
    ),
  },
  {
    says: 'a way up in a group that no role has yet',
    rule: 'privilege-escalation',
    catalog: draft({
      groups: {
        g: { policies: [policy('p', statement(allow('iam:PutUserPolicy', 'arn:aws:iam::*:user/x')))] },
      },
    }),
    message: /group g/,
  },
  {
    says: 'AdministratorAccess',
    rule: 'broad-aws-policy',
    catalog: draft({
      groups: { g: { awsManagedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess'] } },
    }),
    at: inRolesFile,
  },
  {
    says: 'a policy of full access by AWS',
    rule: 'broad-aws-policy',
    catalog: draft({ groups: { g: { awsManagedPolicies: ['arn:aws:iam::aws:policy/AmazonS3FullAccess'] } } }),
    at: inRolesFile,
  },
  {
    says: 'a job function that writes',
    rule: 'broad-aws-policy',
    catalog: draft({
      groups: { g: { awsManagedPolicies: ['arn:aws:iam::aws:policy/job-function/Billing'] } },
    }),
    at: inRolesFile,
  },
])

accepts([
  [
    'passing a named role',
    allowing(
      ['iam:PassRole', 'lambda:CreateFunction'],
      ['arn:aws:iam::*:role/app-*', 'arn:aws:lambda:*:*:function:app-*'],
    ),
  ],
  [
    'passing any role to a service that the role cannot use',
    withPolicy(
      statement(
        allow('iam:PassRole', 'arn:aws:iam::*:role/*', {
          StringEquals: { 'iam:PassedToService': 'glue.amazonaws.com' },
        }),
        allow('lambda:CreateFunction', 'arn:aws:lambda:*:*:function:app-*'),
      ),
    ),
  ],
  ['becoming a named role', allowing('sts:AssumeRole', 'arn:aws:iam::111122223333:role/reader')],
  [
    'a shell on tagged machines',
    allowing('ssm:StartSession', 'arn:aws:ec2:*:*:instance/*', {
      StringEquals: { 'aws:ResourceTag/shell': 'allowed' },
    }),
  ],
  [
    'attaching one policy only',
    allowing('iam:AttachRolePolicy', 'arn:aws:iam::*:role/app-*', {
      ArnEquals: { 'iam:PolicyARN': 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
    }),
  ],
  [
    'attaching policies of a few names',
    allowing('iam:AttachRolePolicy', 'arn:aws:iam::*:role/app-*', {
      ArnLike: {
        'iam:PolicyARN': ['arn:aws:iam::111122223333:policy/app-*', 'arn:aws:iam::aws:policy/AmazonS3Read*'],
      },
    }),
  ],
  [
    'a way up that is denied altogether',
    withPolicy(
      statement(allow('iam:Put*', 'arn:aws:iam::*:user/x'), {
        Effect: 'Deny',
        Action: 'iam:*',
        Resource: '*',
      }),
    ),
  ],
])
