import { known, unknown } from '../../../../src/aws/fact.ts'
import type { PolicyDocument } from '../../../../src/catalog/catalog.ts'
import type { RolesRead } from '../../../../src/compliance/snapshot.ts'
import {
  ACCOUNT_ID,
  allow,
  authorization,
  awsPolicyArn,
  type Change,
  daysAgo,
  denied,
  group,
  groupArn,
  identity,
  inOrder,
  NOW,
  policy,
  policyArn,
  put,
  ROOT,
  user,
  userArn,
} from '../../accounts.ts'
import type { Row, Table } from '../row.ts'

const unread: Row['unknown'][number] = {
  says: 'users, groups and policies may not be read',
  when: put({ authorization: denied('iam:GetAccountAuthorizationDetails') }),
  permissions: ['iam:GetAccountAuthorizationDetails'],
}
const X = policyArn('x')
const attached = (document: PolicyDocument | undefined): Change => policy(X, document, 'engineering')
const inline = (...documents: (PolicyDocument | undefined)[]) =>
  group('engineering', {
    inlinePolicies: documents.map((document, n) => ({ name: `inline-${n}`, document })),
  })
const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT_ID}:role/${name}`
const roles = (found: Partial<RolesRead>) =>
  put({ roles: known({ count: 2, administrators: [], unreadable: [], readAt: NOW, ...found }) })
const statements = (...all: object[]): PolicyDocument => ({ Version: '2012-10-17', Statement: all })

const BUT_IAM = statements({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' })

/** By each of them its holder has everything. */
const administrative: readonly (readonly [says: string, document: PolicyDocument])[] = [
  ['allows * on *', allow('*')],
  ['allows a list with * on a list with *', allow(['s3:GetObject', '*'], ['arn:aws:s3:::b', '*'])],
  ['allows *:*', allow('*:*')],
  [
    'has one statement and no list',
    { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
  ],
  [
    'allows everything with MFA',
    allow('*', '*', { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
  ],
  [
    'allows everything but one harmless thing',
    statements({ Effect: 'Allow', NotAction: 's3:DeleteBucket', Resource: '*' }),
  ],
  [
    'allows everything on all but one bucket',
    statements({ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::b/*' }),
  ],
  [
    'allows everything but IAM, and IAM',
    statements(
      { Effect: 'Allow', NotAction: ['iam:*'], Resource: '*' },
      { Effect: 'Allow', Action: 'IAM:*', Resource: '*' },
    ),
  ],
  [
    'denies something of what it allows',
    statements(
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 's3:DeleteBucket', Resource: '*' },
    ),
  ],
]

/** None of them is everything. */
const limited: readonly (readonly [says: string, document: PolicyDocument])[] = [
  ['allows all of one service', allow('s3:*')],
  ['allows everything on one bucket', allow('*', 'arn:aws:s3:::b/*')],
  ['allows everything on all buckets', allow('*', 'arn:aws:s3:::*')],
  ['denies everything', statements({ Effect: 'Deny', Action: '*', Resource: '*' })],
  [
    'allows everything on all that is not of IAM',
    statements({ Effect: 'Allow', Action: '*', NotResource: 'arn:aws:iam::*:*' }),
  ],
  ['allows everything but IAM', BUT_IAM],
]

const managedAdministrators = (arn: string, lists: { fails: string; other: string }): Row => ({
  fails: administrative.map(([says, document]) => ({
    says: `${lists.fails} ${says}`,
    when: policy(arn, document, 'engineering'),
    names: [arn],
  })),
  unknown: [
    unread,
    {
      says: 'one policy could not be read, and another is bad for sure',
      when: inOrder(
        policy(arn, allow('*'), 'engineering'),
        policy(`${arn}-unread`, undefined, 'engineering'),
      ),
      finds: [arn],
    },
  ],
  passes: [
    ...limited.map(([says, document]) => ({
      says: `${lists.fails} ${says}`,
      when: policy(arn, document, 'engineering'),
    })),
    { says: 'nobody carries it', when: policy(arn, allow('*'), undefined, { attachmentCount: 0 }) },
    { says: lists.other, when: policy(lists.other, allow('*'), 'engineering') },
  ],
})

const fullAccess = (service: 'cloudtrail' | 'kms', reads: string): Row => ({
  fails: [
    { says: `a policy allows ${service}:* on *`, when: attached(allow(`${service}:*`)), names: [X] },
    {
      says: 'it is in a list, in capitals, on all resources of the service',
      when: attached(allow(['s3:GetObject', `${service.toUpperCase()}:*`], `arn:aws:${service}:*:*:*`)),
      names: [X],
    },
    {
      says: 'it is left in by NotAction',
      when: attached(statements({ Effect: 'Allow', NotAction: ['iam:*', 'organizations:*'], Resource: '*' })),
      names: [X],
    },
    {
      says: 'two statements come to it',
      when: attached(
        statements(
          { Effect: 'Allow', Action: [`${service}:C*`, `${service}:D*`], Resource: '*' },
          { Effect: 'Allow', NotAction: [`${service}:C*`, `${service}:D*`, 'iam:*'], Resource: '*' },
        ),
      ),
      names: [X],
    },
    {
      says: 'it is an inline policy of a group',
      when: inline(allow(`${service}:*`)),
      names: [groupArn('engineering')],
    },
    {
      says: 'it is an inline policy of a user',
      when: user('user-1', { inlinePolicies: [{ name: 'tmp', document: allow(`${service}:*`) }] }),
      names: [userArn('user-1')],
    },
    {
      says: 'AWS wrote it',
      when: policy(awsPolicyArn('SomeFullAccess'), allow(`${service}:*`), 'engineering'),
      names: [awsPolicyArn('SomeFullAccess')],
    },
  ],
  unknown: [unread, { says: 'an inline policy could not be read', when: inline(undefined) }],
  passes: [
    { says: 'only reads are allowed', when: attached(allow(reads)) },
    {
      says: 'one thing is named',
      when: attached(allow(`${service}:*`, `arn:aws:${service}:eu-west-1:1:key/a`)),
    },
    {
      says: 'the worst is denied',
      when: attached(
        statements(
          { Effect: 'Allow', Action: `${service}:*`, Resource: '*' },
          { Effect: 'Deny', Action: [`${service}:D*`, `${service}:P*`], Resource: '*' },
        ),
      ),
    },
    { says: 'everything is allowed, which another control says', when: attached(allow('*')) },
  ],
})

export const leastPrivilege: Table = {
  'administrator-customer-policies': managedAdministrators(X, {
    fails: 'a policy',
    other: awsPolicyArn('AdministratorAccess'),
  }),
  'administrator-aws-policies': managedAdministrators(awsPolicyArn('AdministratorAccess'), {
    fails: 'a policy of AWS',
    other: X,
  }),
  'administrator-inline-policies': {
    fails: [
      ...administrative.map(([says, document]) => ({
        says: `an inline policy of a group ${says}`,
        when: inline(allow('s3:*'), document),
        names: [groupArn('engineering')],
      })),
      {
        says: 'an inline policy of a user allows everything',
        when: user('user-1', { inlinePolicies: [{ name: 'tmp', document: allow('*') }] }),
        names: [userArn('user-1')],
      },
      {
        says: 'an inline policy of a role allows everything',
        when: roles({ administrators: [{ arn: roleArn('deployer'), policies: ['all'] }] }),
        names: [roleArn('deployer')],
        message: /^Role deployer, by an inline policy, has full administrator rights$/,
      },
    ],
    unknown: [
      unread,
      {
        says: 'there are more roles than a scan may read, and one inline policy is bad for sure',
        when: inOrder(inline(allow('*')), put({ roles: unknown('they have not been read yet') })),
        finds: [groupArn('engineering')],
      },
      {
        says: 'an inline policy of a role could not be read, and one of another allows everything',
        when: roles({
          administrators: [{ arn: roleArn('deployer'), policies: ['all'] }],
          unreadable: [roleArn('other')],
        }),
        finds: [roleArn('deployer')],
      },
      {
        says: 'one inline policy could not be read, and another is bad for sure',
        when: inline(allow('*'), undefined),
        finds: [groupArn('engineering')],
      },
    ],
    passes: limited.map(([says, document]) => ({
      says: `an inline policy ${says}`,
      when: inline(document),
    })),
  },
  'privilege-escalation': {
    fails: [
      {
        says: 'a group may attach policies',
        when: attached(allow('iam:AttachUserPolicy')),
        names: [groupArn('engineering')],
        message: /iam:AttachUserPolicy lets its holder take more rights/,
      },
      {
        says: 'an inline policy of a group passes any role to a function',
        when: inline(allow(['iam:PassRole', 'lambda:CreateFunction'])),
        names: [groupArn('engineering')],
        message: /lambda:CreateFunction/,
      },
      {
        says: 'a policy that AWS wrote opens the way, by NotAction too',
        when: policy(
          awsPolicyArn('PowerUserAccess'),
          statements({ Effect: 'Allow', NotAction: ['iam:*', 'organizations:*'], Resource: '*' }),
          'engineering',
        ),
        names: [groupArn('engineering')],
        message: /leads to every role in use/,
      },
      {
        says: 'two groups that one user is in open it together',
        when: inOrder(
          policy(X, allow('iam:PassRole'), 'engineering'),
          policy(policyArn('y'), allow('ec2:RunInstances', 'arn:aws:ec2:*:*:instance/*'), 'administration'),
          user('user-1', { groups: ['muster-baseline', 'engineering', 'administration'] }),
        ),
        names: [groupArn('engineering')],
        message: /ec2:RunInstances/,
      },
      {
        says: 'one policy of a group allows everything but IAM, and another IAM',
        when: inOrder(
          policy(awsPolicyArn('PowerUserAccess'), BUT_IAM, 'engineering'),
          inline(allow('iam:*')),
        ),
        names: [groupArn('engineering')],
        message: /: its policies allow everything together, though none does alone;.* iam:AddUserToGroup/,
      },
      {
        says: 'what completes everything is bound to tags, which is no way of its own',
        when: inline(
          BUT_IAM,
          allow('iam:*', '*', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'a' } } }),
        ),
        names: [groupArn('engineering')],
        message: /allow everything together/,
      },
      {
        says: "a group may attach AWS's policies, the strongest among them",
        when: attached(
          allow('iam:AttachUserPolicy', '*', {
            Condition: { ArnLike: { 'iam:PolicyARN': 'arn:aws:iam::aws:policy/*' } },
          }),
        ),
        names: [groupArn('engineering')],
      },
    ],
    unknown: [
      unread,
      {
        says: 'a policy of a group could not be read, and another leads up for sure',
        when: inOrder(attached(undefined), inline(allow('iam:PutUserPolicy'))),
        finds: [groupArn('engineering')],
      },
      {
        says: 'a policy of a group is not among those that were read',
        when: group('engineering', { attachedPolicyArns: [policyArn('not-told')] }),
      },
    ],
    passes: [
      { says: 'one policy allows everything, which another control says', when: attached(allow('*')) },
      { says: 'a user has it, by no group', when: user('user-1', { attachedPolicyArns: [X] }) },
      {
        says: 'nobody is in both groups that would open it together',
        when: inOrder(
          policy(X, allow('iam:PassRole'), 'engineering'),
          policy(policyArn('y'), allow('ec2:RunInstances', 'arn:aws:ec2:*:*:instance/*'), 'administration'),
        ),
      },
      {
        says: 'named roles may be passed',
        when: attached(allow(['iam:PassRole', 'ec2:*'], `arn:aws:iam::${ACCOUNT_ID}:role/app-x`)),
      },
    ],
  },
  'missing-boundaries': {
    fails: [
      {
        says: 'the boundary of a user was taken off',
        when: user('user-1', { boundaryArn: null }),
        names: [userArn('user-1')],
        message: /has no boundary/,
      },
      {
        says: 'a user has another boundary',
        when: user('user-1', { boundaryArn: policyArn('wide') }),
        names: [userArn('user-1')],
        message: /has the boundary wide, not that of role engineer/,
      },
      {
        says: 'the boundary of a user was taken off, and Muster may not put it back',
        when: inOrder(user('user-1', { boundaryArn: null }), identity('user-1', { state: 'blocked' })),
        names: [userArn('user-1')],
        message: /has no boundary/,
      },
      {
        says: 'that of a user whose role is not known was taken off',
        when: inOrder(
          user('user-1', { boundaryArn: null }),
          identity('user-1', { state: 'blocked', role: 'wizard', boundaryArn: null }),
        ),
        names: [userArn('user-1')],
      },
    ],
    unknown: [unread],
    passes: [
      {
        says: 'somebody has the boundary of a former role still, and waits for that of the new one',
        when: inOrder(
          user('user-1', { boundaryArn: policyArn('former') }),
          identity('user-1', { state: 'blocked' }),
        ),
      },
      {
        says: 'somebody is locked, with the boundary of last resort',
        when: inOrder(
          user('user-1', { boundaryArn: awsPolicyArn('AWSDenyAll') }),
          identity('user-1', { state: 'locked' }),
        ),
      },
      {
        says: 'a user that is not of Muster has none',
        when: authorization(({ users }) => ({
          users: users.map((each) =>
            each.userName === 'user-1' ? { ...each, userId: 'AIDAX', boundaryArn: null } : each,
          ),
        })),
      },
    ],
  },
  'cloudtrail-full-access': fullAccess('cloudtrail', 'cloudtrail:Describe*'),
  'kms-full-access': fullAccess('kms', 'kms:Describe*'),
  'cloudshell-full-access': {
    fails: [
      { users: ['ada'], groups: [], roles: [] },
      { users: [], groups: ['eng'], roles: [] },
      { users: [], groups: [], roles: ['app'] },
    ].map((holders) => ({
      says: `it is attached to ${JSON.stringify(holders)}`,
      when: put({ cloudShellFullAccess: known(holders) }),
      names: [awsPolicyArn('AWSCloudShellFullAccess')],
    })),
    unknown: [
      {
        says: 'it may not be asked',
        when: put({ cloudShellFullAccess: denied('iam:ListEntitiesForPolicy') }),
        permissions: ['iam:ListEntitiesForPolicy'],
      },
    ],
  },
  'support-role': {
    fails: [
      {
        says: 'a user and a group have it, and no role',
        when: put({ supportAccess: known({ users: ['ada'], groups: ['support'], roles: [] }) }),
        names: [awsPolicyArn('AWSSupportAccess')],
      },
    ],
    unknown: [
      {
        says: 'it may not be asked',
        when: put({ supportAccess: denied('iam:ListEntitiesForPolicy') }),
        permissions: ['iam:ListEntitiesForPolicy'],
      },
    ],
  },
  'saml-provider': {
    fails: [{ says: 'there is none', when: put({ samlProviders: known([]) }), names: [ROOT] }],
    unknown: [
      {
        says: 'they may not be listed',
        when: put({ samlProviders: denied('iam:ListSAMLProviders') }),
        permissions: ['iam:ListSAMLProviders'],
      },
    ],
  },
  'expired-server-certificates': {
    fails: [
      {
        says: 'one of two has expired',
        when: put({
          serverCertificates: known([
            { name: 'old', expiresAt: daysAgo(0.1) },
            { name: 'new', expiresAt: daysAgo(-1) },
          ]),
        }),
        names: [`arn:aws:iam::${ACCOUNT_ID}:server-certificate/old`],
      },
    ],
    unknown: [
      {
        says: 'they may not be listed',
        when: put({ serverCertificates: denied('iam:ListServerCertificates') }),
        permissions: ['iam:ListServerCertificates'],
      },
    ],
  },
  'unused-permissions': {
    fails: [
      {
        says: 'members of a group used one service long ago and another never',
        when: usageOf('engineering', {
          services: [
            { namespace: 's3', usedAt: daysAgo(1) },
            { namespace: 'sqs', usedAt: daysAgo(91) },
            { namespace: 'ecs', usedAt: null },
          ],
        }),
        names: [groupArn('engineering')],
        message: /sqs, ecs/,
      },
      {
        says: 'nobody used IAM, of which more is allowed than passing a role',
        when: inOrder(
          attached(allow(['IAM:PassRole', 'iam:GetRole'], 'arn:aws:iam::*:role/task')),
          usageOf('engineering', { services: [{ namespace: 'iam', usedAt: null }] }),
        ),
        names: [groupArn('engineering')],
        message: /: iam$/,
      },
    ],
    unknown: [
      unread,
      { says: 'nobody looked yet', when: put({ usage: [] }) },
      { says: 'the last look was 14 days ago', when: usageOf('engineering', { checkedAt: daysAgo(14) }) },
      { says: 'the last look is yet to come', when: usageOf('engineering', { checkedAt: daysAgo(-2) }) },
      {
        says: 'one group was not looked at, and another has what is not used',
        when: (account) => ({
          ...account,
          usage: [
            {
              groupName: 'administration',
              checkedAt: daysAgo(1),
              services: [{ namespace: 's3', usedAt: null }],
            },
          ],
        }),
        finds: [groupArn('administration')],
      },
    ],
    passes: [
      {
        says: 'the group is younger than the time asked for',
        when: inOrder(
          group('engineering', { createdAt: daysAgo(20) }),
          usageOf('engineering', { services: [{ namespace: 's3', usedAt: null }] }),
        ),
      },
      {
        says: 'of IAM all that is allowed is to pass a role, which AWS does not track',
        when: inOrder(
          attached(allow(['IAM:PassRole', 's3:GetObject'], 'arn:aws:iam::*:role/task')),
          usageOf('engineering', {
            services: [
              { namespace: 'iam', usedAt: null },
              { namespace: 's3', usedAt: daysAgo(1) },
            ],
          }),
        ),
      },
      {
        says: 'nobody is in the group',
        when: inOrder(
          user('user-1', { groups: [] }),
          user('user-2', { groups: [] }),
          usageOf('engineering', { services: [{ namespace: 's3', usedAt: null }] }),
        ),
      },
    ],
  },
}

function usageOf(groupName: string, change: object): Change {
  return (account) => ({
    ...account,
    usage: account.usage.map((each) => (each.groupName === groupName ? { ...each, ...change } : each)),
  })
}
