import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'

/**
 * Messages hold addresses: after a time they are deleted, sent or not.
 *
 * @returns how many were deleted
 */
export async function forgetNotifications(db: Database, before: Date, maxRows: number): Promise<number> {
  const forgotten = await rowsOf(
    db,
    sql`delete from notifications where id in (
        select id from notifications where at < ${before.toISOString()}::timestamptz
        order by at limit ${maxRows} for update skip locked
      ) returning id`,
  )
  return forgotten.length
}
