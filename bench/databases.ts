/** A fresh database on PostgreSQL for each row, dropped after it. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'

const serverUrl = process.env.MUSTER_BENCH_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432'

/** @throws Error, in one line, when there is no server */
export async function demandPostgres(): Promise<void> {
  try {
    await onServer('select 1')
  } catch (error) {
    const { message, code } = error as Error & { code?: string }
    throw new Error(
      `no PostgreSQL at ${serverUrl} (${message || code}): start one, or name another in MUSTER_BENCH_POSTGRES_URL`,
    )
  }
}

export async function withDatabase<T>(work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const name = `muster_bench_${randomBytes(6).toString('hex')}`
  await onServer(`create database ${name}`)
  try {
    return await work(urlOf(name))
  } finally {
    await onServer(`drop database if exists ${name} with (force)`)
  }
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf('postgres'), connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(statement)
  } finally {
    await client.end().catch(() => {})
  }
}

function urlOf(name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}
