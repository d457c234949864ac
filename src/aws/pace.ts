/**
 * The pace of an account, shared by all replicas through one row.
 *
 * A replica leases a slot: a stretch of time that is its own, as long as its calls take at the
 * present rate. IAM throttles per account at an undocumented rate, so the rate falls when AWS
 * throttles and creeps back to the configured one.
 */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'

export interface Slot {
  /** Milliseconds from now to the first call of the slot. */
  readonly startsInMs: number
  /** Calls a second within the slot. */
  readonly rate: number
  readonly calls: number
}

export interface Pace {
  lease(calls: number): Promise<Slot>
  /** AWS throttled: everybody slows down, at most once a second. */
  throttled(): Promise<void>
}

/** Share of the configured rate that comes back in a second without throttling. */
const recoveryPerSecond = 0.05

/** `rate`: calls a second at most, `MUSTER_IAM_RATE`. The account's row must exist. */
export function sharedPace(db: Database, accountId: string, rate: number): Pace {
  return {
    async lease(calls) {
      const [row] = await rowsOf<{ starts_in: string | number; rate: string | number }>(
        db,
        sql`
          update accounts set
            rate = least(${rate}::float8, accounts.rate + ${rate * recoveryPerSecond}::float8
              * (${calls}::float8 / accounts.rate
                 + greatest(0, least(60, extract(epoch from clock_timestamp() - next_slot_at))))),
            next_slot_at = greatest(next_slot_at, clock_timestamp()) + make_interval(secs => ${calls}::float8 / accounts.rate)
          where account_id = ${accountId}
          returning extract(epoch from next_slot_at - clock_timestamp())::float8 as starts_in, rate`,
      )
      if (!row) throw new Error(`account ${accountId} has no row: it was not opened`)
      const granted = Number(row.rate)
      return {
        startsInMs: Math.max(0, Number(row.starts_in) * 1000 - (calls / granted) * 1000),
        rate: granted,
        calls,
      }
    },
    async throttled() {
      await db.execute(sql`
        update accounts set rate = greatest(0.5, accounts.rate * 0.7), throttled_at = clock_timestamp()
        where account_id = ${accountId}
          and (throttled_at is null or throttled_at < clock_timestamp() - interval '1 second')`)
    },
  }
}
