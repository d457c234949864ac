/**
 * Runs a suite on both engines: embedded PGlite, and PostgreSQL in a database of its own.
 *
 * PostgreSQL is looked for at `MUSTER_TEST_POSTGRES_URL` (default: the local server). Where it is not
 * there, the suite is reported as skipped; with `MUSTER_REQUIRE_ALL=1` it fails instead.
 */
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { sql } from 'drizzle-orm'
import pg from 'pg'
import { pino } from 'pino'
import { openStore, rowsOf, type Store, type StoreOptions } from '../../src/store/open.ts'
import { createPrepared, openEmbedded } from './prepared.ts'

export const silentLog = pino({ level: 'silent' })

export interface OpenTestStore {
  /**
   * A migrated store. On PostgreSQL each call opens another pool on the suite's one database, as another
   * replica would; embedded, all calls give the one store there is. Closing is optional: what is still
   * open when the suite ends is closed then.
   */
  (options?: { readonly poolSize?: number }): Promise<Store>
  /** What `openStore` of `src/store/open.ts` needs to reach the same database; to be read inside tests. */
  readonly options: StoreOptions
}

export type DatabaseSuite = (name: 'pglite' | 'postgres', openStore: OpenTestStore) => void

/** Defines the suite once for each engine; call it at the top level of a test file. */
export function forEachDatabase(suite: DatabaseSuite): void {
  describe('pglite', () => suite('pglite', embedded()))
  forPostgres((open) => suite('postgres', open))
}

/** Defines the suite for PostgreSQL alone: for what several processes or connections do to each other. */
export function forPostgres(suite: (openStore: OpenTestStore) => void): void {
  if (unreachable === undefined) describe('postgres', () => suite(onPostgres()))
  else if (process.env.MUSTER_REQUIRE_ALL === '1') {
    test('postgres', () => {
      throw new Error(unreachable)
    })
  } else test('postgres', { skip: unreachable })
}

/** Empties every table, so that a test may begin with nothing. */
export async function emptyStore(store: Store): Promise<void> {
  const tables = await rowsOf<{ name: string }>(
    store.db,
    sql`select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`,
  )
  await store.db.execute(sql.raw(`truncate ${tables.map((table) => table.name).join(', ')}`))
}

/** The server on which the tests make databases. */
const postgresUrl = process.env.MUSTER_TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432'

/** Why PostgreSQL cannot be used; undefined when it can. */
const unreachable: string | undefined = await withServer(async () => undefined).catch(
  (error: Error) => `no PostgreSQL at ${postgresUrl}: ${error.message || error.name}`,
)

async function withServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: databaseUrl('postgres'),
    connectionTimeoutMillis: 2000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

function databaseUrl(name: string): string {
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return url.href
}

/**
 * A new database on the test server; `drop` ends whoever is still connected to it.
 *
 * @param isEmpty without migrations and queues: for what is about making these
 */
export async function createDatabase({ isEmpty = false } = {}): Promise<{
  readonly url: string
  drop(): Promise<void>
}> {
  const name = newDatabaseName()
  await withServer(async (client) => {
    if (isEmpty) await client.query(`create database ${name}`)
    else await createPrepared(client, databaseUrl, name)
  })
  return {
    url: databaseUrl(name),
    drop: async () => {
      await withServer((client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

const newDatabaseName = () => `muster_test_${randomBytes(6).toString('hex')}`

function onPostgres(): OpenTestStore {
  const opened: Store[] = []
  let database: Awaited<ReturnType<typeof createDatabase>> | undefined

  const options = (): StoreOptions => {
    if (!database) throw new Error('the suite has its database only while its tests run')
    return { databaseUrl: database.url, dataDir: '.unused' }
  }
  before(async () => {
    database = await createDatabase()
  })
  after(async () => {
    await Promise.all(opened.map((store) => store.close()))
    await database?.drop()
  })
  return factory(options, async (more) => {
    const store = closableTwice(await openStore({ ...options(), ...more }, silentLog))
    opened.push(store)
    await store.withStartLock(async () => {})
    return store
  })
}

function embedded(): OpenTestStore {
  const options = (): StoreOptions => ({ dataDir: 'memory://' })
  let opened: Promise<Store> | undefined
  after(async () => (await opened)?.close())
  return factory(options, () => {
    opened ??= openEmbedded().then((engine) =>
      closableTwice(engine, () => {
        opened = undefined
      }),
    )
    return opened
  })
}

function factory(options: () => StoreOptions, open: (more: { poolSize?: number }) => Promise<Store>) {
  const openTestStore = (more: { readonly poolSize?: number } = {}) => open(more)
  return Object.defineProperty(openTestStore, 'options', { get: options }) as OpenTestStore
}

/** A test may close its store, and the suite closes what is left: the second time does nothing. */
function closableTwice(store: Store, onClose = () => {}): Store {
  let closing: Promise<void> | undefined
  return {
    ...store,
    close() {
      onClose()
      closing ??= store.close()
      return closing
    },
  }
}
