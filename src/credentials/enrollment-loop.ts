/** What becomes of links by itself: those that are wanted are made, old ones expire, unfinished devices go. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { rowsOf } from '../store/open.ts'
import type { EnrollmentPurpose } from '../store/schema.ts'
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

interface Wanting {
  readonly id: string
  readonly employee_id: string
  readonly email: string
  readonly given_name: string
  readonly wants_enrollment: boolean
  readonly wants_key: boolean
}

/** For whom the last reconcile found something that only they can bring, or a key that grows old. */
async function makeWanted(context: EnrollmentLoopContext): Promise<number> {
  const { store, account } = context
  return await store.db.transaction(async (tx) => {
    const wanting = await rowsOf<Wanting>(
      tx,
      sql`
        with wanting as (
          select id, employee_id, lacks, enrollment_wanted, key_link_wanted, links_held_since from identities
          where (enrollment_wanted or key_link_wanted) and account_id = ${account.accountId}
          order by id limit ${batchSize} for update skip locked
        ), taken as (
          update identities set enrollment_wanted = false, key_link_wanted = false
          from wanting where identities.id = wanting.id
        )
        select wanting.id, employee_id, e.email, e.given_name,
          enrollment_wanted and lacks is not null and works as wants_enrollment, key_link_wanted and works as wants_key
        from wanting join employees e using (employee_id)
        cross join lateral (select e.status = 'active' and e.hold is null and wanting.links_held_since is null as works) as employee`,
    )
    const linkFor = (purpose: EnrollmentPurpose) => (row: Wanting) => ({
      identityId: row.id,
      employeeId: row.employee_id,
      email: row.email,
      givenName: row.given_name,
      purpose,
      createdBy: 'muster',
    })
    await makeEnrollments(tx, context, [
      ...wanting.filter((row) => row.wants_enrollment).map(linkFor('sign-in')),
      ...wanting.filter((row) => row.wants_key).map(linkFor('access-key')),
    ])
    return wanting.length
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
