/** Evidence of offboarding: for auditors, from the record alone. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { QUARANTINE } from '../../catalog/catalog.ts'
import { type Offboarding, readOffboarding } from '../../identity/offboarding.ts'
import { Problem } from '../../problem.ts'
import type { AppDeps } from '../deps.ts'
import { answer, ref } from '../schemas/common.ts'
import { EmployeeIdParams } from '../schemas/employee-input.ts'
import { OffboardingSchema, type OffboardingShown } from '../schemas/offboarding.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

export const offboardingRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, clock } = deps

  app.get(
    '/employees/:employeeId/offboarding',
    {
      schema: {
        operationId: 'getOffboarding',
        tags: ['employees'],
        summary: 'Evidence of a departure',
        description:
          'For somebody who left, was suspended or held: what they had, when it was taken away, by which call, and whether the trail has that call. Of several departures it is the last, also when the person has returned since: then it ends with the return. Nothing is asked of AWS.',
        params: EmployeeIdParams,
        response: {
          200: answer('The evidence.', ref(OffboardingSchema)),
          ...adminProblems,
          ...problems(404, 409),
        },
      },
    },
    async ({ params: { employeeId } }) => {
      const now = clock()
      const found = await readOffboarding(store.db, employeeId, { quarantineGroup: QUARANTINE, now })
      if (found.kind === 'departed') return shown(found.offboarding, now)
      if (found.kind === 'unknown') {
        throw new Problem(404, 'no-such-employee', `there is no employee "${employeeId}"`)
      }
      throw new Problem(
        409,
        'not-departed',
        `employee "${employeeId}" is ${found.status}: no departure of theirs is on record`,
      )
    },
  )
}

function shown({ departure, ...evidence }: Offboarding, now: Date): OffboardingShown {
  const { beganAt, returnedAt, dueAt, cause, delivery, said } = departure
  return {
    ...evidence,
    departure: {
      beganAt: beganAt.toISOString(),
      returnedAt: returnedAt?.toISOString() ?? null,
      dueAt: dueAt.toISOString(),
      cause,
      delivery: delivery && { ...delivery, receivedAt: delivery.receivedAt.toISOString() },
      said: said.map((each) => ({
        ...each,
        saidAt: each.saidAt.toISOString(),
        receivedAt: each.receivedAt.toISOString(),
      })),
    },
    accounts: evidence.accounts.map(({ actions, found, open, ...account }) => ({
      ...account,
      actions: [...actions],
      found: [...found],
      open: [...open],
    })),
    limits: [...evidence.limits],
    answeredAt: now.toISOString(),
  }
}
