/** Drift: what was not as Muster left it, and who did it. */
import Type, { type Static } from 'typebox'
import { driftKindNames } from '../../drift/kinds.ts'
import { anyObject, moment, nullableMoment, nullableText, oneOf, uuid } from './common.ts'

export const driftStatuses = ['repaired', 'open', 'reported'] as const
export const attributions = ['pending', 'known', 'unknown'] as const

const CulpritSchema = Type.Object({
  eventId: Type.String({ description: "CloudTrail's." }),
  eventName: Type.String(),
  at: Type.String({ format: 'date-time' }),
  by: Type.String({ description: 'The ARN of whoever called; of an assumed role, that of the session.' }),
  accessKeyId: nullableText(),
  from: Type.String({ description: 'The source IP address, or the AWS service that called.' }),
  userAgent: nullableText(),
  requestId: nullableText(),
})

export const DriftSchema = Type.Object(
  {
    id: uuid('Later drifts have greater ids.'),
    accountId: Type.String(),
    employeeId: nullableText({ description: 'Null for what is about the account itself.' }),
    identityId: nullableText({ format: 'uuid' }),
    kind: oneOf(driftKindNames),
    resource: Type.String({ description: 'The ARN of what drifted, wherever there is one.' }),
    message: Type.String(),
    detail: anyObject('What was found: names, ARNs, before and after.'),
    detectedAt: moment(),
    since: nullableMoment('Until then it was as Muster left it; null when nobody had looked before.'),
    foundBy: oneOf(['sweep', 'event', 'look'], 'What made Muster look.'),
    status: oneOf(
      driftStatuses,
      'repaired: Muster set it right. open: not yet. reported: it is not for Muster to set right.',
    ),
    standing: Type.Boolean({ description: 'Still as it was found, as far as the last look tells.' }),
    operationId: nullableText({
      format: 'uuid',
      description: 'The run that set it right, or was the last to try; null while none has.',
    }),
    repairedAt: nullableMoment(),
    attribution: oneOf(
      attributions,
      'pending: looked for in the Event history. unknown: it does not tell; `attributionReason` says why.',
    ),
    attributionReason: nullableText(),
    culprit: Type.Unsafe<Static<typeof CulpritSchema> | null>({
      anyOf: [CulpritSchema, { type: 'null' }],
      description: "Who did it, as CloudTrail's Event history tells it.",
    }),
  },
  { $id: 'Drift', description: 'Something that was not as Muster left it, though Muster did not do it.' },
)

export type DriftAnswer = Static<typeof DriftSchema>
