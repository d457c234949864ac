/** Work that one replica at a time does for an account: shared through the database. */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from './open.ts'

export interface LeaseOptions {
  /** After a crash, nobody can start before this has passed. */
  readonly leaseMs: number
  /** Not again before this has passed since it was last done; 0 for whenever it is free. */
  readonly everyMs: number
  readonly now: Date
}

export interface Lease {
  /** For another `leaseMs` from `now`. False when it had run out, and may be another replica's by now. */
  renew(now: Date): Promise<boolean>
  /** Gives the lease back, and notes that the work was done at `at`; null when it was not. */
  end(at: Date | null): Promise<void>
}

/**
 * Undefined when another replica is at it, or it is not due yet.
 *
 * Clocks of replicas differ by seconds, and one that was far ahead may be set right: what it wrote down must not keep
 * everybody from the work until that future has come. So a moment that lies further ahead than any lease could reach
 * counts for nothing.
 */
export async function takeLease(
  db: Database,
  accountId: string,
  name: string,
  { leaseMs, everyMs, now }: LeaseOptions,
): Promise<Lease | undefined> {
  const at = now.toISOString()
  let until = new Date(now.getTime() + leaseMs).toISOString()
  const lastBefore = new Date(now.getTime() - everyMs).toISOString()
  const implausible = new Date(now.getTime() + 2 * leaseMs).toISOString()
  const rows = await rowsOf(
    db,
    sql`
      insert into leases as lease (account_id, name, leased_until) values (${accountId}, ${name}, ${until}::timestamptz)
      on conflict (account_id, name) do update set leased_until = excluded.leased_until
      where (lease.leased_until is null or lease.leased_until <= ${at}::timestamptz
          or lease.leased_until > ${implausible}::timestamptz)
        and (${everyMs === 0} or lease.done_at is null or lease.done_at <= ${lastBefore}::timestamptz
          or lease.done_at > ${implausible}::timestamptz)
      returning account_id`,
  )
  if (rows.length === 0) return undefined
  return {
    async renew(renewedAt) {
      const further = new Date(renewedAt.getTime() + leaseMs).toISOString()
      const renewed = await rowsOf(
        db,
        sql`
          update leases set leased_until = ${further}::timestamptz
          where account_id = ${accountId} and name = ${name} and leased_until = ${until}::timestamptz
          returning account_id`,
      )
      if (renewed.length > 0) until = further
      return renewed.length > 0
    },
    async end(doneAt) {
      // One that ran out may be another's by now.
      await db.execute(sql`
        update leases set
          leased_until = case when leased_until = ${until}::timestamptz then null else leased_until end,
          done_at = coalesce(${doneAt?.toISOString() ?? null}::timestamptz, done_at)
        where account_id = ${accountId} and name = ${name}`)
    },
  }
}

/** What `end` noted last; null when the work was never done. */
export async function lastDoneAt(db: Database, accountId: string, name: string): Promise<Date | null> {
  const [row] = await rowsOf<{ done_at: string | null }>(
    db,
    sql`select done_at from leases where account_id = ${accountId} and name = ${name}`,
  )
  return row?.done_at ? new Date(row.done_at) : null
}
