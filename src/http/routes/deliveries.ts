/** Deliveries: what came in, what became of it, and the second chance. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { recordAudit } from '../../audit/record.ts'
import { deliveryStatuses, getDelivery, listDeliveries, replayDelivery } from '../../intake/deliveries.ts'
import { decodeCursor, pageOf } from '../cursor.ts'
import type { AppDeps } from '../deps.ts'
import { answer, defaultLimit, idParams, oneOf, pageAnswer, pageQuery, ref } from '../schemas/common.ts'
import { DeliverySchema, toDeliveryAnswer } from '../schemas/delivery.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

export const deliveryRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, clock, wakeIntake } = deps

  app.get(
    '/deliveries',
    {
      schema: {
        operationId: 'listDeliveries',
        tags: ['deliveries'],
        summary: 'List deliveries',
        description: 'Newest first.',
        querystring: Type.Object(
          {
            ...pageQuery,
            status: Type.Optional(oneOf(deliveryStatuses, 'Only deliveries of which this has become.')),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageAnswer(ref(DeliverySchema)), ...adminProblems },
      },
    },
    async ({ query: { status, cursor, limit = defaultLimit } }) => {
      const after = decodeCursor('deliveries', 'uuid', cursor)
      const found = await listDeliveries(store.db, { status, after, limit: limit + 1 })
      return pageOf('deliveries', found, limit, ({ id }) => id, toDeliveryAnswer)
    },
  )

  app.get(
    '/deliveries/:id',
    {
      schema: {
        operationId: 'getDelivery',
        tags: ['deliveries'],
        summary: 'One delivery',
        params: idParams('The delivery.'),
        response: {
          200: answer('The delivery.', ref(DeliverySchema)),
          ...adminProblems,
          ...problems(404),
        },
      },
    },
    async ({ params }) => toDeliveryAnswer(await getDelivery(store.db, params.id)),
  )

  app.post(
    '/deliveries/:id/replay',
    {
      schema: {
        operationId: 'replayDelivery',
        tags: ['deliveries'],
        summary: 'Work on it again',
        description:
          'Its bytes are read anew, whatever became of it. What was applied before is not applied twice.',
        params: idParams('The delivery.'),
        response: {
          202: answer('It is in the queue again.', ref(DeliverySchema)),
          ...adminProblems,
          ...problems(404, 409, 413, 415),
        },
      },
    },
    async ({ params: { id }, actor }, reply) => {
      const replayed = await store.db.transaction(async (tx) => {
        const delivery = await replayDelivery(tx, id)
        await recordAudit(tx, [
          {
            at: clock(),
            actor,
            action: 'delivery.replayed',
            details: { deliveryId: id, employeeIds: delivery.employeeIds },
          },
        ])
        return delivery
      })
      wakeIntake()
      return reply.code(202).send(toDeliveryAnswer(replayed))
    },
  )
}
