/** What administrators do to employees: the same lifecycle events that HR sends, by hand, and holds. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { ConflictResolution } from '../../identity/conflict.ts'
import { resolveMoment } from '../../lifecycle/moments.ts'
import { Problem } from '../../problem.ts'
import type { AppDeps } from '../deps.ts'
import { answer, ref } from '../schemas/common.ts'
import { EmployeeSchema } from '../schemas/employee.ts'
import {
  EmployeeIdParams,
  HireBody,
  HoldBody,
  OverridesBody,
  ResolutionBody,
  type ResolutionInput,
  TerminateBody,
} from '../schemas/employee-input.ts'
import { adminProblems, problems } from '../schemas/problem.ts'
import { employeeOr404 } from './employees.ts'

const bodyProblems = { ...adminProblems, ...problems(404, 409, 413, 415, 422) }
const employee = (description: string) => answer(description, ref(EmployeeSchema))

export const employeeChangeRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { changes } = deps

  app.post(
    '/employees',
    {
      schema: {
        operationId: 'hireEmployee',
        tags: ['employees'],
        summary: 'Hire somebody',
        description:
          'The same as `employee.hired` from HR, said by an administrator. Somebody who has left may be hired again. ' +
          'AWS follows within moments, or at `startAt`. A role that the catalog does not have is refused (`unknown-role`).',
        body: HireBody,
        response: {
          201: {
            ...employee('Hired; IAM follows.'),
            headers: { Location: { type: 'string', description: 'Where the employee is.' } },
          },
          ...bodyProblems,
        },
      },
    },
    async ({ body, actor }, reply) => {
      await changes.hire(body, actor)
      const hired = await employeeOr404(deps, body.employeeId)
      return reply
        .code(201)
        .header('location', `/v1/employees/${encodeURIComponent(body.employeeId)}`)
        .send(hired)
    },
  )

  app.patch(
    '/employees/:employeeId',
    {
      schema: {
        operationId: 'overrideEmployee',
        tags: ['employees'],
        summary: 'Override what HR says',
        description: 'A role that the catalog does not have is refused (`unknown-role`).',
        consumes: ['application/json', 'application/merge-patch+json'],
        params: EmployeeIdParams,
        body: OverridesBody,
        response: { 200: employee('As it is now.'), ...bodyProblems },
      },
    },
    async ({ params: { employeeId }, body, actor }) => {
      await changes.patch(employeeId, body, actor)
      return employeeOr404(deps, employeeId)
    },
  )

  app.post(
    '/employees/:employeeId/terminate',
    {
      // A body may be left out altogether: now.
      preValidation: async (request) => {
        request.body ??= {}
      },
      schema: {
        operationId: 'terminateEmployee',
        tags: ['employees'],
        summary: 'End the employment',
        description:
          'The same as `employee.terminated` from HR. The lock follows at `effectiveAt`, before anything else.',
        params: EmployeeIdParams,
        body: TerminateBody,
        response: { 202: employee('Recorded; the lock follows.'), ...bodyProblems },
      },
    },
    async ({ params: { employeeId }, body, actor }, reply) => {
      await changes.terminate(employeeId, body, actor)
      return reply.code(202).send(await employeeOr404(deps, employeeId))
    },
  )

  app.post(
    '/employees/:employeeId/hold',
    {
      schema: {
        operationId: 'holdEmployee',
        tags: ['employees'],
        summary: 'Lock now, whatever HR says',
        description: 'Of a hold that is there already, only the reason is replaced.',
        params: EmployeeIdParams,
        body: HoldBody,
        response: { 202: employee('Held; the lock follows at once.'), ...bodyProblems },
      },
    },
    async ({ params: { employeeId }, body, actor }, reply) => {
      await changes.hold(employeeId, body.reason, actor)
      return reply.code(202).send(await employeeOr404(deps, employeeId))
    },
  )

  app.delete(
    '/employees/:employeeId/hold',
    {
      schema: {
        operationId: 'liftHold',
        tags: ['employees'],
        summary: 'Lift the hold',
        description: 'From then on, what HR says counts again. Without a hold, nothing happens.',
        params: EmployeeIdParams,
        response: {
          202: employee('Lifted; IAM follows.'),
          ...adminProblems,
          ...problems(404, 409, 413, 415),
        },
      },
    },
    async ({ params: { employeeId }, actor }, reply) => {
      await changes.liftHold(employeeId, actor)
      return reply.code(202).send(await employeeOr404(deps, employeeId))
    },
  )

  app.post(
    '/employees/:employeeId/reconcile',
    {
      schema: {
        operationId: 'reconcileEmployee',
        tags: ['employees'],
        summary: 'Look again, and put right what is not',
        description:
          'Asks IAM about every identity of the employee, without waiting for the schedule, and repairs what differs. What waits for CloudTrail or for an administrator goes on waiting.',
        params: EmployeeIdParams,
        response: {
          202: answer(
            'Requested, for these identities; see the operations.',
            Type.Object({
              employeeId: Type.String(),
              identityIds: Type.Array(Type.String({ format: 'uuid' })),
            }),
          ),
          ...adminProblems,
          ...problems(404, 409, 413, 415),
        },
      },
    },
    async ({ params: { employeeId }, actor }, reply) => {
      const { identityIds } = await changes.reconcile(employeeId, actor)
      return reply.code(202).send({ employeeId, identityIds: [...identityIds] })
    },
  )

  app.post(
    '/employees/:employeeId/conflict',
    {
      schema: {
        operationId: 'resolveConflict',
        tags: ['employees'],
        summary: 'Solve a conflict over a user name',
        description:
          'When the IAM name of an employee belongs to a user that Muster does not manage: take that user over, or choose another name.',
        params: EmployeeIdParams,
        body: ResolutionBody,
        response: { 202: employee('Recorded; IAM follows.'), ...bodyProblems },
      },
    },
    async ({ params: { employeeId }, body, actor }, reply) => {
      await changes.resolveConflict(employeeId, resolutionOf(body), actor)
      return reply.code(202).send(await employeeOr404(deps, employeeId))
    },
  )
}

function resolutionOf(input: ResolutionInput): ConflictResolution {
  const { resolution, userName, mfaDeadline } = input
  const account = input.accountId === undefined ? {} : { accountId: input.accountId }
  if (resolution === 'adopt' && userName === undefined) {
    const deadline = mfaDeadline === undefined ? null : resolveMoment(mfaDeadline, 'beginning')
    return { ...account, resolution, ...(deadline ? { mfaDeadline: deadline } : {}) }
  }
  if (resolution === 'rename' && userName !== undefined && mfaDeadline === undefined) {
    return { ...account, resolution, userName }
  }
  const fault =
    resolution === 'adopt'
      ? { at: '/userName', message: 'is only for "rename": remove it' }
      : userName === undefined
        ? { at: '/userName', message: 'is missing: "rename" needs the new name' }
        : { at: '/mfaDeadline', message: 'is only for "adopt": remove it' }
  throw new Problem(400, 'invalid-request', 'The request has one fault; see "faults".', { faults: [fault] })
}
