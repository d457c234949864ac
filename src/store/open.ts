/** Opening the database: PostgreSQL by URL, or the embedded PGlite in a folder, behind one shape. */
import { PGlite } from '@electric-sql/pglite'
import type { SQL } from 'drizzle-orm'
import { drizzle as drizzleOnPostgres, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { migrate as migratePostgres } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzleOnPglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import pg from 'pg'
import type { Logger } from 'pino'
import { isDatabaseAway } from './failures.ts'
import { lockFolder } from './folder-lock.ts'
import * as schema from './schema.ts'

export type Database = PgDatabase<PgQueryResultHKT, typeof schema>
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

export interface Store {
  readonly db: Database
  readonly kind: 'postgres' | 'pglite'
  /** The embedded engine itself, which pg-boss needs; undefined on PostgreSQL. */
  readonly pglite: PGlite | undefined
  readonly url: string | undefined
  /**
   * Runs `start` while no other replica does: unguarded, two migrations at once fail.
   * Migrations have been applied when `start` begins.
   */
  withStartLock<T>(start: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface StoreOptions {
  /** PostgreSQL URL; without one, PGlite in `dataDir` (`memory://` for tests). */
  readonly databaseUrl?: string | undefined
  readonly dataDir: string
  /** A dump that an embedded database in memory begins with. */
  readonly dump?: Blob
  readonly poolSize?: number
}

const migrationsFolder = new URL('../../migrations', import.meta.url).pathname
/** Any constant will do, so long as no other program on the same database uses it. */
const startLockKey = 7_366_573_746

/** Errors: the database's own, or the folder's lock; nothing is retried here. */
export function openStore(options: StoreOptions, log: Logger): Promise<Store> {
  return options.databaseUrl
    ? openPostgres(options.databaseUrl, options.poolSize ?? 10, log)
    : openPglite(options.dataDir, options.dump)
}

async function openPostgres(url: string, poolSize: number, log: Logger): Promise<Store> {
  // A frozen server must not hang requests without an error.
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 3000,
    query_timeout: 10_000,
    application_name: 'muster',
  })
  // Without a listener, a connection that the server ends while idle would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  // The same while it is in use: there the query fails, and whoever waits for it is told.
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = drizzleOnPostgres(pool, { schema })
  db.transaction = transactionsOn(pool)
  return {
    db: db as unknown as Database,
    kind: 'postgres',
    pglite: undefined,
    url,
    async withStartLock(start) {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
      await client.connect()
      try {
        await client.query('select pg_advisory_lock($1)', [startLockKey])
        // On this connection: a migration may take longer than a query of the pool may.
        await migratePostgres(drizzleOnPostgres(client), { migrationsFolder })
        return await start()
      } finally {
        await client.end()
      }
    },
    close: () => pool.end(),
  }
}

type OnPostgres = NodePgDatabase<typeof schema>

/**
 * drizzle's own way gives a connection back as healthy whatever happened on it, and never when `begin` fails:
 * a server that falls silent would use up the pool for good. Here, a connection that gave no answer ends.
 */
function transactionsOn(pool: pg.Pool): OnPostgres['transaction'] {
  const databases = new WeakMap<pg.PoolClient, OnPostgres>()
  return async (work, config) => {
    const client = await pool.connect()
    const db: OnPostgres = databases.get(client) ?? drizzleOnPostgres(client, { schema })
    databases.set(client, db)
    let isBroken = false
    try {
      return await db.transaction(work, config)
    } catch (error) {
      isBroken = isDatabaseAway(error)
      throw error
    } finally {
      client.release(isBroken)
    }
  }
}

async function openPglite(dataDir: string, dump: Blob | undefined): Promise<Store> {
  const inMemory = dataDir.startsWith('memory://')
  const unlock = inMemory ? () => {} : lockFolder(dataDir)
  try {
    const folder = inMemory ? dataDir : `${dataDir}/database`
    const pglite = await PGlite.create(folder, dump ? { loadDataDir: dump } : {})
    const db = drizzleOnPglite(pglite, { schema })
    return {
      db: db as unknown as Database,
      kind: 'pglite',
      pglite,
      url: undefined,
      async withStartLock(start) {
        await migratePglite(db, { migrationsFolder })
        return await start()
      },
      async close() {
        await pglite.close()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** The rows of a hand-written statement; both drivers give moments as text there. */
export async function rowsOf<Row>(db: Database | Transaction, statement: SQL): Promise<Row[]> {
  const result = (await db.execute(statement)) as unknown as { rows: Row[] }
  return result.rows
}
