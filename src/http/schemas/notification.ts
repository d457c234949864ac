/** Notifications: messages to endpoints and people. */
import Type, { type Static } from 'typebox'
import { notices } from '../../notify/announce.ts'
import { moment, nullableMoment, nullableText, oneOf, uuid } from './common.ts'

export const notificationStatuses = ['waiting', 'sent', 'failed'] as const

export const NotificationSchema = Type.Object(
  {
    id: uuid('The `webhook-id` of its tries. Later notifications have greater ids.'),
    type: oneOf(notices),
    at: moment('When it happened.'),
    channel: oneOf(['webhook', 'mail']),
    receiver: Type.String({
      description: 'A mail address, or the URL of an endpoint without its query and user.',
    }),
    employeeId: nullableText(),
    status: oneOf(notificationStatuses, '`failed`: not tried again, unless its dead letter is replayed.'),
    attempts: Type.Integer({ minimum: 0 }),
    error: nullableText({ description: 'Why its last try failed.' }),
    sentAt: nullableMoment(),
  },
  {
    $id: 'Notification',
    description: 'A message to one receiver. What it says is not shown: it may be a link.',
    examples: [
      {
        id: '0199a8f2-6a52-7d3e-9b1c-3f6d0c1a2b3c',
        type: 'enrollment.created',
        at: '2026-12-01T09:00:01.000Z',
        channel: 'mail',
        receiver: 'ada@example.com',
        employeeId: 'E1001',
        status: 'sent',
        attempts: 1,
        error: null,
        sentAt: '2026-12-01T09:00:02.000Z',
      },
    ],
  },
)

export type NotificationAnswer = Static<typeof NotificationSchema>
