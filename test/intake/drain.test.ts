import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { getDelivery, listDeliveries, replayDelivery } from '../../src/intake/deliveries.ts'
import { type ApplyEvents, startDrain } from '../../src/intake/drain.ts'
import { urgencyOf } from '../../src/intake/hr-events.ts'
import { type Inbox, openInbox } from '../../src/intake/inbox.ts'
import { readDelivery, reasonOf } from '../../src/intake/sources.ts'
import type { Loop } from '../../src/jobs/loop.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { emptyStore, forEachDatabase, forPostgres, silentLog } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { hired, message } from '../harness/webhooks.ts'
import { recordedEmployees, recording } from './recording.ts'

const start = new Date('2026-11-23T09:00:00Z')

/** Stores what the route would store of this message. */
async function put(inbox: Inbox, senderId: string, body: unknown): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(body))
  const reading = readDelivery(bytes, { source: 'hr', senderId, receivedAt: start })
  const receipt = await inbox.store({
    source: 'hr',
    senderId,
    receivedAt: start,
    contentType: 'application/json',
    body: bytes,
    kind: reading.kind,
    urgency: urgencyOf(reading.kind),
    employeeIds: reading.employeeIds,
    refusal: reading.ok ? undefined : reasonOf(reading.faults),
  })
  return receipt.deliveryId
}

const statusesIn = async (store: Store) =>
  (await listDeliveries(store.db, { limit: 1000 })).map(({ status }) => status).toReversed()

const allSettled = (store: Store) =>
  eventually(async () => !(await statusesIn(store)).includes('accepted'), { what: 'an empty inbox' })

forEachDatabase((_name, openStore) => {
  let store: Store
  let inbox: Inbox
  let now = start
  const drains: Loop[] = []
  beforeEach(async () => {
    store = await openStore()
    await emptyStore(store)
    inbox = openInbox(store, silentLog)
    now = start
  })
  afterEach(async () => {
    for (const drain of drains.splice(0)) await drain.stop()
  })
  function drain(apply: ApplyEvents): Loop {
    const started = startDrain({ store, clock: () => now, log: silentLog, apply, everyMs: 20 })
    drains.push(started)
    return started
  }

  test('what was stored before a drain existed is applied, the urgent first and then the oldest', async () => {
    await put(inbox, 'm1', hired('E1'))
    await put(inbox, 'm2', message('employee.updated', 'E2'))
    await put(inbox, 'm3', message('employee.terminated', 'E3'))
    await put(inbox, 'm4', message('employee.suspended', 'E4'))
    const { apply, calls } = recording()
    drain(apply)
    await allSettled(store)
    assert.deepEqual(calls, [['E3', 'E4', 'E1', 'E2']])
    assert.deepEqual(await statusesIn(store), ['applied', 'applied', 'applied', 'applied'])
  })

  test('an event reaches the record as it was sent, with its delivery', async () => {
    const id = await put(inbox, 'm1', hired('E1', { startAt: '2026-12-01' }))
    let given: unknown
    drain(async (_tx, events) => {
      given = events
      return new Map()
    })
    await allSettled(store)
    assert.deepEqual(given, [
      {
        employeeId: 'E1',
        kind: 'employee.hired',
        timestamp: new Date('2026-11-23T09:00:00Z'),
        receivedAt: start,
        source: 'hr',
        senderId: 'm1',
        place: 0,
        deliveryId: id,
        data: {
          givenName: 'Ada',
          familyName: 'Lovelace',
          email: 'ada@example.com',
          role: 'backend-engineer',
          startAt: '2026-12-01',
        },
      },
    ])
    const { processedAt, employeeIds } = await getDelivery(store.db, id)
    assert.deepEqual([processedAt, employeeIds], [start, ['E1']])
  })

  test('what cannot be applied yet is pending, with its reason', async () => {
    const id = await put(inbox, 'm1', message('employee.role_changed', 'E1', { role: 'juggler' }))
    await put(inbox, 'm2', hired('E2'))
    drain(recording(({ data }) => (data.role === 'juggler' ? 'no such role' : undefined)).apply)
    await allSettled(store)
    const { status, reason } = await getDelivery(store.db, id)
    assert.deepEqual([status, reason], ['pending', 'no such role'])
    assert.deepEqual(await statusesIn(store), ['pending', 'applied'])
  })

  test('one delivery that fails does not keep its neighbours', async () => {
    const ids: string[] = []
    for (let i = 0; i < 60; i++) ids.push(await put(inbox, `m${i}`, hired(`E${100 + i}`)))
    const poisons = new Set(['E117', 'E158'])
    drain(
      recording(({ employeeId }) => {
        if (poisons.has(employeeId)) throw new TypeError('cannot read this one')
        return undefined
      }).apply,
    )
    await eventually(async () => (await recordedEmployees(store)).length === 58)
    await eventually(async () => (await getDelivery(store.db, ids[58] ?? '')).attempts === 1)
    const views = await listDeliveries(store.db, { status: 'accepted', limit: 10 })
    assert.deepEqual(
      views.map(({ employeeIds, attempts, reason }) => [...employeeIds, attempts, reason]),
      [
        ['E158', 1, 'TypeError: cannot read this one'],
        ['E117', 1, 'TypeError: cannot read this one'],
      ],
    )
    assert.equal((await statusesIn(store)).filter((status) => status === 'applied').length, 58)
  })

  test('a delivery that the database refuses fails alone, and its values are told to nobody', async () => {
    const bad = await put(inbox, 'm1', hired('E1', { givenName: 'Confidential' }))
    const good = await put(inbox, 'm2', hired('E2'))
    drain(async (tx, events) => {
      for (const { employeeId, data } of events) {
        const name = data.givenName ?? ''
        await tx.execute(sql`select case when ${employeeId}::text = 'E1' then ${name}::text::int else 0 end`)
      }
      return new Map()
    })
    await eventually(async () => (await getDelivery(store.db, bad)).attempts === 1)
    await eventually(async () => (await getDelivery(store.db, good)).status === 'applied')
    assert.equal((await getDelivery(store.db, bad)).reason, 'the database refused it: SQLSTATE 22P02')
  })

  test('one that failed when the clock was a day ahead is tried again as soon as the clock is right', async () => {
    const id = await put(inbox, 'm1', message('employee.terminated', 'E1'))
    let broken = true
    const { apply } = recording(() => {
      if (broken) throw new Error('not today')
      return undefined
    })
    now = new Date(start.getTime() + 86_400_000)
    drain(apply)
    await eventually(async () => (await getDelivery(store.db, id)).attempts === 1)
    broken = false
    now = start
    await allSettled(store)
    assert.deepEqual(await statusesIn(store), ['applied'])
  })

  test('after five failures at growing distances a delivery has failed, and can be replayed', async () => {
    const id = await put(inbox, 'm1', hired('E1'))
    let broken = true
    const { apply, calls } = recording(() => {
      if (broken) throw new Error('not today')
      return undefined
    })
    drain(apply)
    const attempts = async () => (await getDelivery(store.db, id)).attempts
    for (const [index, delaySeconds] of [4, 16, 64, 256].entries()) {
      await eventually(async () => (await attempts()) === index + 1, { what: `attempt ${index + 1}` })
      now = new Date(now.getTime() + delaySeconds * 1000 - 1)
      await sleep(60)
      assert.equal(await attempts(), index + 1, 'not tried before its time')
      now = new Date(now.getTime() + 1)
    }
    await allSettled(store)
    const failed = await getDelivery(store.db, id)
    assert.deepEqual([failed.status, failed.attempts, failed.reason], ['failed', 5, 'Error: not today'])
    assert.equal(calls.length, 5)
    broken = false
    assert.equal((await replayDelivery(store.db, id)).status, 'accepted')
    await allSettled(store)
    const replayed = await getDelivery(store.db, id)
    assert.deepEqual([replayed.status, replayed.attempts, replayed.reason], ['applied', 0, null])
  })

  test('a malformed delivery that is replayed is refused again, and says why', async () => {
    const id = await put(inbox, 'm1', message('employee.terminated', 'E1', { effectiveAt: 'soon' }))
    const before = await getDelivery(store.db, id)
    assert.equal(before.status, 'refused')
    drain(recording().apply)
    await replayDelivery(store.db, id)
    await allSettled(store)
    const after = await getDelivery(store.db, id)
    assert.deepEqual([after.status, after.reason], ['refused', before.reason])
    assert.match(after.reason ?? '', /^\/data\/effectiveAt must be/)
    assert.deepEqual(await recordedEmployees(store), [])
  })

  test('what was refused for its Content-Type is applied when an administrator replays it', async () => {
    const body = Buffer.from(JSON.stringify(message('employee.terminated', 'E1')))
    const { deliveryId } = await inbox.store({
      source: 'hr',
      senderId: 'm1',
      receivedAt: start,
      contentType: 'text/plain',
      body,
      kind: undefined,
      urgency: 0,
      employeeIds: [],
      refusal: 'content-type must be application/json',
    })
    drain(recording().apply)
    await replayDelivery(store.db, deliveryId)
    await allSettled(store)
    const { status, kind, employeeIds } = await getDelivery(store.db, deliveryId)
    assert.deepEqual([status, kind, employeeIds], ['applied', 'employee.terminated', ['E1']])
  })

  test('a wake-up is enough, whatever the interval', async () => {
    const { apply } = recording()
    const slow = startDrain({ store, clock: () => now, log: silentLog, apply, everyMs: 3_600_000 })
    drains.push(slow)
    await sleep(100)
    const woken = openInbox(store, silentLog, () => slow.wake())
    await put(woken, 'm1', hired('E1'))
    await allSettled(store)
  })

  test('a thousand deliveries are applied in batches', async () => {
    await Promise.all(Array.from({ length: 1000 }, (_, i) => put(inbox, `m${i}`, hired(`E${i}`))))
    const { apply, calls } = recording()
    drain(apply)
    await allSettled(store)
    assert.equal(calls.length, 5)
    assert.equal((await recordedEmployees(store)).length, 1000)
  })
})

forPostgres((openStore) => {
  test('several replicas drain at once, and each delivery is applied once', async (t) => {
    const stores = await Promise.all([openStore(), openStore(), openStore()])
    const [first] = stores
    assert.ok(first)
    await emptyStore(first)
    const inbox = openInbox(first, silentLog)
    await Promise.all(Array.from({ length: 1500 }, (_, i) => put(inbox, `m${i}`, hired(`E${i}`))))
    const replicas = stores.map((store) => ({ store, ...recording() }))
    const drains = replicas.map(({ store, apply }) =>
      startDrain({ store, clock: () => start, log: silentLog, apply, everyMs: 20 }),
    )
    t.after(() => Promise.all(drains.map((drain) => drain.stop())))
    await allSettled(first)
    assert.equal((await recordedEmployees(first)).length, 1500)
    assert.equal(replicas.flatMap(({ calls }) => calls.flat()).length, 1500, 'no batch was applied in vain')
  })

  test('a replica that dies while it applies leaves everything to the next one', async (t) => {
    const [store, dying] = [await openStore(), await openStore({ poolSize: 1 })]
    await emptyStore(store)
    const inbox = openInbox(store, silentLog)
    await put(inbox, 'm1', hired('E1'))
    await put(inbox, 'm2', message('employee.terminated', 'E2'))
    const { apply } = recording()
    const doomed = startDrain({
      store: dying,
      clock: () => start,
      log: silentLog,
      everyMs: 3_600_000,
      async apply(tx, events) {
        const pending = await apply(tx, events)
        await tx.execute(sql`select pg_sleep(60)`)
        return pending
      },
    })
    t.after(() => doomed.stop())
    const terminated = () =>
      rowsOf(
        store.db,
        sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
          and state = 'active' and query like 'select pg_sleep(60)%'`,
      )
    await eventually(async () => (await terminated()).length === 1, { what: 'the death of the replica' })
    await doomed.stop()
    assert.deepEqual(await statusesIn(store), ['accepted', 'accepted'])
    assert.deepEqual(await recordedEmployees(store), [])
    assert.equal((await listDeliveries(store.db, { limit: 1 }))[0]?.attempts, 0, 'no fault of the delivery')

    const next = startDrain({
      store,
      clock: () => start,
      log: silentLog,
      apply: recording().apply,
      everyMs: 20,
    })
    t.after(() => next.stop())
    await allSettled(store)
    assert.deepEqual(await recordedEmployees(store), ['E1', 'E2'])
  })
})
