/**
 * `kill -9`, again and again, at moments that nobody chose, while HR goes on talking. AWS is the sandbox
 * in the process of the test, so that it outlives every crash and its log tells all that was ever done.
 *
 * MUSTER_TEST_SEED repeats a run's events and moments, as far as a machine repeats itself.
 */
import assert from 'node:assert/strict'
import { randomInt, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { loadCatalog } from '../../src/catalog/load.ts'
import { openSandbox } from '../../src/sandbox/index.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { apiOf } from '../harness/api.ts'
import { forPostgres } from '../harness/databases.ts'
import { type MusterProcess, settingsFor, spawnMuster, startMuster } from '../harness/process.ts'
import { eventually } from '../harness/waiting.ts'
import { type Company, company, type Random, seededRandom } from './company.ts'
import { type HrEvent, send } from './hr.ts'
import {
  everyUserIsAsHrSaidLast,
  type Known,
  nobodyEverHadTwoRoles,
  nobodyWasLetOutAgain,
  nothingWasDoneTwice,
} from './verdicts.ts'

const kills = 25
/** So many of them come before the catalog has been in the account for the first time. */
const killsOfTheCatalog = 3
const employeeCount = 60
/** Between two messages of one of HR's senders, in ms, at most. */
const pauseMs = 600
const senders = 6
const limit = { timeout: 6 * 60_000 }
const seed = Number(process.env.MUSTER_TEST_SEED ?? randomInt(2 ** 31))

const roles = (await loadCatalog('catalog/roles.yaml')).roles

forPostgres((openStore) => {
  test(
    'killed at any moment, it loses no accepted delivery and does nothing twice that does harm',
    limit,
    async (t) => {
      t.diagnostic(`MUSTER_TEST_SEED=${seed}`)
      const random = seededRandom(seed)
      const sandbox = await openSandbox({ seed, latencyMs: [2, 30], callLogSize: 1_000_000 })
      t.after(() => sandbox.close())
      const store = await openStore({ poolSize: 2 })
      const settings = settingsFor({
        MUSTER_DATABASE_URL: openStore.options.databaseUrl ?? '',
        AWS_ENDPOINT_URL: sandbox.url,
        AWS_ACCESS_KEY_ID: sandbox.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: sandbox.credentials.secretAccessKey,
      })

      let muster: MusterProcess | undefined
      const hr = company(random, Object.keys(roles), employeeCount, new Date(Date.now() - 3 * 3_600_000))
      const talking = startTalking(t.signal, hr, random, (event, id) => {
        if (!muster) throw new Error('it is not there right now')
        return send(muster.url, settings, event, id)
      })
      for (let killed = 0; killed < kills; killed++) {
        muster = spawnMuster(t, settings)
        if (killed === killsOfTheCatalog) await muster.answers('/readyz')
        // Some while they start, most while they work.
        else if (random() < 0.8) await muster.listening()
        await delay(random() * 1200)
        await muster.kill()
      }
      muster = await startMuster(t, settings)
      const answered = await talking.stop()
      await converged(store)

      const known = await everyDeliveryIsApplied(store, answered)
      const api = await apiOf(muster.url)
      const { body: audit } = await api.get('/v1/audit/verify').expect(200)
      assert.equal(audit.ok, true, JSON.stringify(audit))
      everyUserIsAsHrSaidLast(sandbox, hr.people, roles)
      nobodyEverHadTwoRoles(sandbox, roles)
      nothingWasDoneTwice(sandbox)
      nobodyWasLetOutAgain(sandbox, known)

      const [{ interrupted } = { interrupted: 0 }] = await rowsOf<{ interrupted: number }>(
        store.db,
        sql`select count(*)::int as interrupted from operations where status = 'interrupted'`,
      )
      t.diagnostic(
        `${kills} kills, ${answered.size} deliveries, ${sandbox.calls.entries.length} calls, ${interrupted} interrupted operations`,
      )
      assert.ok(interrupted > 0, 'no kill hit anything that was running: this test has proven nothing')
      await muster.stop()
    },
  )
})

interface Answered {
  readonly deliveryId: string
  readonly event: HrEvent
}

interface Talking {
  /** Says nothing new, and resolves when all that was said has been answered: by the message's id. */
  stop(): Promise<ReadonlyMap<string, Answered>>
}

/** Several senders, each of which repeats a message until it has been taken; sometimes once more. */
function startTalking(
  signal: AbortSignal,
  hr: Company,
  random: Random,
  post: (event: HrEvent, id: string) => ReturnType<typeof send>,
): Talking {
  const answered = new Map<string, Answered>()
  let stopped = false

  async function talk(): Promise<void> {
    while (!stopped && !signal.aborted) {
      const event = hr.next()
      const repeats = random() < 0.1 ? 2 : 1
      const id = randomUUID()
      for (let times = 0; times < repeats; times++) await untilTaken(event, id)
      await delay(random() * pauseMs)
    }
  }

  async function untilTaken(event: HrEvent, id: string): Promise<void> {
    while (!signal.aborted) {
      try {
        const { status, body } = await post(event, id)
        if (status === 202) {
          const deliveryId = String(body.deliveryId)
          assert.equal(
            answered.get(id)?.deliveryId ?? deliveryId,
            deliveryId,
            'a repeat is told the first id',
          )
          answered.set(id, { deliveryId, event })
          return
        }
        assert.ok(status >= 500, `${status} ${JSON.stringify(body)}`)
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
      }
      await delay(50)
    }
  }

  const talks = Array.from({ length: senders }, talk)
  const all = Promise.all(talks)
  all.catch(() => {})
  return {
    async stop() {
      stopped = true
      await all
      return answered
    },
  }
}

/** Until nothing waits: neither a delivery nor a generation. */
async function converged(store: Store): Promise<void> {
  await eventually(
    async () => {
      const [row] = await rowsOf<{ waiting: number }>(
        store.db,
        sql`select (select count(*) from deliveries where status = 'accepted')::int
          + (select count(*) from identities where generation <> reconciled_generation)::int as waiting`,
      )
      return row?.waiting === 0
    },
    // A user whose making the last kill broke off is waited for for two minutes.
    { withinMs: 180_000, what: 'an end of all work' },
  )
}

async function everyDeliveryIsApplied(
  store: Store,
  answered: ReadonlyMap<string, Answered>,
): Promise<readonly Known[]> {
  const rows = await rowsOf<{
    id: string
    sender_id: string
    status: string
    reason: string | null
    processed_at: string
  }>(store.db, sql`select id, sender_id, status, reason, processed_at from deliveries`)
  const stored = new Map(rows.map((row) => [row.id, row]))
  return [...answered].map(([senderId, { deliveryId, event }]) => {
    const row = stored.get(deliveryId)
    assert.ok(row, `delivery ${deliveryId} was answered and is lost`)
    assert.equal(row.sender_id, senderId)
    assert.equal(row.status, 'applied', `delivery ${deliveryId}: ${row.reason}`)
    return { event, since: new Date(row.processed_at) }
  })
}
