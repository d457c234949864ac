/** A database that goes away, a stop in the middle of work, and several processes on one database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { openSandbox, type SandboxOptions } from '../../src/sandbox/index.ts'
import { openStore, rowsOf } from '../../src/store/open.ts'
import { apiOf, documentedFetch } from '../harness/api.ts'
import { createDatabase, forPostgres, silentLog } from '../harness/databases.ts'
import { startFlakyDatabase } from '../harness/flaky-database.ts'
import { type Settings, settingsFor, spawnMuster, startMuster } from '../harness/process.ts'
import { eventually } from '../harness/waiting.ts'
import { hrEvent, send, tell } from './hr.ts'

/** What a sender may wait for a 503, at most. */
const aFewSecondsMs = 10_000

/** An empty database, and an AWS that outlives every process. */
async function world(options: SandboxOptions = {}) {
  const sandbox = await openSandbox({ seed: 1, ...options })
  const database = await createDatabase({ isEmpty: true })
  const settings = settingsFor({
    MUSTER_DATABASE_URL: database.url,
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_ACCESS_KEY_ID: sandbox.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandbox.credentials.secretAccessKey,
  })
  return {
    sandbox,
    database,
    settings,
    /** Register it after the processes: what is registered first is done first. */
    async close() {
      await sandbox.close()
      await database.drop()
    },
    /** Who is in all groups of a finance employee. */
    provisioned: () =>
      [...sandbox.state.users.values()]
        .filter(({ groups }) => groups.length === 2)
        .map(({ userName }) => userName)
        .toSorted(),
    created: () =>
      sandbox.calls
        .of('CreateUser')
        .filter(({ status }) => status === 200)
        .map(({ params }) => String(params.UserName))
        .toSorted(),
  }
}

const joiner = (number: number) =>
  hrEvent('employee.hired', `E${number}`, {
    givenName: 'Ada',
    familyName: `L${number}`,
    email: `e${number}@example.com`,
    role: 'finance',
  })
const numbers = (count: number) => Array.from({ length: count }, (_, index) => 1001 + index)
const namesOf = (count: number) => numbers(count).map((number) => `ada.l${number}`)

forPostgres(() => {
  const awayDays = [
    {
      what: 'cuts every connection and refuses new ones',
      attempts: 3,
      go: (database: Flaky) => database.goAway(),
      back: (database: Flaky) => database.comeBack(),
    },
    {
      what: 'falls silent for a while',
      // Each waits until the time for an answer is over.
      attempts: 1,
      go: async (database: Flaky) => database.freeze(),
      back: async (database: Flaky) => database.thaw(),
    },
    {
      what: 'falls silent and is replaced by another',
      attempts: 1,
      go: async (database: Flaky) => database.freeze(),
      back: async (database: Flaky) => database.failOver(),
    },
  ]
  for (const { what, attempts, go, back } of awayDays) {
    test(`a database that ${what} gives 503, and all goes on by itself once it is back`, async (t) => {
      const { sandbox, database, settings: direct, provisioned, close } = await world()
      const flaky = await startFlakyDatabase(database.url)
      const settings = { ...direct, MUSTER_DATABASE_URL: flaky.url }
      const muster = spawnMuster(t, settings)
      t.after(() => flaky.close())
      t.after(close)
      await muster.answers('/readyz')
      await tell(muster.url, settings, joiner(1001))
      await eventually(() => provisioned().length === 1, { what: 'the first joiner' })

      await go(flaky)
      for (let attempt = 0; attempt < attempts; attempt++) {
        const since = performance.now()
        const refused = await send(muster.url, settings, joiner(1002), 'the-same-message')
        const tookMs = performance.now() - since
        assert.equal(refused.status, 503, JSON.stringify(refused.body))
        assert.ok(Number(refused.headers.get('retry-after')) > 0)
        assert.ok(tookMs < aFewSecondsMs, `the answer took ${Math.round(tookMs)} ms`)
        assert.equal(await statusOf(`${muster.url}/healthz`), 200)
      }
      assert.equal(await statusOf(`${muster.url}/readyz`), 503)

      await back(flaky)
      const taken = await eventually(
        async () => {
          const answered = await send(muster.url, settings, joiner(1002), 'the-same-message')
          return answered.status === 202 && answered
        },
        { what: 'taking deliveries again' },
      )
      assert.match(String(taken.body.status), /^(accepted|duplicate)$/)
      await tell(muster.url, settings, joiner(1003))
      await eventually(() => provisioned().join() === namesOf(3).join(), {
        what: 'everybody being provisioned',
      })
      await muster.answers('/readyz')
      assert.equal(sandbox.calls.of('CreateUser').length, 3)
      await muster.stop()
    })
  }

  test('SIGTERM lets what runs end, takes no more, and the next start finds the rest', async (t) => {
    const { sandbox, database, settings: fast, provisioned, created, close } = await world({ latencyMs: 150 })
    const settings = { ...fast, MUSTER_IAM_RATE: '20' }
    const joiners = 40
    const first = spawnMuster(t, { ...fast, MUSTER_IAM_RATE: '200' })
    t.after(close)
    await first.answers('/readyz')
    await first.stop()

    const stopped = await startMuster(t, settings)
    const deliveryIds = await Promise.all(
      numbers(joiners).map((number) => tell(stopped.url, settings, joiner(number))),
    )
    await eventually(() => created().length >= 4, { what: 'the beginning of the work' })
    const tookMs = await stopped.stop()
    assert.ok(tookMs < 25_000, `the stop took ${tookMs} ms`)
    const callsAtTheEnd = sandbox.calls.entries.length
    assert.ok(created().length < joiners, 'the stop came after all the work')
    assert.deepEqual(provisioned(), created(), 'a joiner was left half-way')
    const store = await openStore({ databaseUrl: database.url, dataDir: '.unused' }, silentLog)
    const [unfinished] = await rowsOf<{ operations: number; jobs: number }>(
      store.db,
      sql`select (select count(*)::int from operations where status = 'running') as operations,
        (select count(*)::int from jobs.job where state = 'active') as jobs`,
    )
    await store.close()
    assert.deepEqual(unfinished, { operations: 0, jobs: 0 })
    assert.equal(sandbox.calls.entries.length, callsAtTheEnd)

    const next = await startMuster(t, { ...settings, MUSTER_IAM_RATE: '200' })
    await eventually(() => provisioned().length === joiners, { what: 'the rest of the work' })
    assert.deepEqual(created(), namesOf(joiners))
    const api = await apiOf(next.url)
    const { body } = await api.get('/v1/deliveries?status=applied&limit=100').expect(200)
    assert.deepEqual(body.items.map(({ id }: { id: string }) => id).toSorted(), deliveryIds.toSorted())
    await next.stop()
  })

  test('SIGTERM while the catalog is brought in ends in time, and the next start goes on from there', async (t) => {
    // At this pace the whole catalog would take longer than a process is given to end.
    const { sandbox, database, settings, provisioned, close } = await world({ latencyMs: 2000 })
    const stopped = spawnMuster(t, settings)
    t.after(close)
    const policies = () => sandbox.calls.of('CreatePolicy').map(({ params }) => String(params.PolicyName))
    await eventually(() => policies().length > 0, { what: 'the beginning of the catalog' })
    await tell(stopped.url, settings, joiner(1001))
    // Fails unless the process ends by itself.
    await stopped.stop()
    const before = policies()
    const store = await openStore({ databaseUrl: database.url, dataDir: '.unused' }, silentLog)
    const [half] = await rowsOf<{ status: string; hash: string | null; leased: string | null }>(
      store.db,
      sql`select operations.status, catalog_hash as hash, catalog_leased_until as leased
        from accounts join operations using (account_id) where kind = 'catalog'`,
    )
    await store.close()
    assert.deepEqual(half, { status: 'stopped', hash: null, leased: null })

    sandbox.faults.set({})
    const next = await startMuster(t, settings)
    await eventually(() => provisioned().length === 1, { what: 'the catalog, and then the joiner' })
    assert.ok(policies().length > before.length)
    assert.equal(new Set(policies()).size, policies().length, 'a policy was made twice')
    await next.stop()
  })

  test('several processes that start at once on one empty database share the work and do it once', async (t) => {
    const { sandbox, settings, provisioned, created, close } = await world({ latencyMs: 20 })
    // By their keys, the log of the account tells them apart.
    const replica = (role: string, key: string): Settings => ({
      ...settings,
      // Slow enough that nobody is done before the others have begun.
      MUSTER_IAM_RATE: '40',
      MUSTER_ROLE: role,
      AWS_ACCESS_KEY_ID: key,
    })
    const [api, worker, all] = ['api', 'worker', 'all'].map((role) =>
      spawnMuster(t, replica(role, `AKIAREPLICA${role.toUpperCase()}`)),
    )
    t.after(close)
    assert.ok(api && worker && all)
    await Promise.all([api, worker, all].map((process) => process.answers('/readyz')))

    const joiners = 120
    await Promise.all(
      numbers(joiners).map((number, index) =>
        // Half of the people are told to both doors at once.
        Promise.all(
          (index % 2 === 0 ? [api, all] : [api]).map(({ url }) =>
            send(url, settings, joiner(number), `hired-${number}`).then(({ status }) =>
              assert.equal(status, 202),
            ),
          ),
        ),
      ),
    )
    await eventually(() => provisioned().length === joiners, { what: 'everybody being provisioned' })
    await delay(1000)
    assert.deepEqual(created(), namesOf(joiners))
    const creators = Map.groupBy(sandbox.calls.of('CreateUser'), ({ caller }) => caller.accessKeyId)
    assert.deepEqual([...creators.keys()].toSorted(), ['AKIAREPLICAALL', 'AKIAREPLICAWORKER'])
    const policies = sandbox.calls.of('CreatePolicy').map(({ params }) => params.PolicyName)
    assert.equal(new Set(policies).size, policies.length, 'the catalog was brought in twice')
    await Promise.all([api, worker, all].map((process) => process.stop()))
  })
})

type Flaky = Awaited<ReturnType<typeof startFlakyDatabase>>

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  return (await documentedFetch('GET', response)).status
}
