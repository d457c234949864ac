/** Drifts: what somebody changed by hand, what became of it, and who it was. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { driftKindNames } from '../../drift/kinds.ts'
import { resolveMoment } from '../../lifecycle/moments.ts'
import { Problem } from '../../problem.ts'
import type { AppDeps } from '../deps.ts'
import { listDrifts, readDrift } from '../reads/drifts.ts'
import {
  answer,
  defaultLimit,
  idParams,
  momentQuery,
  oneOf,
  pageAnswer,
  pageQuery,
  ref,
} from '../schemas/common.ts'
import { attributions, DriftSchema, driftStatuses } from '../schemas/drift.ts'
import { employeeIdInput } from '../schemas/employee-input.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

export const driftRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps: { store } }) => {
  app.get(
    '/drifts',
    {
      schema: {
        operationId: 'listDrifts',
        tags: ['drift'],
        summary: 'List drifts',
        description: 'Newest first.',
        querystring: Type.Object(
          {
            ...pageQuery,
            employeeId: Type.Optional(employeeIdInput),
            kind: Type.Optional(oneOf(driftKindNames, 'Only drifts of this kind.')),
            status: Type.Optional(oneOf(driftStatuses, 'Only drifts that stand so.')),
            attribution: Type.Optional(
              oneOf(attributions, 'Only drifts of which it is known so far who did them, or not.'),
            ),
            since: momentQuery('Found then or later: a date-time with offset, or the beginning of a date.'),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageAnswer(ref(DriftSchema)), ...adminProblems },
      },
    },
    ({ query: { since, limit = defaultLimit, ...filter } }) =>
      listDrifts(store.db, {
        ...filter,
        since: since === undefined ? undefined : (resolveMoment(since, 'beginning') ?? undefined),
        limit,
      }),
  )

  app.get(
    '/drifts/:id',
    {
      schema: {
        operationId: 'getDrift',
        tags: ['drift'],
        summary: 'One drift',
        params: idParams('The drift.'),
        response: { 200: answer('The drift.', ref(DriftSchema)), ...adminProblems, ...problems(404) },
      },
    },
    async ({ params }) => {
      const drift = await readDrift(store.db, params.id)
      if (!drift) throw new Problem(404, 'no-such-drift', 'There is no drift of this id.')
      return drift
    },
  )
}
