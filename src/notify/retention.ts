/** Messages hold addresses: after a time they are deleted, sent or not. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { rowsOf, type Store } from '../store/open.ts'

export interface NotificationRetentionOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

const hourMs = 3_600_000
const keptMs = 30 * 24 * hourMs
const maxRows = 500

/** Looks every hour. */
export function startNotificationRetention(options: NotificationRetentionOptions): Loop {
  return startLoop({
    name: 'notification retention',
    everyMs: hourMs,
    log: options.log,
    look: async () => (await forgetNotifications(options)) === maxRows,
  })
}

/** @returns how many were deleted, at most a batch */
export async function forgetNotifications({
  store,
  clock,
}: Pick<NotificationRetentionOptions, 'store' | 'clock'>): Promise<number> {
  const before = new Date(clock().getTime() - keptMs)
  const forgotten = await rowsOf(
    store.db,
    sql`delete from notifications where id in (
        select id from notifications where at < ${before.toISOString()}::timestamptz
        order by at limit ${maxRows} for update skip locked
      ) returning id`,
  )
  return forgotten.length
}
