import assert from 'node:assert/strict'
import { before, beforeEach, type TestContext, test } from 'node:test'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { chainHash, genesisHash } from '../../src/audit/chain.ts'
import { readProgress } from '../../src/audit/progress.ts'
import { recordAudit } from '../../src/audit/record.ts'
import { sealBatch, startSealer } from '../../src/audit/sealer.ts'
import { verifyChain } from '../../src/audit/verify.ts'
import { systemClock } from '../../src/clock.ts'
import { deriveKeys } from '../../src/keys.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { auditEvents } from '../../src/store/schema.ts'
import { emptyStore, forEachDatabase, forPostgres, silentLog } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { entries } from './entries.ts'

const keyring = deriveKeys(['a secret of at least thirty-two bytes'])
const now = new Date('2026-11-23T10:00:00Z')

function sealerOn(t: TestContext, store: Store, more: { clock?: () => Date; log?: pino.Logger } = {}) {
  const registry = new Registry()
  const loop = startSealer({ store, keyring, clock: systemClock, log: silentLog, registry, ...more })
  t.after(() => loop.stop())
  const gauge = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value
  return { ...loop, gauge }
}

function capturingLog() {
  const lines: Record<string, unknown>[] = []
  return { lines, log: pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line)) }) }
}

const isSealed = async (store: Store) => (await readProgress(store.db)).oldestUnsealedAt === null

forEachDatabase((_name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
  })
  beforeEach(() => emptyStore(store))

  test('records are numbered from 1 without a gap, by time, each hashed onto the one before', async () => {
    await recordAudit(store.db, entries(3).reverse())
    const { sealed, head } = await sealBatch(store.db, keyring)
    const rows = await store.db.select().from(auditEvents).orderBy(auditEvents.seq)
    assert.deepEqual(
      rows.map(({ seq, employeeId }) => [seq, employeeId]),
      [
        [1, 'E0'],
        [2, 'E1'],
        [3, 'E2'],
      ],
    )
    const [{ id, key }] = keyring['audit chain']
    let previous = genesisHash
    for (const row of rows) {
      previous = chainHash(key, previous, row.seq ?? 0, row.record)
      assert.equal(row.hash, previous)
      assert.equal(row.keyId, id)
    }
    assert.deepEqual({ sealed, head }, { sealed: 3, head: { seq: 3, hash: previous } })
  })

  test('with nothing to seal, the chain stays where it is', async () => {
    assert.deepEqual(await sealBatch(store.db, keyring), { sealed: 0, head: null })
    await recordAudit(store.db, entries(1))
    const { head } = await sealBatch(store.db, keyring)
    assert.deepEqual(await sealBatch(store.db, keyring), { sealed: 0, head })
  })

  test('many writers and two sealers at once leave nothing unsealed and one whole chain', async (t) => {
    const replica = await openStore({ poolSize: 4 })
    const sealers = [sealerOn(t, store), sealerOn(t, replica)]
    const writer = async (place: number) => {
      for (let round = 0; round < 5; round++) {
        await [store, replica][place % 2]?.db.transaction(async (tx) => {
          await recordAudit(tx, entries(4, { at: new Date(), actor: `writer ${place}` }))
          // Those who began first do not commit first.
          await delay(Math.random() * 20)
          await recordAudit(tx, entries(1, { at: new Date(), actor: `writer ${place}` }))
        })
        sealers[round % 2]?.wake()
      }
    }
    await Promise.all(Array.from({ length: 12 }, (_, place) => writer(place)))
    await eventually(() => isSealed(store))
    await Promise.all(sealers.map((sealer) => sealer.stop()))
    const verification = await verifyChain({ db: store.db, keyring, now })
    assert.deepEqual(verification.faults, [])
    assert.equal(verification.checked, 300)
    assert.equal(verification.head?.seq, 300)
  })

  test('sealers that race for the same records give each of them one number', async () => {
    const replica = await openStore({ poolSize: 4 })
    await recordAudit(store.db, entries(2500))
    let sealed = 0
    for (let round = 0; round < 10; round++) {
      const outcomes = await Promise.all(
        [store, replica, store, replica].map((each) => sealBatch(each.db, keyring)),
      )
      for (const outcome of outcomes) sealed += outcome.sealed
    }
    assert.equal(sealed, 2500)
    const verification = await verifyChain({ db: store.db, keyring, now })
    assert.deepEqual([verification.ok, verification.checked], [true, 2500])
  })

  test('a backlog larger than a batch is sealed without waiting for the next second', async (t) => {
    await recordAudit(store.db, entries(5200))
    // With timers that never end, nothing happens that is waited for.
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const sealer = sealerOn(t, store)
    const deadline = performance.now() + 60_000
    while (!(await isSealed(store)) && performance.now() < deadline) await setImmediate()
    t.mock.timers.reset()
    assert.equal(await isSealed(store), true)
    await sealer.stop()
  })

  test('a sealer that was stopped has lost nothing: the next one goes on where it ended', async (t) => {
    await recordAudit(store.db, entries(2))
    const first = sealerOn(t, store)
    await eventually(() => isSealed(store))
    await first.stop()
    await recordAudit(store.db, entries(2))
    assert.equal(await isSealed(store), false)
    const second = sealerOn(t, store)
    await eventually(() => isSealed(store))
    await second.stop()
    const verification = await verifyChain({ db: store.db, keyring, now })
    assert.deepEqual([verification.ok, verification.head?.seq], [true, 4])
  })

  test('the head is told to the gauge at once, and to the log at most once a minute and at the end', async (t) => {
    let time = now.getTime()
    const { lines, log } = capturingLog()
    const sealer = sealerOn(t, store, { clock: () => new Date(time), log })
    const headIs = async (seq: number) => {
      await recordAudit(store.db, entries(1))
      sealer.wake()
      await eventually(async () => (await sealer.gauge('muster_audit_head_seq')) === seq)
    }
    const logged = () => lines.filter(({ msg }) => msg === 'audit chain head').map(({ seq }) => seq)
    await headIs(1)
    time += 59_000
    await headIs(2)
    assert.deepEqual(logged(), [1])
    time += 2_000
    sealer.wake()
    await eventually(async () => logged().length === 2)
    await headIs(3)
    assert.deepEqual(logged(), [1, 2])
    await sealer.stop()
    assert.deepEqual(logged(), [1, 2, 3])
    const { head } = await readProgress(store.db)
    assert.equal(lines.at(-1)?.hash, head?.hash)
  })

  test('a running sealer notices that the end of the chain was removed', async (t) => {
    await recordAudit(store.db, entries(3))
    const { lines, log } = capturingLog()
    const sealer = sealerOn(t, store, { log })
    await eventually(async () => (await sealer.gauge('muster_audit_head_seq')) === 3)
    await store.db.transaction(async (tx) => {
      await tx.execute(sql`alter table audit_events disable trigger user`)
      await tx.execute(sql`delete from audit_events where seq = 3`)
      await tx.execute(sql`alter table audit_events enable trigger user`)
    })
    sealer.wake()
    await eventually(async () => (await sealer.gauge('muster_audit_head_seq')) === 2)
    await sealer.stop()
    assert.deepEqual(
      lines.filter(({ level }) => level === 50).map(({ msg }) => msg),
      ['the audit chain has lost its end: records were removed, or the database was set back'],
    )
  })

  test('the age of what could not be sealed is on the gauge', async (t) => {
    // Sealing fails, for whatever reason.
    await store.db.execute(sql`alter table audit_events add constraint stuck check (seq is null)`)
    await recordAudit(store.db, entries(1, { at: new Date(now.getTime() - 90_000) }))
    const sealer = sealerOn(t, store, { clock: () => now })
    try {
      await eventually(async () => (await sealer.gauge('muster_audit_unsealed_oldest_seconds')) === 90)
    } finally {
      await store.db.execute(sql`alter table audit_events drop constraint stuck`)
    }
    sealer.wake()
    await eventually(async () => (await sealer.gauge('muster_audit_unsealed_oldest_seconds')) === 0)
    await sealer.stop()
  })
})

forPostgres((openStore) => {
  test('a transaction that began first and commits last is sealed all the same', async () => {
    const store = await openStore()
    let commit = () => {}
    const committed = new Promise<void>((resolve) => {
      commit = resolve
    })
    let inserted = () => {}
    const early = new Promise<void>((resolve) => {
      inserted = resolve
    })
    const slow = store.db.transaction(async (tx) => {
      await recordAudit(tx, entries(1, { actor: 'slow' }))
      inserted()
      await committed
    })
    await early
    await recordAudit(store.db, entries(1, { at: now, actor: 'quick' }))
    assert.equal((await sealBatch(store.db, keyring)).sealed, 1)
    commit()
    await slow
    assert.equal((await sealBatch(store.db, keyring)).sealed, 1)
    const rows = await rowsOf(store.db, sql`select actor from audit_events order by seq`)
    assert.deepEqual(rows, [{ actor: 'quick' }, { actor: 'slow' }])
    assert.equal((await verifyChain({ db: store.db, keyring, now })).ok, true)
  })
})
