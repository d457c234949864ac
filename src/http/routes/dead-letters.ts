/** Jobs that failed to the end of their tries: shown, and put back by an administrator. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { inArray } from 'drizzle-orm'
import Type from 'typebox'
import { recordAudit } from '../../audit/record.ts'
import type { FailedJob } from '../../jobs/jobs.ts'
import { Problem } from '../../problem.ts'
import { identities, notifications } from '../../store/schema.ts'
import type { AppDeps } from '../deps.ts'
import {
  answer,
  defaultLimit,
  idParams,
  moment,
  nullableText,
  pageAnswer,
  pageQuery,
  ref,
  uuid,
} from '../schemas/common.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

export const DeadLetterSchema = Type.Object(
  {
    id: uuid('The job.'),
    queue: Type.String({ description: 'Where it came from, and where a replay puts it.' }),
    identityId: nullableText({ format: 'uuid', description: 'The identity it was about.' }),
    notificationId: nullableText({ format: 'uuid', description: 'The message that was not delivered.' }),
    employeeId: nullableText(),
    failedAt: moment(),
    error: nullableText({ description: 'Why its last try failed.' }),
  },
  { $id: 'DeadLetter', description: 'A job that failed to the end of its tries.' },
)

export const deadLetterRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, jobs, clock } = deps

  app.get(
    '/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        tags: ['dead letters'],
        summary: 'List failed jobs',
        description: 'Oldest first, one page only: whatever is beyond it shows once these are replayed.',
        querystring: Type.Object({ limit: pageQuery.limit }, { additionalProperties: false }),
        response: { 200: pageAnswer(ref(DeadLetterSchema)), ...adminProblems },
      },
    },
    async ({ query }) => {
      const dead = await jobs.deadLetters(query.limit ?? defaultLimit)
      const employeeIds = await employeesOf(dead)
      const items = dead.map((job) => ({
        ...job,
        failedAt: job.failedAt.toISOString(),
        employeeId: employeeIds.get(job.identityId ?? job.notificationId ?? '') ?? null,
      }))
      return { items, nextCursor: null }
    },
  )

  app.post(
    '/dead-letters/:id/replay',
    {
      schema: {
        operationId: 'replayDeadLetter',
        tags: ['dead letters'],
        summary: 'Put a failed job back into its queue',
        description: 'It is taken up again as if it had just been asked for. Mend what made it fail first.',
        params: idParams('The job.'),
        response: {
          202: answer('It is queued again.', Type.Object({ id: uuid('The job.') })),
          ...adminProblems,
          ...problems(404, 413, 415),
        },
      },
    },
    async ({ params: { id }, actor }, reply) => {
      if (!(await jobs.replay(id)))
        throw new Problem(404, 'no-such-dead-letter', 'There is no failed job of this id.')
      await recordAudit(store.db, [{ at: clock(), actor, action: 'job.replayed', details: { jobId: id } }])
      return reply.code(202).send({ id })
    },
  )

  /** By the id of the identity, or of the message. */
  async function employeesOf(dead: readonly FailedJob[]): Promise<ReadonlyMap<string, string | null>> {
    const identityIds = dead.flatMap(({ identityId }) => identityId ?? [])
    const notificationIds = dead.flatMap(({ notificationId }) => notificationId ?? [])
    const ofIdentities = identityIds.length === 0 ? [] : await employeesIn(identities, identityIds)
    const ofMessages = notificationIds.length === 0 ? [] : await employeesIn(notifications, notificationIds)
    return new Map([...ofIdentities, ...ofMessages].map(({ id, employeeId }) => [id, employeeId]))
  }

  function employeesIn(table: typeof identities | typeof notifications, ids: readonly string[]) {
    return store.db
      .select({ id: table.id, employeeId: table.employeeId })
      .from(table)
      .where(inArray(table.id, [...ids]))
  }
}
