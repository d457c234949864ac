import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { createLimiter, type Limiter, type Priority, priorities } from '../../src/aws/limiter.ts'
import { type Slot, sharedPace } from '../../src/aws/pace.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { emptyStore, forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'

const accountId = '123456789012'

forEachDatabase((name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
  })
  beforeEach(() => emptyStore(store))

  async function openLimiter(
    rate: number,
    { atPresent = rate, errors = [] as unknown[], leases = [] as Slot[] } = {},
  ): Promise<Limiter> {
    await store.db.execute(sql`insert into accounts (account_id, partition, rate, next_slot_at)
      values (${accountId}, 'aws', ${atPresent}, clock_timestamp()) on conflict do nothing`)
    const pace = sharedPace(store.db, accountId, rate)
    const lease = async (calls: number) => {
      const slot = await pace.lease(calls)
      leases.push(slot)
      return slot
    }
    return createLimiter({ ...pace, lease }, rate, (error) => errors.push(error))
  }

  /** Asks for `count` turns at once; the moments at which they came, in ms. */
  function turns(
    limiter: Limiter,
    count: number,
    priority: Priority = priorities.reconcile,
  ): Promise<number[]> {
    return Promise.all(
      Array.from({ length: count }, () => limiter.turn(priority).then(() => performance.now())),
    )
  }

  /** A busy machine gives turns late; given early, one would be faster than the pace. */
  function assertNeverAhead(moments: readonly number[], startedAt: number, rate: number): void {
    const timersMs = 20
    moments
      .toSorted((a, b) => a - b)
      .forEach((at, place) => {
        const dueMs = (place / rate) * 1000
        assert.ok(at - startedAt >= dueMs - timersMs, `turn ${place} after ${at - startedAt} ms`)
      })
  }

  /** How many of so many turns come at once, without waiting for anything. */
  async function atOnce(limiter: Limiter, count: number, priority: Priority): Promise<number> {
    let given = 0
    for (let i = 0; i < count; i++) void limiter.turn(priority).then(() => given++)
    await setImmediate()
    return given
  }

  /** The database is there, but this table does not answer. */
  async function duringOutage(work: () => Promise<void>): Promise<void> {
    await store.db.execute(sql`alter table accounts rename to accounts_away`)
    try {
      await work()
    } finally {
      await store.db.execute(sql`alter table accounts_away rename to accounts`)
    }
  }

  test('two replicas that share an account stay within its rate together, and both get on', async () => {
    const replica = await openStore({ poolSize: 2 })
    const first = await openLimiter(100)
    const second = createLimiter(sharedPace(replica.db, accountId, 100), 100, () => {})
    const started = performance.now()
    const [ofFirst, ofSecond] = await Promise.all([turns(first, 120), turns(second, 120)])
    assertNeverAhead([...ofFirst, ...ofSecond], started, 100)
    // Neither had to wait until the other was done.
    assert.ok(Math.min(...ofSecond) < Math.max(...ofFirst) && Math.min(...ofFirst) < Math.max(...ofSecond))
  })

  test('the other replicas know of the locks of one that has nothing else to do', async () => {
    const limiter = await openLimiter(10)
    const [before] = await rowsOf<{ at: unknown }>(store.db, sql`select clock_timestamp()::text as at`)
    await turns(limiter, 10, priorities.lock)
    const secondsAhead = async () => {
      const [row] = await rowsOf<{ ahead: number }>(
        store.db,
        sql`select extract(epoch from next_slot_at - ${before?.at}::timestamptz)::float8 as ahead from accounts`,
      )
      return Number(row?.ahead)
    }
    // Ten calls are a second's worth.
    await eventually(async () => (await secondsAhead()) >= 0.99)
  })

  test('while the database is away, locks go ahead, and the rest goes on when it is back', async () => {
    const errors: unknown[] = []
    const limiter = await openLimiter(100, { errors })
    let served = 0
    let regular: Promise<unknown> = Promise.resolve()
    await duringOutage(async () => {
      regular = Promise.all(
        Array.from({ length: 5 }, () => limiter.turn(priorities.reconcile).then(() => served++)),
      )
      await limiter.turn(priorities.lock)
      await delay(700)
      await limiter.turn(priorities.lock)
      assert.equal(served, 0)
      assert.equal(limiter.waiting, 5)
    })
    await regular
    assert.equal(served, 5)
    assert.ok(errors.length > 0)
  })

  test('throttling slows the turns of every replica down, and they recover', async () => {
    const limiter = await openLimiter(100)
    const rate = async () =>
      Number((await rowsOf<{ rate: number }>(store.db, sql`select rate from accounts`))[0]?.rate)
    limiter.throttled()
    await eventually(async () => (await rate()) !== 100)
    assert.equal(await rate(), 70)
    const moments = await turns(limiter, 40)
    // At 70 a second and a little more by and by; 0.39 s at the full rate.
    const seconds = (Math.max(...moments) - Math.min(...moments)) / 1000
    assert.ok(seconds > 0.45, `${seconds} s`)
    await store.db.execute(sql`update accounts set next_slot_at = next_slot_at - interval '30 seconds'`)
    // More than what may be left of a slot that was leased before.
    await turns(limiter, 20)
    assert.equal(await rate(), 100)
  })

  test('a rate that fell far comes back within seconds, however high it is meant to be', async () => {
    const leases: Slot[] = []
    const limiter = await openLimiter(1000, { atPresent: 10, leases })
    await turns(limiter, 130)
    // The slot of 100 calls that is right at the configured rate would last ten seconds now.
    for (const { calls, rate } of leases) assert.ok(calls / rate < 1, `a slot of ${calls / rate} s`)
    const reached = leases.at(-1)?.rate ?? 0
    assert.ok(reached > 50, `${reached} calls a second`)
  })

  test('a throttling that cannot be told to the database is no error of the caller', async () => {
    const errors: unknown[] = []
    const limiter = await openLimiter(100, { errors })
    await duringOutage(async () => {
      limiter.throttled()
      await eventually(() => errors.length > 0)
    })
  })

  // Who gets the next turn is decided without the database: one engine is enough.
  if (name !== 'pglite') return

  test('turns come by priority, and in the order of asking within one', async () => {
    const limiter = await openLimiter(200)
    const served: string[] = []
    const ask = (priority: Priority, name: string) => limiter.turn(priority).then(() => served.push(name))
    await Promise.all([
      ask(priorities.bulk, 'bulk 1'),
      ask(priorities.bulk, 'bulk 2'),
      ask(priorities.reconcile, 'reconcile 1'),
      ask(priorities.interactive, 'interactive'),
      ask(priorities.reconcile, 'reconcile 2'),
      ask(priorities.lock, 'lock'),
    ])
    assert.deepEqual(served, ['lock', 'interactive', 'reconcile 1', 'reconcile 2', 'bulk 1', 'bulk 2'])
    assert.equal(limiter.waiting, 0)
  })

  test('who asks later with a higher priority overtakes those who wait', async () => {
    const limiter = await openLimiter(50)
    let bulk = 0
    const backlog = turns(limiter, 40, priorities.bulk)
    const counted = Promise.all(
      Array.from({ length: 20 }, () => limiter.turn(priorities.bulk).then(() => bulk++)),
    )
    await delay(100)
    await limiter.turn(priorities.reconcile)
    assert.equal(bulk, 0)
    await Promise.all([backlog, counted])
    assert.equal(bulk, 20)
  })

  test('a backlog is served at the pace, never faster, and nothing of it is wasted', async () => {
    const leases: Slot[] = []
    const limiter = await openLimiter(100, { leases })
    const started = performance.now()
    assertNeverAhead(await turns(limiter, 250), started, 100)
    const leased = leases.reduce((sum, { calls }) => sum + calls, 0)
    assert.ok(leased >= 250 && leased <= 270, `${leased} calls were leased`)
  })

  test('one caller who makes one call after the other is served at the pace as well', async () => {
    const limiter = await openLimiter(100)
    const started = performance.now()
    for (let i = 0; i < 100; i++) await limiter.turn(priorities.reconcile)
    const seconds = (performance.now() - started) / 1000
    assert.ok(seconds > 0.8, `${seconds} s`)
  })

  test('a lock does not wait behind a backlog', async () => {
    const limiter = await openLimiter(5)
    let served = 0
    const backlog = Promise.all(
      Array.from({ length: 8 }, () => limiter.turn(priorities.bulk).then(() => served++)),
    )
    await delay(300)
    const before = served
    await limiter.turn(priorities.lock)
    assert.equal(served, before)
    await backlog
  })

  test('locks of a while ago do not make a lock wait', async () => {
    const limiter = await openLimiter(5)
    for (let round = 0; round < 3; round++) {
      assert.equal(await atOnce(limiter, 5, priorities.lock), 5)
      await delay(1100)
    }
  })

  test('what locks took without waiting is paid back by those who can wait', async () => {
    const limiter = await openLimiter(20)
    const started = performance.now()
    assert.equal(await atOnce(limiter, 15, priorities.lock), 15)
    const moments = await turns(limiter, 20)
    // 35 calls at 20 a second.
    const seconds = (Math.max(...moments) - started) / 1000
    assert.ok(seconds > 1.5, `${seconds} s`)
  })

  test('more locks than a second is good for still go before everything else, at the pace', async () => {
    const limiter = await openLimiter(40)
    let bulk = 0
    const backlog = Promise.all(
      Array.from({ length: 20 }, () => limiter.turn(priorities.bulk).then(() => bulk++)),
    )
    const started = performance.now()
    const bulkBefore: number[] = []
    const locks = await Promise.all(
      Array.from({ length: 100 }, () =>
        limiter.turn(priorities.lock).then(() => {
          bulkBefore.push(bulk)
          return performance.now()
        }),
      ),
    )
    assert.deepEqual(new Set(bulkBefore), new Set([0]))
    // One second's worth at once, and the other 60 at 40 a second.
    const seconds = (Math.max(...locks) - started) / 1000
    assert.ok(seconds > 1.3, `${seconds} s`)
    await backlog
  })

  test('while the call of a lock is on its way, nobody but locks gets a turn, and what is missed is not made up for', async () => {
    const limiter = await openLimiter(50)
    const started = performance.now()
    let served = 0
    const backlog = Promise.all(
      Array.from({ length: 60 }, () => limiter.turn(priorities.reconcile).then(() => served++)),
    )
    await delay(200)
    const before = served
    const release = limiter.hold()
    await limiter.turn(priorities.lock)
    await delay(400)
    assert.equal(served, before)
    release()
    await backlog
    // 60 calls at 50 a second, and the time of the hold.
    const seconds = (performance.now() - started) / 1000
    assert.ok(seconds > 1.18 + 0.4 - 0.1, `${seconds} s`)
  })

  test('the call of a lock that hangs keeps the others waiting for two seconds, and not for good', async () => {
    const limiter = await openLimiter(50)
    limiter.hold()
    const started = performance.now()
    const [first = 0] = await turns(limiter, 1)
    const waitedMs = first - started
    assert.ok(waitedMs > 1900, `${waitedMs} ms`)
  })
})
