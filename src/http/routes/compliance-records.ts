/** Findings one by one, how practices stood over time, and who answers for what. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { addException, revokeException, selectExceptions } from '../../compliance/exceptions.ts'
import { resolveMoment } from '../../lifecycle/moments.ts'
import { Problem } from '../../problem.ts'
import { decodeCursor, pageOf } from '../cursor.ts'
import type { AppDeps } from '../deps.ts'
import { listFindings, listHistory, toException } from '../reads/compliance.ts'
import {
  answer,
  defaultLimit,
  idParams,
  momentQuery,
  oneOf,
  pageAnswer,
  pageQuery,
  plainText,
  ref,
} from '../schemas/common.ts'
import {
  ComplianceExceptionSchema,
  ComplianceFindingSchema,
  ComplianceHistorySchema,
  ExceptionBody,
  practiceIds,
  severities,
} from '../schemas/compliance.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

const tags = ['compliance']

const partsCursor = {
  ...pageQuery,
  cursor: Type.Optional(Type.String({ ...pageQuery.cursor, maxLength: 4096 })),
}

const dayMs = 86_400_000
const longestExceptionMs = 366 * dayMs

export const complianceRecordRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, clock, compliance, accountId } = deps
  const isControl = (name: string) => compliance.controls.some(({ id }) => id === name)

  app.get(
    '/compliance/findings',
    {
      schema: {
        operationId: 'listComplianceFindings',
        tags,
        summary: 'List findings',
        description:
          'In the order of controls and resources. Those that the last scan did not find are gone, but for those of a ' +
          'control that cannot look any more: they are kept, with the moment at which they were last seen.',
        querystring: Type.Object(
          {
            ...partsCursor,
            control: Type.Optional(plainText(100, 'Only findings of the control with this id.')),
            practice: Type.Optional(oneOf(practiceIds, 'Only findings of this practice.')),
            severity: Type.Optional(oneOf(severities, 'Only findings of this severity.')),
            resource: Type.Optional(
              plainText(2048, 'Only findings about exactly this resource, mostly an ARN.'),
            ),
            excepted: Type.Optional(
              Type.Boolean({ description: 'Only those that somebody answers for, or that nobody does.' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageAnswer(ref(ComplianceFindingSchema)), ...adminProblems },
      },
    },
    ({ query }) => {
      if (query.control !== undefined && !isControl(query.control)) {
        const message = `"${query.control}" is no control: their ids are in GET /v1/compliance`
        throw new Problem(400, 'unknown-control', 'There is no such control.', {
          faults: [{ at: '?control', message }],
        })
      }
      return listFindings(store.db, {
        ...query,
        accountId: accountId(),
        limit: query.limit ?? defaultLimit,
        now: clock(),
      })
    },
  )

  app.get(
    '/compliance/history',
    {
      schema: {
        operationId: 'listComplianceHistory',
        tags,
        summary: 'How practices stood over time',
        description: 'Newest first: a row whenever something changed, and one a day.',
        querystring: Type.Object(
          {
            ...partsCursor,
            practice: Type.Optional(oneOf(practiceIds, 'Only this practice.')),
            from: momentQuery('A date-time with offset, or the beginning of a date.'),
            to: momentQuery('A date-time with offset, or the end of a date; not included.'),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageAnswer(ref(ComplianceHistorySchema)), ...adminProblems },
      },
    },
    ({ query: { from, to, limit = defaultLimit, ...query } }) =>
      listHistory(store.db, {
        ...query,
        accountId: accountId(),
        from: from === undefined ? undefined : (resolveMoment(from, 'beginning') ?? undefined),
        to: to === undefined ? undefined : (resolveMoment(to, 'end') ?? undefined),
        limit,
      }),
  )

  app.get(
    '/compliance/exceptions',
    {
      schema: {
        operationId: 'listComplianceExceptions',
        tags,
        summary: 'List exceptions',
        description: 'Newest first, those that have ended too.',
        querystring: Type.Object(
          {
            ...pageQuery,
            standing: Type.Optional(Type.Boolean({ description: 'Only those that are in force.' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageAnswer(ref(ComplianceExceptionSchema)), ...adminProblems },
      },
    },
    async ({ query: { limit = defaultLimit, cursor, standing } }) => {
      const before = decodeCursor('exceptions', 'uuid', cursor)
      const now = clock()
      const rows = await selectExceptions(store.db, { standing, before, limit: limit + 1, now })
      return pageOf(
        'exceptions',
        rows,
        limit,
        ({ id }) => id,
        (row) => toException(row, now),
      )
    },
  )

  app.post(
    '/compliance/exceptions',
    {
      schema: {
        operationId: 'allowComplianceException',
        tags,
        summary: 'Answer for a finding, until a day',
        description:
          'It stays in the report, with your name and reason, and does not make its control fail. Until its end, ' +
          'or until it is revoked.',
        body: ExceptionBody,
        response: {
          201: answer('In force at once.', ref(ComplianceExceptionSchema)),
          ...adminProblems,
          ...problems(409, 413, 415, 422),
        },
      },
    },
    async ({ body: { endsAt: end, ...body }, actor }, reply) => {
      const now = clock()
      const control = compliance.controls.find(({ id }) => id === body.control)
      if (!control) {
        const message = 'is no control: their ids are in GET /v1/compliance'
        throw new Problem(422, 'unknown-control', `There is no control "${body.control}".`, {
          faults: [{ at: '/control', message }],
        })
      }
      if (control.oneByOne !== undefined && body.resource.includes('*')) {
        const message = `must be that of one finding: ${control.oneByOne}`
        throw new Problem(422, 'too-wide-exception', `An exception from ${control.id} names one resource.`, {
          faults: [{ at: '/resource', message }],
        })
      }
      const endsAt = resolveMoment(end, 'end')
      if (!endsAt || endsAt <= now || endsAt.getTime() > now.getTime() + longestExceptionMs) {
        const message = 'must be ahead, by a year at most'
        throw new Problem(422, 'invalid-end', 'An exception ends, within a year.', {
          faults: [{ at: '/endsAt', message }],
        })
      }
      const row = await addException(store.db, { ...body, endsAt }, actor, now)
      return reply.code(201).send(toException(row, now))
    },
  )

  app.delete(
    '/compliance/exceptions/:id',
    {
      schema: {
        operationId: 'revokeComplianceException',
        tags,
        summary: 'Take an exception back',
        description: 'From then on its findings count again. Nothing happens to one that has ended.',
        params: idParams('The exception.'),
        response: {
          200: answer('The exception, which has ended.', ref(ComplianceExceptionSchema)),
          ...adminProblems,
          ...problems(404, 413, 415),
        },
      },
    },
    async ({ params: { id }, actor }) => {
      const now = clock()
      return toException(await revokeException(store.db, id, actor, now), now)
    },
  )
}
