import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { sharedPace } from '../../src/aws/pace.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { emptyStore, forEachDatabase } from '../harness/databases.ts'

const accountId = '123456789012'

forEachDatabase((_name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
  })
  beforeEach(() => emptyStore(store))

  /** An account of which nothing is leased and nothing was throttled. */
  async function openPace(rate: number, { atPresent = rate } = {}) {
    await store.db.execute(sql`insert into accounts (account_id, partition, rate, next_slot_at)
      values (${accountId}, 'aws', ${atPresent}, clock_timestamp())`)
    return sharedPace(store.db, accountId, rate)
  }

  async function presentRate(): Promise<number> {
    const [row] = await rowsOf<{ rate: number }>(store.db, sql`select rate from accounts`)
    return Number(row?.rate)
  }

  /** As if this much time had passed since the last lease and the last throttling. */
  const sleep = (seconds: number) =>
    store.db.execute(sql`update accounts set next_slot_at = next_slot_at - make_interval(secs => ${seconds}::float8),
      throttled_at = throttled_at - make_interval(secs => ${seconds}::float8)`)

  test('the first slot begins now, and each further one where the last one ends', async () => {
    // Slots of ten seconds: what the statements themselves take does not matter.
    const pace = await openPace(10)
    const starts: number[] = []
    for (let i = 0; i < 4; i++) {
      const slot = await pace.lease(100)
      assert.deepEqual([slot.rate, slot.calls], [10, 100])
      starts.push(slot.startsInMs)
    }
    starts.forEach((start, i) => {
      assert.ok(start <= i * 10_000 && start > i * 10_000 - 2000, `slot ${i} begins in ${start} ms`)
    })
  })

  test('replicas that lease at the same moment get slots that do not overlap', async () => {
    const replica = await openStore({ poolSize: 4 })
    const paces = [await openPace(10), sharedPace(replica.db, accountId, 10)]
    const slots = await Promise.all(Array.from({ length: 10 }, (_, i) => paces[i % 2]?.lease(100)))
    const starts = slots.map((slot) => slot?.startsInMs ?? 0).sort((a, b) => a - b)
    starts.slice(1).forEach((start, i) => {
      assert.ok(start - (starts[i] ?? 0) > 8000, `slots begin in ${starts.join(', ')} ms`)
    })
  })

  test('time in which nobody called is not saved up', async () => {
    const pace = await openPace(10)
    await sleep(3600)
    await pace.lease(100)
    const { startsInMs } = await pace.lease(100)
    assert.ok(startsInMs > 8000, `${startsInMs} ms`)
  })

  test('throttling lowers the rate for everybody, once a second however many say so', async () => {
    const pace = await openPace(10)
    const other = sharedPace((await openStore()).db, accountId, 10)
    await Promise.all([pace.throttled(), other.throttled(), pace.throttled()])
    assert.equal(await presentRate(), 7)
    await sleep(1.5)
    await other.throttled()
    assert.ok(Math.abs((await presentRate()) - 4.9) < 1e-9)
    // A second and a half of recovery later.
    assert.ok((await pace.lease(1)).rate < 6.5)
  })

  test('however long AWS throttles, calls do not stop altogether', async () => {
    const pace = await openPace(10)
    for (let i = 0; i < 30; i++) {
      await pace.throttled()
      await sleep(1.5)
    }
    assert.equal(await presentRate(), 0.5)
  })

  test('without throttling the rate comes back by a twentieth a second, and no further than configured', async () => {
    const pace = await openPace(10, { atPresent: 2 })
    await sleep(4)
    // Four idle seconds, and the half of a second that this call takes at the present rate.
    const { rate } = await pace.lease(1)
    assert.ok(rate > 4.1 && rate < 6, String(rate))
    await sleep(60)
    assert.equal((await pace.lease(1)).rate, 10)
    assert.equal(await presentRate(), 10)
  })

  test('the rate comes back while calls are made, too', async () => {
    const pace = await openPace(10, { atPresent: 5 })
    // Ten seconds' worth of calls: half of the configured rate.
    for (let i = 0; i < 60; i++) await pace.lease(1)
    const rate = await presentRate()
    assert.ok(rate > 8, String(rate))
  })

  test('a slot at the new rate fits into the time that was leased for it at the old one', async () => {
    const pace = await openPace(10, { atPresent: 1 })
    const first = await pace.lease(10)
    const second = await pace.lease(10)
    const firstEndsInMs = first.startsInMs + (first.calls / first.rate) * 1000
    assert.ok(second.startsInMs >= firstEndsInMs - 1000, `${firstEndsInMs}, ${second.startsInMs}`)
  })

  test('an account that was never opened has no pace', async () => {
    await assert.rejects(sharedPace(store.db, '000000000000', 10).lease(1), /was not opened/)
  })
})
