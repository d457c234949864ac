/** What becomes of links by itself: those that are wanted are made, old ones expire, unfinished devices go. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { rowsOf } from '../store/open.ts'
import { deleteUnassignedDevice } from './credential-calls.ts'
import { endEnrollments, forgetDevices } from './enrollment-store.ts'
import { type EnrollmentsContext, makeEnrollments } from './enrollments.ts'

export interface EnrollmentLoopContext extends EnrollmentsContext {
  readonly account: Account
  readonly log: Logger
}

const everyMs = 1000
const batchSize = 200

/** Several replicas may look at once: each takes rows that no other has. */
export function startEnrollmentLoop(context: EnrollmentLoopContext): Loop {
  return startLoop({
    name: 'enrollments',
    everyMs,
    log: context.log,
    async look() {
      const made = await makeWanted(context)
      await expire(context)
      const cleaned = await removeLeftDevices(context)
      return made === batchSize || cleaned === batchSize
    },
  })
}

/** For whom the last reconcile found something lacking that only they can bring. */
async function makeWanted(context: EnrollmentLoopContext): Promise<number> {
  const { store, account } = context
  return await store.db.transaction(async (tx) => {
    const wanted = await rowsOf<{
      id: string
      employee_id: string
      email: string
      given_name: string
      works: boolean
    }>(
      tx,
      sql`
        with wanted as (
          select id, employee_id, lacks from identities
          where enrollment_wanted and account_id = ${account.accountId}
          order by id limit ${batchSize} for update skip locked
        ), taken as (
          update identities set enrollment_wanted = false from wanted where identities.id = wanted.id
        )
        select wanted.id, wanted.employee_id, e.email, e.given_name,
          wanted.lacks is not null and e.status = 'active' and e.hold is null as works
        from wanted join employees e using (employee_id)`,
    )
    await makeEnrollments(
      tx,
      context,
      wanted
        .filter(({ works }) => works)
        .map((row) => ({
          identityId: row.id,
          employeeId: row.employee_id,
          email: row.email,
          givenName: row.given_name,
          purpose: 'sign-in',
          createdBy: 'muster',
        })),
    )
    return wanted.length
  })
}

async function expire({ store, clock }: EnrollmentLoopContext): Promise<void> {
  const now = clock()
  await store.db.transaction(async (tx) => {
    await endEnrollments(tx, sql`expires_at <= ${now.toISOString()}::timestamptz`, {
      status: 'expired',
      reason: null,
      now,
    })
  })
}

/** Virtual devices that nobody finished count against the account's quota. */
async function removeLeftDevices({ store, account, log }: EnrollmentLoopContext): Promise<number> {
  const left = await rowsOf<{ id: string; device_serials: string[] }>(
    store.db,
    sql`
      select id, device_serials from enrollments
      where status <> 'open' and device_serials <> '{}' order by ended_at limit ${batchSize}`,
  )
  for (const { id, device_serials: serials } of left) {
    try {
      for (const serial of serials) await deleteUnassignedDevice(account, serial)
      await forgetDevices(store.db, id, serials)
    } catch (error) {
      if (!(error instanceof AwsCallError)) throw error
      log.debug({ err: error, enrollmentId: id }, 'an unfinished MFA device is still there')
      return 0
    }
  }
  return left.length
}
