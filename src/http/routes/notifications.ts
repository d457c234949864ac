/** Notifications: what was sent to whom, and what was not. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { AppDeps } from '../deps.ts'
import { listNotifications } from '../reads/notifications.ts'
import { defaultLimit, oneOf, pageAnswer, pageQuery, ref } from '../schemas/common.ts'
import { NotificationSchema, notificationStatuses } from '../schemas/notification.ts'
import { adminProblems } from '../schemas/problem.ts'

export const notificationRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (
  app,
  { deps: { store } },
) => {
  app.get(
    '/notifications',
    {
      schema: {
        operationId: 'listNotifications',
        tags: ['notifications'],
        summary: 'List notifications',
        description: 'Newest first, of the last 30 days.',
        querystring: Type.Object(
          {
            ...pageQuery,
            status: Type.Optional(oneOf(notificationStatuses, 'Only messages of which this has become.')),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageAnswer(ref(NotificationSchema)), ...adminProblems },
      },
    },
    ({ query }) => listNotifications(store.db, { ...query, limit: query.limit ?? defaultLimit }),
  )
}
