/** Employees as the API shows them. */
import Type, { type Static } from 'typebox'
import { anyObject, moment, nullableMoment, nullableText, oneOf, ref } from './common.ts'

export const employeeStatuses = ['scheduled', 'active', 'suspended', 'terminated'] as const

export const identityStates = [
  'pending',
  'active',
  'awaiting_mfa',
  'locked',
  'deleted',
  'blocked',
  'conflict',
] as const

export const IdentitySchema = Type.Object(
  {
    accountId: Type.String({ description: 'The AWS account.', examples: ['123456789012'] }),
    userName: Type.String({ description: 'The name of the IAM user; given once, never changed.' }),
    state: oneOf(identityStates),
    reason: nullableText({ description: 'Why it is `blocked` or in `conflict`, and what to do about it.' }),
    groups: Type.Array(Type.String(), { description: 'The IAM groups it is in, as last seen or set.' }),
    mfaEnrolled: Type.Boolean(),
    consoleAccess: Type.Boolean({ description: 'It has a console password.' }),
    lastReconciledAt: nullableMoment('When Muster last made sure that IAM says what it should.'),
  },
  { $id: 'Identity', description: "One employee's IAM user in one AWS account." },
)

const Hold = Type.Unsafe<{ readonly reason: string; readonly since: string; readonly by: string } | null>({
  type: ['object', 'null'],
  description: "An administrator's security lock: no event undoes it, only an administrator does.",
  properties: { reason: { type: 'string' }, since: moment(), by: { type: 'string' } },
  required: ['reason', 'since', 'by'],
})

export const EmployeeSchema = Type.Object(
  {
    employeeId: Type.String({ description: "HR's own key of the person." }),
    givenName: Type.String(),
    familyName: Type.String(),
    email: Type.String(),
    role: Type.String({ description: 'A role of the catalog, as far as the catalog still has it.' }),
    status: oneOf(employeeStatuses),
    startAt: nullableMoment(),
    endAt: nullableMoment('When access ends or ended; null while no end is known.'),
    department: nullableText(),
    managerId: nullableText(),
    employmentType: nullableText(),
    timeZone: nullableText({ description: 'IANA name; plain dates are read in it.' }),
    hold: Hold,
    overrides: Type.Array(Type.Object({ field: Type.String(), value: Type.String(), since: moment() }), {
      description: 'What an administrator has set over what HR says, until it is lifted.',
    }),
    pending: Type.Array(Type.Object({ kind: Type.String(), timestamp: moment(), reason: Type.String() }), {
      description: 'Statements about this person that cannot be applied yet, with the reason.',
    }),
    identities: Type.Array(ref(IdentitySchema)),
  },
  {
    $id: 'Employee',
    description: 'A person as HR knows them, with what they have in AWS.',
    examples: [
      {
        employeeId: 'E1001',
        givenName: 'Ada',
        familyName: 'Lovelace',
        email: 'ada@example.com',
        role: 'backend-engineer',
        status: 'active',
        startAt: '2026-12-01T09:00:00.000Z',
        endAt: null,
        department: 'Engineering',
        managerId: 'E1000',
        employmentType: null,
        timeZone: 'Europe/London',
        hold: null,
        overrides: [],
        pending: [],
        identities: [
          {
            accountId: '123456789012',
            userName: 'ada.lovelace',
            state: 'awaiting_mfa',
            reason: null,
            groups: ['muster-baseline', 'engineering', 'deploy-staging'],
            mfaEnrolled: false,
            consoleAccess: false,
            lastReconciledAt: '2026-12-01T09:00:02.000Z',
          },
        ],
      },
    ],
  },
)

export type EmployeeAnswer = Static<typeof EmployeeSchema>

const PlannedStep = Type.Object({
  do: Type.String({ description: 'The IAM action.', examples: ['AddUserToGroup'] }),
  params: anyObject('Its parameters.'),
})

export const PlanPreviewSchema = Type.Object(
  {
    accountId: Type.String(),
    userName: Type.String(),
    desired: anyObject(
      'What the identity should be; `kind` says which: absent, active, locked, purged, blocked.',
    ),
    observed: oneOf(
      ['unknown', 'absent', 'present', 'foreign'],
      '`foreign`: the name belongs to a user that Muster does not manage; `unknown`: IAM did not answer.',
    ),
    steps: Type.Array(PlannedStep, {
      description: 'The calls that would be made, in this order; empty when nothing is to do.',
    }),
    waiting: Type.Array(PlannedStep, {
      description:
        'The calls that wait until CloudTrail is verified or a new catalog is in the account, as `blocked` says; otherwise empty.',
    }),
    blocked: nullableText({ description: 'Why nothing, or not everything, would be done; null otherwise.' }),
    warning: nullableText({
      description:
        'With `MUSTER_TRAIL_GATE=warn`, that it would give access although CloudTrail is not verified; null otherwise.',
    }),
  },
  { $id: 'PlanPreview', description: 'What a reconcile would do to one identity right now.' },
)
