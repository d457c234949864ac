import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'

/**
 * What AWS sent is kept for a time, then deleted: it names people, and what it was for is done. What still waits is
 * kept.
 *
 * @returns how many were deleted
 */
export async function forgetAwsEvents(db: Database, before: Date, maxRows: number): Promise<number> {
  const forgotten = await rowsOf(
    db,
    sql`delete from aws_events where id in (
        select id from aws_events
        where status <> 'waiting' and received_at < ${before.toISOString()}::timestamptz
        order by received_at limit ${maxRows} for update skip locked
      ) returning id`,
  )
  return forgotten.length
}
