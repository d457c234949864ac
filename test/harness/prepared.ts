/**
 * Databases that are ready at once: the migrations and the queues are made in one of them, and every other begins as a
 * copy of it. To make them each time would be most of the time of many a test.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { pino } from 'pino'
import { openJobs } from '../../src/jobs/jobs.ts'
import { openStore, type Store } from '../../src/store/open.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'node_modules/.cache/muster-tests')
/** What they are made by. */
const sources = ['package-lock.json', 'src/jobs/jobs.ts', 'src/store/open.ts', 'migrations']

/** Any constant will do. */
const templateLockKey = 7_366_573_747
const silentLog = pino({ level: 'silent' })

let dump: Promise<Blob> | undefined

/** In memory, migrated, with its queues. */
export async function openEmbedded(): Promise<Store> {
  dump ??= dumpOfThisVersion()
  return await openStore({ dataDir: 'memory://', dump: await dump }, silentLog)
}

async function dumpOfThisVersion(): Promise<Blob> {
  const path = join(folder, `${await versionOf(sources)}.tar`)
  const kept = await readFile(path).catch(() => undefined)
  if (kept) return new Blob([kept])
  const made = await makeDump()
  await mkdir(folder, { recursive: true })
  // Another test may be reading it, or writing the same.
  const half = `${path}.${process.pid}`
  await writeFile(half, made.stream())
  await rename(half, path)
  return made
}

/**
 * Makes a database of that name, a copy of one that is made when it is missing and stays on the server.
 *
 * @param server connected, to the server's own database
 * @param urlOf where a database of the server is reached
 */
export async function createPrepared(
  server: pg.Client,
  urlOf: (database: string) => string,
  name: string,
): Promise<void> {
  const template = `muster_template_${await versionOf(sources)}`
  await server.query('select pg_advisory_lock($1)', [templateLockKey])
  const { rowCount } = await server.query('select from pg_database where datname = $1', [template])
  if (rowCount === 0) {
    const half = `${template}_half`
    await server.query(`drop database if exists ${half} with (force)`)
    await server.query(`create database ${half}`)
    const store = await openStore({ databaseUrl: urlOf(half), dataDir: '.unused', poolSize: 1 }, silentLog)
    await prepare(store)
    await store.close()
    await server.query(`alter database ${half} rename to ${template}`)
  }
  await server.query('select pg_advisory_unlock($1)', [templateLockKey])
  await server.query(`create database ${name} template ${template}`)
}

async function prepare(store: Store): Promise<void> {
  const jobs = await store.withStartLock(() => openJobs(store, silentLog))
  await jobs.stop(1000)
}

async function versionOf(names: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const name of names) {
    const entries = await readdir(join(root, name), { recursive: true }).catch(() => [''])
    for (const entry of entries.sort()) {
      const content = await readFile(join(root, name, entry)).catch(() => '')
      hash.update(`${name}/${entry}\0`).update(content)
    }
  }
  return hash.digest('hex').slice(0, 16)
}

async function makeDump(): Promise<Blob> {
  const store = await openStore({ dataDir: 'memory://' }, silentLog)
  await prepare(store)
  const made = await store.pglite?.dumpDataDir('none')
  await store.close()
  if (!made) throw new Error('an embedded database gave no dump')
  return made
}
