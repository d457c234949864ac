import { accepts, allow, allowing, IN_EUROPE, refuses } from '../lint-cases.ts'
import { SELF_SERVICE, statement, withBoundary, withPolicy } from '../samples.ts'

refuses([
  {
    says: 'a Principal',
    rule: 'principal-in-policy',
    catalog: withPolicy(statement({ ...allow('s3:GetObject'), Principal: '*' })),
  },
  {
    says: 'a NotPrincipal',
    rule: 'principal-in-policy',
    catalog: withPolicy(statement({ ...allow('s3:GetObject'), NotPrincipal: { AWS: '*' } })),
  },
  {
    says: 'Allow with NotAction',
    rule: 'allow-not-action',
    catalog: withPolicy(statement({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' })),
  },
  {
    says: 'Allow with NotResource',
    rule: 'allow-not-resource',
    catalog: withPolicy(
      statement({ Effect: 'Allow', Action: 's3:GetObject', NotResource: 'arn:aws:s3:::b/*' }),
    ),
  },
  { says: '* as an action', rule: 'every-action', catalog: allowing('*', 'arn:aws:s3:::b') },
  {
    says: '* as an action on everything',
    rule: 'every-action',
    catalog: allowing(['s3:GetObject', '*'], '*'),
  },
  { says: '*:* as an action', rule: 'every-action', catalog: allowing('*:*') },
  { says: '* as an action under a condition', rule: 'every-action', catalog: allowing('*', '*', IN_EUROPE) },
  {
    says: '* as an action in a boundary',
    rule: 'every-action',
    catalog: withBoundary(statement(allow('*', '*'))),
    at: { file: 'boundaries/b.json' },
  },
  {
    says: 'an action that AWS does not have',
    rule: 'unknown-action',
    catalog: allowing('s3:GetObjects'),
    message: /s3:GetObjects/,
  },
  { says: 'a service that AWS does not have', rule: 'unknown-action', catalog: allowing('s4:GetObject') },
  { says: 'a wildcard that matches no action', rule: 'unknown-action', catalog: allowing('s3:Fetch*') },
  { says: 'an action without a service', rule: 'unknown-action', catalog: allowing('GetObject') },
  { says: 'a service that is a path', rule: 'unknown-action', catalog: allowing('../services:x') },
  {
    says: 'a misspelt action in a Deny',
    rule: 'unknown-action',
    catalog: withPolicy(statement({ Effect: 'Deny', Action: 's3:DeletBucket', Resource: '*' })),
  },
  {
    says: 'a misspelt action in a Deny with NotAction',
    rule: 'unknown-action',
    catalog: withPolicy(statement({ Effect: 'Deny', NotAction: 'iam:ChangePasword', Resource: '*' })),
  },
  {
    says: 'an action without a type of resource on named resources',
    rule: 'allows-nothing',
    catalog: allowing(['logs:StartQuery', 'logs:StopQuery'], 'arn:aws:logs:*:*:log-group:/app/*'),
    message: /^allows logs:StopQuery on/,
  },
  {
    says: 'a wildcard for nothing but such actions, on named resources',
    rule: 'allows-nothing',
    catalog: allowing('logs:StopQ*', 'arn:aws:logs:*:*:log-group:/app/*'),
  },
  {
    says: 'such an action on named resources in a boundary',
    rule: 'allows-nothing',
    catalog: withBoundary(
      statement(...SELF_SERVICE, allow('logs:StopQuery', 'arn:aws:logs:*:*:log-group:/app/*')),
    ),
    at: { file: 'boundaries/b.json', statement: 'Statement[3]' },
  },
  {
    says: 'a write action on everything',
    rule: 'write-on-everything',
    catalog: allowing('s3:DeleteBucket', '*'),
    message: /s3:DeleteBucket/,
  },
  {
    says: 'a write action on everything, in other case',
    rule: 'write-on-everything',
    catalog: allowing('S3:deletebucket', ['arn:aws:s3:::b', '*']),
  },
  { says: 'a whole service on everything', rule: 'write-on-everything', catalog: allowing('sqs:*', '*') },
  {
    says: 'a wildcard that also writes',
    rule: 'write-on-everything',
    catalog: allowing('s3:*Object', '*'),
    message: /s3:PutObject|s3:DeleteObject/,
  },
  {
    says: 'a permissions-management action on everything',
    rule: 'write-on-everything',
    catalog: allowing('s3:PutBucketPolicy', '*'),
  },
  {
    says: 'a tagging action on everything',
    rule: 'write-on-everything',
    catalog: allowing('ec2:CreateTags', '*'),
  },
  {
    says: 'a write action on all of a service',
    rule: 'write-on-everything',
    catalog: allowing('s3:PutObject', 'arn:aws:s3:::*'),
  },
  {
    says: 'a write action on arn:*',
    rule: 'write-on-everything',
    catalog: allowing('s3:PutObject', 'arn:aws:*'),
  },
  {
    says: 'a write action under an empty condition',
    rule: 'write-on-everything',
    catalog: allowing('s3:PutObject', '*', {}),
  },
  {
    says: 'a write action under a condition that always holds',
    rule: 'write-on-everything',
    catalog: allowing('s3:PutObject', '*', { StringLike: { 'aws:username': '*' } }),
  },
  {
    says: 'a write action on everything in a boundary',
    rule: 'write-on-everything',
    catalog: withBoundary(statement(...SELF_SERVICE, allow('s3:PutObject', '*'))),
    at: { file: 'boundaries/b.json', statement: 'Statement[3]' },
  },
])

accepts([
  ['reading everything', allowing(['s3:Get*', 'ec2:Describe*', 'iam:List*'], '*')],
  ['writing everything under a condition', allowing('s3:PutObject', '*', IN_EUROPE)],
  ['writing what is named', allowing('s3:PutObject', 'arn:aws:s3:::bucket/*')],
  ['a wildcard on named resources that also means what can be asked of them', allowing('s3:List*')],
  ['an action without a type of resource on everything', allowing('logs:StopQuery', '*')],
  [
    "the data channel of one's own sessions, which AWS scopes though its reference knows no resource",
    allowing('ssmmessages:OpenDataChannel', 'arn:aws:ssm:*:*:session/${aws:userid}-*'),
  ],
  ['actions in any case', allowing(['S3:getobject', 'Ec2:DESCRIBE*'], '*')],
  ['Deny of every action', withPolicy(statement({ Effect: 'Deny', Action: '*', Resource: '*' }))],
  [
    'Deny with NotAction and NotResource',
    withPolicy(statement({ Effect: 'Deny', NotAction: 's3:*', NotResource: 'arn:aws:s3:::b' })),
  ],
])
