/** Employees: who they are, and what they have in AWS. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { Problem } from '../../problem.ts'
import type { AppDeps } from '../deps.ts'
import { listEmployees, readEmployee } from '../reads/employees.ts'
import { answer, defaultLimit, oneOf, pageAnswer, pageQuery, ref } from '../schemas/common.ts'
import {
  type EmployeeAnswer,
  EmployeeSchema,
  employeeStatuses,
  PlanPreviewSchema,
} from '../schemas/employee.ts'
import { EmployeeIdParams, roleInput } from '../schemas/employee-input.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

export const employeeRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, dryRun } = deps

  app.get(
    '/employees',
    {
      schema: {
        operationId: 'listEmployees',
        tags: ['employees'],
        summary: 'List employees',
        description: 'Everybody who was ever hired, in the order of their `employeeId`, leavers included.',
        querystring: Type.Object(
          {
            ...pageQuery,
            status: Type.Optional(oneOf(employeeStatuses, 'Only employees who stand so now.')),
            role: Type.Optional(roleInput),
          },
          { additionalProperties: false },
        ),
        response: {
          200: pageAnswer(ref(EmployeeSchema)),
          ...adminProblems,
        },
      },
    },
    ({ query }) => listEmployees(store.db, { ...query, limit: query.limit ?? defaultLimit }),
  )

  app.get(
    '/employees/:employeeId',
    {
      schema: {
        operationId: 'getEmployee',
        tags: ['employees'],
        summary: 'One employee',
        params: EmployeeIdParams,
        response: { 200: answer('The employee.', ref(EmployeeSchema)), ...adminProblems, ...problems(404) },
      },
    },
    ({ params }) => employeeOr404(deps, params.employeeId),
  )

  app.get(
    '/employees/:employeeId/plan',
    {
      schema: {
        operationId: 'planEmployee',
        tags: ['employees'],
        summary: 'Dry run',
        description:
          'What a reconcile would do right now, account by account. Reads from AWS, changes nothing.',
        params: EmployeeIdParams,
        response: {
          200: answer(
            'The plans, one for each account.',
            Type.Object({ employeeId: Type.String(), plans: Type.Array(ref(PlanPreviewSchema)) }),
          ),
          ...adminProblems,
          ...problems(404, 502),
        },
      },
    },
    async ({ params: { employeeId } }) => {
      const plans = await dryRun.planFor(employeeId)
      return {
        employeeId,
        plans: plans.map((plan) => ({ ...plan, steps: [...plan.steps], waiting: [...plan.waiting] })),
      }
    },
  )
}

/** @throws Problem 404 when nobody was ever hired under this id */
export async function employeeOr404({ store }: AppDeps, employeeId: string): Promise<EmployeeAnswer> {
  const employee = await readEmployee(store.db, employeeId)
  if (employee) return employee
  throw new Problem(404, 'no-such-employee', `there is no employee "${employeeId}"`)
}
