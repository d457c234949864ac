/** The audit record as the API shows it. */
import Type from 'typebox'
import { moment, nullableText, oneOf, uuid } from './common.ts'

const Head = Type.Unsafe<{ readonly seq: number; readonly hash: string } | null>({
  type: ['object', 'null'],
  description: 'The last sealed record; null while none is.',
  properties: { seq: { type: 'integer' }, hash: { type: 'string' } },
  required: ['seq', 'hash'],
})

export const AuditEventSchema = Type.Object(
  {
    id: uuid('Nearly in the order of time.'),
    at: moment(),
    actor: Type.String({ description: 'Who or what caused it.' }),
    action: Type.String({
      description: 'What was done.',
      examples: ['employee.hired', 'step.AddUserToGroup'],
    }),
    employeeId: nullableText(),
    identityId: nullableText({ format: 'uuid' }),
    operationId: nullableText({ format: 'uuid' }),
    details: Type.Unsafe<Readonly<Record<string, unknown>> | null>({
      type: ['object', 'null'],
      additionalProperties: true,
      description: 'Before and after, the AWS request id; null when the record was made unreadable.',
    }),
    seq: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'Its number in the chain; null for the second or so until it is sealed.',
    }),
    hash: nullableText(),
  },
  { $id: 'AuditEvent', description: 'One record of the append-only, hash-chained audit trail.' },
)

export const VerificationSchema = Type.Object(
  {
    ok: Type.Boolean(),
    checked: Type.Integer({ minimum: 0, description: 'Sealed records read.' }),
    head: Head,
    faults: Type.Array(
      Type.Object({
        seq: Type.Integer(),
        kind: oneOf(['changed', 'missing', 'inserted', 'cut', 'columns', 'unknown-key']),
        detail: Type.String(),
      }),
      { description: 'The first hundred.' },
    ),
    faultCount: Type.Integer({ minimum: 0 }),
    oldestUnsealedSeconds: Type.Unsafe<number | null>({
      type: ['number', 'null'],
      minimum: 0,
      description:
        'Age of the oldest record that is not sealed yet, which nothing protects; null when all are.',
    }),
  },
  { $id: 'AuditVerification', description: 'What verifying the chain found.' },
)
