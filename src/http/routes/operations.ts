/** Operations: what Muster did in AWS, call by call. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { Problem } from '../../problem.ts'
import type { AppDeps } from '../deps.ts'
import { listOperations, readOperation } from '../reads/operations.ts'
import { answer, defaultLimit, idParams, oneOf, pageAnswer, pageQuery, ref } from '../schemas/common.ts'
import { employeeIdInput } from '../schemas/employee-input.ts'
import { OperationSchema, operationStatuses } from '../schemas/operation.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

export const operationRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (
  app,
  { deps: { store } },
) => {
  app.get(
    '/operations',
    {
      schema: {
        operationId: 'listOperations',
        tags: ['operations'],
        summary: 'List operations',
        description: 'Newest first, with their steps.',
        querystring: Type.Object(
          {
            ...pageQuery,
            employeeId: Type.Optional(employeeIdInput),
            status: Type.Optional(oneOf(operationStatuses, 'Only operations that stand so, or ended so.')),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageAnswer(ref(OperationSchema)), ...adminProblems },
      },
    },
    ({ query }) => listOperations(store.db, { ...query, limit: query.limit ?? defaultLimit }),
  )

  app.get(
    '/operations/:id',
    {
      schema: {
        operationId: 'getOperation',
        tags: ['operations'],
        summary: 'One operation',
        params: idParams('The operation.'),
        response: { 200: answer('The operation.', ref(OperationSchema)), ...adminProblems, ...problems(404) },
      },
    },
    async ({ params }) => {
      const operation = await readOperation(store.db, params.id)
      if (!operation) throw new Problem(404, 'no-such-operation', 'There is no operation of this id.')
      return operation
    },
  )
}
