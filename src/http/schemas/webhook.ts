/** What the HR system sends and is answered. For the description only: the intake room judges the bytes. */
import Type from 'typebox'
import { lifecycleKinds } from '../../lifecycle/events.ts'
import { nullableText, oneOf } from './common.ts'

const momentText = (description: string) =>
  Type.Optional(
    Type.String({ description: `${description} A date-time with offset, or a date in the employee's zone.` }),
  )

const optionalText = (maxLength: number, description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description }))

const fact = (maxLength: number, description: string) =>
  Type.Optional(nullableText({ maxLength, description: `${description} null takes it back.` }))

export const HrEventSchema = Type.Object(
  {
    type: oneOf(lifecycleKinds),
    timestamp: Type.String({ format: 'date-time', description: "When it happened, by the sender's clock." }),
    data: Type.Object(
      {
        employeeId: Type.String({ minLength: 1, maxLength: 128, description: "HR's own key of the person." }),
        givenName: optionalText(200, 'Required for employee.hired.'),
        familyName: optionalText(200, 'Required for employee.hired.'),
        email: optionalText(254, 'Required for employee.hired.'),
        role: optionalText(
          64,
          'A role of the catalog. Required for employee.hired and employee.role_changed.',
        ),
        startAt: momentText('When an employment begins; `timestamp` when left out.'),
        effectiveAt: momentText('When the change takes effect; `timestamp` when left out.'),
        urgent: Type.Optional(Type.Boolean({ description: 'Of employee.terminated.' })),
        department: fact(200, 'Department.'),
        managerId: fact(128, 'The `employeeId` of the manager.'),
        employmentType: fact(200, 'As HR calls it.'),
        timeZone: fact(64, 'IANA name; dates are read in it.'),
      },
      { additionalProperties: true, description: 'Fields that the type does not know are ignored.' },
    ),
  },
  {
    additionalProperties: true,
    examples: [
      {
        type: 'employee.hired',
        timestamp: '2026-11-23T09:00:00Z',
        data: {
          employeeId: 'E1001',
          givenName: 'Ada',
          familyName: 'Lovelace',
          email: 'ada@example.com',
          role: 'backend-engineer',
          startAt: '2026-12-01T09:00:00Z',
        },
      },
    ],
  },
)

export const WebhookHeaders = Type.Object({
  'webhook-id': Type.String({
    description:
      "The sender's own id of the message, the same for each attempt: what makes a repeat a repeat.",
  }),
  'webhook-timestamp': Type.String({
    description: 'Seconds since 1970-01-01T00:00:00Z; at most five minutes off.',
  }),
  'webhook-signature': Type.String({
    description:
      '`v1,` and the base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`; several, separated by spaces.',
  }),
})

export const ReceiptSchema = Type.Object({
  deliveryId: Type.String({ format: 'uuid', description: "Of a duplicate: the first one's." }),
  status: oneOf(['accepted', 'duplicate']),
})
