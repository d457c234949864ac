/** Who brings the catalog into an account: one run at a time, of whichever replica. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { type Database, rowsOf } from '../store/open.ts'

/** Renewed while a run lasts; after a crash, nobody can start before this has passed. */
const leaseSeconds = 15
const renewMs = 5000

export interface CatalogLease {
  /**
   * Renews it; false when it is not this run's any more. A process that was frozen wakes up in the midst of its run,
   * when another one has long begun, or ended, one of its own: what it has read and planned is of the past.
   */
  keep(): Promise<boolean>
  /** As it stands in the database, for the statement that gives it back. */
  until(): string
  /** Renews it no more, and waits for the renewal that is under way. */
  settle(): Promise<void>
}

/** Undefined when another run has it. By the database's clock, which is one. */
export async function leaseCatalog(
  db: Database,
  accountId: string,
  log: Logger,
): Promise<CatalogLease | undefined> {
  const begun = await extend(sql`(catalog_leased_until is null or catalog_leased_until < clock_timestamp())`)
  if (begun === undefined) return undefined
  let until = begun
  let isOurs = true
  // One after the other: each goes by what the one before has written.
  let last: Promise<unknown> = Promise.resolve()

  async function extend(ifStill: ReturnType<typeof sql>): Promise<string | undefined> {
    const [row] = await rowsOf<{ until: string }>(
      db,
      sql`
        update accounts set catalog_leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
        where account_id = ${accountId} and ${ifStill}
        returning catalog_leased_until::text as until`,
    )
    return row?.until
  }

  function keep(): Promise<boolean> {
    const kept = last.then(async () => {
      if (!isOurs) return false
      const renewed = await extend(sql`catalog_leased_until = ${until}::timestamptz`)
      until = renewed ?? until
      isOurs = renewed !== undefined
      return isOurs
    })
    last = kept.catch(() => undefined)
    return kept
  }

  const renewing = setInterval(() => {
    keep().catch((error) => log.warn({ err: error }, 'the lease of the catalog could not be renewed'))
  }, renewMs)
  return {
    keep,
    until: () => until,
    async settle() {
      clearInterval(renewing)
      await last
    },
  }
}
