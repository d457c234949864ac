import { accepts, allow, IN_EUROPE, inRolesFile, refuses } from '../lint-cases.ts'
import { draft, SELF_SERVICE, SOUND_POLICY, statement, withBoundary } from '../samples.ts'

const inBoundary = { file: 'boundaries/b.json', statement: null }
const selfServiceBut = (change: (statement: Record<string, unknown>) => unknown) =>
  withBoundary(statement(...SELF_SERVICE.map((one) => change({ ...one }))))

refuses([
  {
    says: 'a role without a boundary',
    rule: 'no-boundary',
    catalog: draft({ roles: { r: { boundary: null } } }),
    at: inRolesFile,
    message: /role r/,
  },
  {
    says: 'a boundary that forgets self-service',
    rule: 'boundary-blocks-baseline',
    catalog: withBoundary(SOUND_POLICY),
    at: inBoundary,
    message: /iam:ChangePassword \(without MFA\)/,
  },
  {
    says: 'a boundary that asks for MFA before a password is changed',
    rule: 'boundary-blocks-baseline',
    catalog: selfServiceBut((one) =>
      one.Action === 'iam:ChangePassword'
        ? { ...one, Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }
        : one,
    ),
    at: inBoundary,
  },
  {
    says: 'a boundary for users without a path',
    rule: 'boundary-blocks-baseline',
    catalog: selfServiceBut((one) => JSON.parse(JSON.stringify(one).replaceAll('user/muster/', 'user/'))),
    at: inBoundary,
  },
  {
    says: 'a boundary whose self-service hangs on the Region',
    rule: 'boundary-blocks-baseline',
    catalog: selfServiceBut((one) => ({ ...one, Condition: IN_EUROPE })),
    at: inBoundary,
  },
  {
    says: 'a boundary that forbids what it allowed',
    rule: 'boundary-blocks-baseline',
    catalog: withBoundary(
      statement(...SELF_SERVICE, { Effect: 'Deny', Action: 'iam:Update*', Resource: '*' }),
    ),
    at: inBoundary,
    message: /iam:UpdateAccessKey/,
  },
  {
    says: 'a boundary that forbids everything elsewhere, IAM included',
    rule: 'boundary-blocks-baseline',
    catalog: withBoundary(
      statement(...SELF_SERVICE, {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:RequestedRegion': 'eu-central-1' } },
      }),
    ),
    at: inBoundary,
  },
  {
    says: 'a boundary that its bearer may take off',
    rule: 'boundary-can-be-left',
    catalog: withBoundary(
      statement(...SELF_SERVICE, { Sid: 'Iam', ...allow('iam:*Boundary', 'arn:aws:iam::*:user/muster/*') }),
    ),
    at: { file: 'boundaries/b.json', statement: 'Iam' },
  },
  {
    says: 'a boundary that its bearer may rewrite',
    rule: 'boundary-can-be-left',
    catalog: withBoundary(
      statement(...SELF_SERVICE, allow('iam:CreatePolicyVersion', 'arn:aws:iam::*:policy/muster/*')),
    ),
    at: { file: 'boundaries/b.json', statement: 'Statement[3]' },
  },
  {
    says: 'a boundary whose bearer may empty the quarantine',
    rule: 'boundary-can-be-left',
    catalog: withBoundary(
      statement(...SELF_SERVICE, allow('iam:Detach*', 'arn:aws:iam::*:group/muster/muster-quarantine')),
    ),
    at: { file: 'boundaries/b.json', statement: 'Statement[3]' },
    message: /iam:DetachGroupPolicy/,
  },
  {
    says: 'a boundary whose bearer may empty the baseline',
    rule: 'boundary-can-be-left',
    catalog: withBoundary(
      statement(...SELF_SERVICE, allow('iam:DetachGroupPolicy', 'arn:aws:iam::*:group/muster/*')),
    ),
    at: { file: 'boundaries/b.json', statement: 'Statement[3]' },
  },
])

accepts([
  [
    'a boundary that forbids other Regions but not IAM',
    withBoundary(
      statement(...SELF_SERVICE, {
        Effect: 'Deny',
        NotAction: 'iam:*',
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:RequestedRegion': 'eu-central-1' } },
      }),
    ),
  ],
  [
    'a boundary that denies without MFA what the baseline denies',
    withBoundary(
      statement(...SELF_SERVICE, {
        Effect: 'Deny',
        NotAction: ['iam:ChangePassword', 'iam:GetAccountPasswordPolicy'],
        Resource: '*',
        Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
      }),
    ),
  ],
])
