/**
 * What administrators may say about an employee. Each field is judged by the same check as when HR sends
 * it; but a field that is not known is refused here, since nobody is to think that a typing error counted.
 */
import Type, { type Static } from 'typebox'
import * as fields from '../../intake/fields.ts'
import { defineFormat, worded } from '../validation.ts'

const checks = {
  'employee-id': fields.employeeId,
  email: fields.email,
  moment: fields.moment,
  'date-time': fields.dateTime,
  'iana-time-zone': fields.timeZone,
  // Their lengths stand in the schemas.
  'plain-text': fields.text(Number.MAX_SAFE_INTEGER),
} as const
for (const [name, check] of Object.entries(checks)) defineFormat(name, check)

const text = (maxLength: number, description: string, format: keyof typeof checks = 'plain-text') =>
  ({ type: 'string', minLength: 1, maxLength, format, description }) as const

const employeeId = text(128, "HR's own key of the person.", 'employee-id')

/** The profile, field by field. */
const facts = {
  givenName: text(200, 'Given name.'),
  familyName: text(200, 'Family name.'),
  email: text(254, 'E-mail address.', 'email'),
  role: text(64, 'A role of the catalog.'),
  department: text(200, 'Department.'),
  managerId: text(128, 'The `employeeId` of the manager.', 'employee-id'),
  employmentType: text(200, 'As HR calls it.'),
  timeZone: text(64, 'IANA name; plain dates are read in it.', 'iana-time-zone'),
} as const

type FactName = keyof typeof facts

const given = (name: FactName) => Type.Unsafe<string>(facts[name])
const nullable = (name: FactName) =>
  Type.Optional(Type.Unsafe<string | null>({ ...facts[name], type: ['string', 'null'] }))
const moment = (description: string) =>
  Type.Optional(Type.Unsafe<string>({ type: 'string', maxLength: 64, format: 'moment', description }))

export const employeeIdInput = Type.Unsafe<string>(employeeId)

export const EmployeeIdParams = Type.Object({ employeeId: employeeIdInput })

/** The name of a role, as a path or a filter has it. */
export const roleInput = given('role')

export const HireBody = Type.Object(
  {
    employeeId: employeeIdInput,
    givenName: given('givenName'),
    familyName: given('familyName'),
    email: given('email'),
    role: given('role'),
    startAt: moment(
      'When access begins: a date-time with offset, or the beginning of a date. Left out: now.',
    ),
    department: nullable('department'),
    managerId: nullable('managerId'),
    employmentType: nullable('employmentType'),
    timeZone: nullable('timeZone'),
  },
  {
    additionalProperties: false,
    examples: [
      {
        employeeId: 'E1001',
        givenName: 'Ada',
        familyName: 'Lovelace',
        email: 'ada@example.com',
        role: 'backend-engineer',
        startAt: '2026-12-01',
      },
    ],
  },
)

export const OverridesBody = Type.Object(
  {
    givenName: nullable('givenName'),
    familyName: nullable('familyName'),
    email: nullable('email'),
    role: nullable('role'),
    department: nullable('department'),
    managerId: nullable('managerId'),
    employmentType: nullable('employmentType'),
    timeZone: nullable('timeZone'),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'A JSON merge patch (RFC 7396): a text overrides what HR says, null lets HR speak again.',
    examples: [{ role: 'data-analyst', department: null }],
  },
)

export const TerminateBody = Type.Object(
  {
    effectiveAt: moment('When access ends: a date-time with offset, or the end of a date. Left out: now.'),
    urgent: Type.Optional(Type.Boolean({ description: 'Kept with the event, as HR sends it.' })),
  },
  { additionalProperties: false, examples: [{ effectiveAt: '2026-12-31' }] },
)

export const HoldBody = Type.Object(
  { reason: Type.Unsafe<string>(text(1000, 'Why; shown with the employee and in the audit record.')) },
  { additionalProperties: false, examples: [{ reason: 'Laptop stolen, incident 4711' }] },
)

const accountId = worded('^\\d{12}$', 'must be the 12 digits of an AWS account')
const userName = worded('^[\\w+=,.@-]{1,64}$', 'must be 1 to 64 of the characters A-Z a-z 0-9 _+=,.@-')

export const ResolutionBody = Type.Object(
  {
    accountId: Type.Optional(
      Type.String({ pattern: accountId, description: 'Left out: the only account there is.' }),
    ),
    resolution: Type.Unsafe<'adopt' | 'rename'>({
      type: 'string',
      enum: ['adopt', 'rename'],
      description:
        '`adopt`: the user of this name is taken over; `rename`: the employee gets `userName` instead.',
    }),
    userName: Type.Optional(
      Type.String({ pattern: userName, description: 'The new name, for `rename` only.' }),
    ),
    mfaDeadline: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        maxLength: 64,
        format: 'date-time',
        description:
          'For `adopt` only: until then, at most 90 days ahead, the user keeps password and keys without MFA. ' +
          'Left out: they go at once.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ resolution: 'rename', userName: 'ada.lovelace2' }] },
)

export type ResolutionInput = Static<typeof ResolutionBody>
