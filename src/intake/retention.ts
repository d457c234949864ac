/** Raw deliveries may hold what HR should not have sent: after a time only their hash and outcome remain. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { rowsOf, type Store } from '../store/open.ts'
import { deliveries } from '../store/schema.ts'

export interface RetentionOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly deliveryRetentionDays: number
  readonly everyMs?: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Small, so that no statement holds many rows for long. */
const maxRows = 500

/** Looks every hour. What still waits to be applied keeps its bytes. */
export function startRetention(options: RetentionOptions): Loop {
  const { log, everyMs = hourMs } = options
  return startLoop({
    name: 'delivery retention',
    everyMs,
    log,
    look: async () => (await forgetBodies(options)) === maxRows,
  })
}

/** @returns how many bodies were removed, at most a batch */
export async function forgetBodies({
  store,
  clock,
  deliveryRetentionDays,
}: Pick<RetentionOptions, 'store' | 'clock' | 'deliveryRetentionDays'>): Promise<number> {
  const before = new Date(clock().getTime() - deliveryRetentionDays * dayMs)
  const forgotten = await rowsOf(
    store.db,
    sql`update ${deliveries} set body = null where id in (
        select id from ${deliveries}
        where status <> 'accepted' and body is not null
          and received_at < ${before.toISOString()}::timestamptz
        order by received_at limit ${maxRows} for update skip locked
      ) returning id`,
  )
  return forgotten.length
}
