/** One-time links: made and revoked by administrators, opened by their owners (src/web). */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { listEnrollments } from '../../credentials/enrollment-list.ts'
import type { MadeEnrollment } from '../../credentials/enrollment-store.ts'
import { type IssueInput, issueEnrollment, revokeEnrollments } from '../../credentials/enrollments.ts'
import { linkToken, linkUrl } from '../../credentials/link.ts'
import type { AppDeps } from '../deps.ts'
import { answer, ref } from '../schemas/common.ts'
import { EmployeeIdParams } from '../schemas/employee-input.ts'
import {
  EnrollmentBody,
  EnrollmentSchema,
  type NewEnrollmentAnswer,
  NewEnrollmentSchema,
} from '../schemas/enrollment.ts'
import { adminProblems, problems } from '../schemas/problem.ts'
import { employeeOr404 } from './employees.ts'

export const enrollmentRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { keyring, config, enrollments } = deps
  const tags = ['enrollments']
  const made = (description: string) => ({ 201: answer(description, ref(NewEnrollmentSchema)) })

  app.post(
    '/employees/:employeeId/enrollments',
    {
      preValidation: bodyMayBeLeftOut,
      schema: {
        operationId: 'createEnrollment',
        tags,
        summary: 'Send a new link for MFA and password',
        description:
          'Replaces the one that is open. Muster makes the first one by itself; this is for links that expired or ' +
          'got lost, for passwords that were removed, and for lost devices.',
        params: EmployeeIdParams,
        body: EnrollmentBody,
        response: { ...made('Made, and on its way.'), ...adminProblems, ...problems(404, 409, 413, 415) },
      },
    },
    async ({ params: { employeeId }, body, actor }, reply) => {
      const { replaceDevice = false } = body
      return reply.code(201).send(await issue(employeeId, { purpose: 'sign-in', replaceDevice }, actor))
    },
  )

  app.post(
    '/employees/:employeeId/access-keys',
    {
      schema: {
        operationId: 'offerAccessKey',
        tags,
        summary: 'Send a link for an access key',
        description:
          'For roles with `accessKeys: self-service`. The key is made when its owner opens the link and proves their ' +
          'MFA device; its secret is shown to them alone.',
        params: EmployeeIdParams,
        response: { ...made('Made, and on its way.'), ...adminProblems, ...problems(404, 409, 413, 415) },
      },
    },
    async ({ params: { employeeId }, actor }, reply) =>
      reply.code(201).send(await issue(employeeId, { purpose: 'access-key' }, actor)),
  )

  app.get(
    '/employees/:employeeId/enrollments',
    {
      schema: {
        operationId: 'listEnrollments',
        tags,
        summary: 'The links of an employee',
        description: 'Newest first, the last hundred.',
        params: EmployeeIdParams,
        response: {
          200: answer('Without their tokens.', Type.Object({ items: Type.Array(ref(EnrollmentSchema)) })),
          ...adminProblems,
          ...problems(404),
        },
      },
    },
    async ({ params: { employeeId } }) => {
      await employeeOr404(deps, employeeId)
      const items = await listEnrollments(enrollments(), employeeId)
      const words = await trailWords()
      return { items: items.map((item) => ({ ...item, ...(item.status === 'open' ? words : noWords) })) }
    },
  )

  app.delete(
    '/employees/:employeeId/enrollments',
    {
      schema: {
        operationId: 'revokeEnrollments',
        tags,
        summary: 'Revoke the links that are open',
        description:
          'Nothing can be set up with them any more. Access that somebody has already is not touched.',
        params: EmployeeIdParams,
        response: {
          200: answer('So many were open.', Type.Object({ revoked: Type.Integer() })),
          ...adminProblems,
          ...problems(404, 409, 413, 415),
        },
      },
    },
    async ({ params: { employeeId }, actor }) => ({
      revoked: await revokeEnrollments(enrollments(), employeeId, actor),
    }),
  )

  async function issue(employeeId: string, input: IssueInput, actor: string): Promise<NewEnrollmentAnswer> {
    const made = await issueEnrollment(enrollments(), employeeId, input, actor)
    return withLink(made, await trailWords())
  }

  async function trailWords(): Promise<TrailWords> {
    const gate = enrollments().trailGate()
    return { waitsFor: await gate.closedBecause(), warning: await gate.warning() }
  }

  function withLink(
    { id, purpose, createdBy, createdAt, expiresAt }: MadeEnrollment,
    words: TrailWords,
  ): NewEnrollmentAnswer {
    return {
      id,
      purpose,
      status: 'open',
      reason: null,
      ...words,
      createdBy,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
      endedAt: null,
      wrongCodes: 0,
      link: linkUrl(config.publicUrl, linkToken(keyring, id)),
    }
  }
}

/** What the state of CloudTrail means for a link that is open. */
type TrailWords = Pick<NewEnrollmentAnswer, 'waitsFor' | 'warning'>
const noWords: TrailWords = { waitsFor: null, warning: null }

async function bodyMayBeLeftOut(request: { body: unknown }): Promise<void> {
  request.body ??= {}
}
