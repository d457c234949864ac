/** A sandbox and a Muster, each in a process of its own, on a fresh database. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { Webhook } from 'standardwebhooks'
import { type Child, startChild } from './processes/children.ts'
import type { MusterProcess } from './processes/muster.ts'
import type { SandboxProcess } from './processes/sandbox.ts'
import { hrSecret, type SandboxPlace } from './processes/settings.ts'

export interface World {
  readonly sandbox: Child<SandboxProcess>
  readonly place: SandboxPlace
  /** Where the Muster that runs now listens. */
  readonly address: string
  /** The Muster that runs now. */
  readonly muster: Child<MusterProcess>
  readonly db: pg.Client
  /** Ends this Muster and starts another on the same database, at another pace. */
  restart(iamRate: number): Promise<void>
  /** Sends a signed HR webhook; resolves at its 202, with that moment in milliseconds since the epoch. */
  say(
    type: string,
    data: { readonly employeeId: string } & Readonly<Record<string, unknown>>,
  ): Promise<number>
  /** Resolves when no identity waits to be reconciled, with that moment. */
  allReconciled(withinMs?: number): Promise<number>
}

/** Far above what any row reaches: the limiter does not limit. */
export const unlimited = 1_000_000

export async function withWorld<T>(
  databaseUrl: string,
  iamRate: number,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const sandbox = startChild<SandboxProcess>('./sandbox.ts')
  const db = new pg.Client({ connectionString: databaseUrl })
  db.on('error', () => {})
  let muster: Child<MusterProcess> | undefined
  let address = ''
  let messages = 0

  async function start(place: SandboxPlace, rate: number): Promise<void> {
    muster = startChild<MusterProcess>('./muster.ts')
    const opened = await muster.ask('open', { databaseUrl, iamRate: rate, sandbox: place })
    address = opened.address
    await until(async () => (await fetch(`${address}/readyz`)).ok, 30_000, 'Muster is ready')
    // Its calls are not to be counted with anybody's.
    const swept = "select 1 from leases where name = 'sweep' and done_at is not null"
    await until(async () => (await db.query(swept)).rows.length > 0, 30_000, 'the account is swept')
  }

  try {
    const place = await sandbox.ask('open')
    await db.connect()
    await start(place, iamRate)
    return await work({
      sandbox,
      place,
      db,
      get address() {
        return address
      },
      get muster() {
        if (!muster) throw new Error('Muster does not run')
        return muster
      },
      async restart(rate) {
        await close(muster)
        await start(place, rate)
      },
      async say(type, data) {
        const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data })
        const id = `bench-${++messages}`
        const at = new Date()
        const response = await fetch(`${address}/webhooks/hr`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
            'webhook-signature': new Webhook(hrSecret).sign(id, at, body),
          },
          body,
        })
        const accepted = Date.now()
        if (response.status !== 202) throw new Error(`${type}: ${response.status} ${await response.text()}`)
        await response.arrayBuffer()
        return accepted
      },
      async allReconciled(withinMs = 60_000) {
        const behind = 'select 1 from identities where generation <> reconciled_generation limit 1'
        await until(async () => (await db.query(behind)).rows.length === 0, withinMs, 'all are reconciled')
        return Date.now()
      },
    })
  } finally {
    await close(muster)
    await sandbox.stop()
    await db.end().catch(() => {})
  }
}

async function close(muster: Child<MusterProcess> | undefined): Promise<void> {
  await muster?.ask('close').catch(() => {})
  await muster?.stop()
}

export async function until(
  isSo: () => Promise<boolean>,
  withinMs: number,
  what: string,
  everyMs = 25,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await delay(everyMs)
  }
}
