/** What AWS sent is kept for a time, then deleted: it names people, and what it was for is done. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { rowsOf, type Store } from '../store/open.ts'

export interface AwsEventRetentionOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly retentionDays: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const maxRows = 500

/** Looks every hour. */
export function startAwsEventRetention(options: AwsEventRetentionOptions): Loop {
  return startLoop({
    name: 'retention of aws events',
    everyMs: hourMs,
    log: options.log,
    look: async () => (await forgetAwsEvents(options)) === maxRows,
  })
}

/** @returns how many were deleted, at most a batch; what still waits is kept */
export async function forgetAwsEvents({
  store,
  clock,
  retentionDays,
}: Omit<AwsEventRetentionOptions, 'log'>): Promise<number> {
  const before = new Date(clock().getTime() - retentionDays * dayMs)
  const forgotten = await rowsOf(
    store.db,
    sql`delete from aws_events where id in (
        select id from aws_events
        where status <> 'waiting' and received_at < ${before.toISOString()}::timestamptz
        order by received_at limit ${maxRows} for update skip locked
      ) returning id`,
  )
  return forgotten.length
}
