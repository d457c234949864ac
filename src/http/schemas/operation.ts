/** Operations: recorded runs of plans. */
import Type, { type Static } from 'typebox'
import { anyObject, moment, nullableMoment, nullableText, oneOf, uuid } from './common.ts'

export const operationStatuses = ['running', 'done', 'failed', 'stopped', 'interrupted', 'planned'] as const

const operationKinds = ['join', 'move', 'lock', 'unlock', 'purge', 'repair', 'rotate', 'catalog'] as const

const StepSchema = Type.Object({
  do: Type.String({ description: 'The IAM action.', examples: ['AddUserToGroup'] }),
  params: anyObject('Its parameters, none of them secret.'),
  outcome: oneOf(
    ['planned', 'done', 'already', 'failed', 'skipped'],
    '`already`: IAM was as the step wanted it before the call.',
  ),
  requestId: Type.Optional(Type.String({ description: "AWS' request id, as CloudTrail shows it." })),
  startedAt: Type.Optional(moment()),
  durationMs: Type.Optional(Type.Number({ minimum: 0 })),
  attempts: Type.Optional(Type.Integer({ minimum: 0 })),
  error: Type.Optional(Type.String()),
})

export const OperationSchema = Type.Object(
  {
    id: uuid('Later operations have greater ids.'),
    accountId: Type.String(),
    employeeId: nullableText({
      description: 'Null for a run on the account itself: its groups and policies.',
    }),
    identityId: nullableText({ format: 'uuid' }),
    kind: oneOf(operationKinds),
    cause: Type.String({ description: 'What asked for it.' }),
    status: oneOf(
      operationStatuses,
      '`stopped`: something newer took over; `interrupted`: the process died; `planned`: observe mode.',
    ),
    steps: Type.Array(StepSchema),
    reason: nullableText({
      description:
        'What waits until CloudTrail is verified, or, with `MUSTER_TRAIL_GATE=warn`, that access was granted although it was not.',
    }),
    error: nullableText({ description: 'Why it failed.' }),
    startedAt: moment(),
    finishedAt: nullableMoment(),
    durationMs: Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0 }),
  },
  {
    $id: 'Operation',
    description: 'One recorded run of a plan.',
    examples: [
      {
        id: '0199a8f2-6a52-7d3e-9b1c-3f6d0c1a2b3c',
        accountId: '123456789012',
        employeeId: 'E1001',
        identityId: '0199a8f2-6a00-7a11-8c2d-5b7e9f001122',
        kind: 'join',
        cause: 'delivery 0199a8f2-69ff-7000-8000-000000000000',
        status: 'done',
        steps: [
          {
            do: 'AddUserToGroup',
            params: { UserName: 'ada.lovelace', GroupName: 'engineering' },
            outcome: 'done',
            requestId: '7a62c49f-347e-4fc4-9331-6e8eEXAMPLE',
            startedAt: '2026-12-01T09:00:01.000Z',
            durationMs: 41,
            attempts: 1,
          },
        ],
        reason: null,
        error: null,
        startedAt: '2026-12-01T09:00:00.900Z',
        finishedAt: '2026-12-01T09:00:01.100Z',
        durationMs: 200,
      },
    ],
  },
)

export type OperationAnswer = Static<typeof OperationSchema>
