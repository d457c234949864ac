/** Deliveries as administrators see them. */
import Type, { type Static } from 'typebox'
import { type DeliveryView, deliveryStatuses } from '../../intake/deliveries.ts'
import { moment, nullableMoment, nullableText, oneOf, uuid } from './common.ts'

export const DeliverySchema = Type.Object(
  {
    id: uuid('Later deliveries have greater ids.'),
    source: Type.String({ examples: ['hr'] }),
    senderId: Type.String({ description: "The sender's own id of the message (`webhook-id`)." }),
    receivedAt: moment(),
    kind: nullableText({
      description: 'Its type, as far as it could be read.',
      examples: ['employee.hired'],
    }),
    status: oneOf(
      deliveryStatuses,
      '`accepted`: about to be worked on; `applied`; `pending`: cannot be applied yet; `refused`: well signed but ' +
        'malformed; `failed`: given up after several tries.',
    ),
    reason: nullableText({ description: 'Why it is pending, refused or failed.' }),
    employeeIds: Type.Array(Type.String()),
    attempts: Type.Integer({ minimum: 0 }),
    processedAt: nullableMoment(),
    contentType: nullableText(),
    bodySha256: Type.String({ description: 'SHA-256 of the raw bytes, in hex.' }),
    bodyBytes: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      minimum: 0,
      description: 'Null once the raw bytes were removed: then it cannot be replayed.',
    }),
  },
  {
    $id: 'Delivery',
    description: 'One inbound message, and what became of it. Its bytes are never shown.',
    examples: [
      {
        id: '0199a8f2-69ff-7000-8000-000000000000',
        source: 'hr',
        senderId: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
        receivedAt: '2026-11-23T09:00:01.000Z',
        kind: 'employee.hired',
        status: 'applied',
        reason: null,
        employeeIds: ['E1001'],
        attempts: 1,
        processedAt: '2026-11-23T09:00:01.100Z',
        contentType: 'application/json',
        bodySha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        bodyBytes: 312,
      },
    ],
  },
)

export type DeliveryAnswer = Static<typeof DeliverySchema>

export function toDeliveryAnswer(view: DeliveryView): DeliveryAnswer {
  return {
    ...view,
    receivedAt: view.receivedAt.toISOString(),
    processedAt: view.processedAt?.toISOString() ?? null,
    employeeIds: [...view.employeeIds],
  }
}
