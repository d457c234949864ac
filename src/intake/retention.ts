import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'
import { deliveries } from '../store/schema.ts'

/**
 * Raw deliveries may hold what HR should not have sent: after a time only their hash and outcome remain. What still
 * waits to be applied keeps its bytes.
 *
 * @returns how many bodies were removed
 */
export async function forgetBodies(db: Database, before: Date, maxRows: number): Promise<number> {
  const forgotten = await rowsOf(
    db,
    sql`update ${deliveries} set body = null where id in (
        select id from ${deliveries}
        where status <> 'accepted' and body is not null
          and received_at < ${before.toISOString()}::timestamptz
        order by received_at limit ${maxRows} for update skip locked
      ) returning id`,
  )
  return forgotten.length
}
