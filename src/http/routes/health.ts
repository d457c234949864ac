/** What orchestrators and monitoring ask: outside of `/v1`, and open, since it tells nothing about anybody. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { AppDeps } from '../deps.ts'
import { checkReadiness } from '../readiness.ts'
import { answer, oneOf } from '../schemas/common.ts'
import { problems } from '../schemas/problem.ts'

const Readiness = Type.Object({
  status: oneOf(['ready', 'not_ready']),
  checks: Type.Array(
    Type.Object({
      name: oneOf(['database', 'migrations', 'account', 'catalog', 'trail']),
      status: oneOf(['ok', 'warning', 'failed'], 'A warning is shown, but does not keep traffic away.'),
      detail: Type.Optional(Type.String()),
    }),
  ),
})

export const healthRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'isAlive',
        tags: ['health'],
        security: [],
        summary: 'The process lives',
        response: { 200: answer('It does.', Type.Object({ status: oneOf(['ok']) })), ...problems(503) },
      },
    },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'isReady',
        tags: ['health'],
        security: [],
        summary: 'Traffic may come',
        description:
          'The database answers, its migrations are done, the AWS account is known, the catalog is applied, CloudTrail is on.',
        response: {
          200: answer('Ready.', Readiness),
          503: {
            description: 'Not ready; the checks say why.',
            content: { ...answer('', Readiness).content, ...problems(503)[503]?.content },
          },
        },
      },
    },
    async (_request, reply) => {
      const checks = await checkReadiness(deps)
      const ready = checks.every(({ status }) => status !== 'failed')
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', checks })
    },
  )

  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        tags: ['health'],
        security: [],
        summary: 'Metrics for Prometheus',
        response: {
          200: { description: 'The text format.', content: { 'text/plain': { schema: Type.String() } } },
          ...problems(503),
        },
      },
    },
    async (_request, reply) => reply.type(deps.registry.contentType).send(await deps.registry.metrics()),
  )
}
