import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { createLimiter, type Limiter, type Priority, priorities } from '../../src/aws/limiter.ts'
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

  async function openLimiter(
    rate: number,
    { atPresent = rate, errors = [] as unknown[] } = {},
  ): Promise<Limiter> {
    await store.db.execute(sql`insert into accounts (account_id, partition, rate, next_slot_at)
      values (${accountId}, 'aws', ${atPresent}, clock_timestamp()) on conflict do nothing`)
    return createLimiter(sharedPace(store.db, accountId, rate), rate, (error) => errors.push(error))
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

  /** The most turns within any second. */
  function busiestSecond(moments: readonly number[]): number {
    const sorted = moments.toSorted((a, b) => a - b)
    return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 1000).length))
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

  test('a backlog is served at the pace, neither faster nor much slower', async () => {
    const limiter = await openLimiter(100)
    const started = performance.now()
    const moments = await turns(limiter, 250)
    const seconds = (performance.now() - started) / 1000
    // 250 turns are 249 gaps of 10 ms; the upper bound leaves room for a busy machine.
    assert.ok(seconds > 2.3 && seconds < 5, `${seconds} s`)
    assert.ok(busiestSecond(moments) <= 115, String(busiestSecond(moments)))
  })

  test('one caller who makes one call after the other is served at the pace as well', async () => {
    const limiter = await openLimiter(100)
    const started = performance.now()
    for (let i = 0; i < 100; i++) await limiter.turn(priorities.reconcile)
    const seconds = (performance.now() - started) / 1000
    assert.ok(seconds > 0.8 && seconds < 4, `${seconds} s`)
  })

  test('two replicas that share an account stay within its rate together, and both get on', async () => {
    const replica = await openStore({ poolSize: 2 })
    const first = await openLimiter(100)
    const second = createLimiter(sharedPace(replica.db, accountId, 100), 100, () => {})
    const started = performance.now()
    const [ofFirst, ofSecond] = await Promise.all([turns(first, 120), turns(second, 120)])
    const seconds = (performance.now() - started) / 1000
    assert.ok(seconds > 2.1, `${seconds} s`)
    assert.ok(busiestSecond([...ofFirst, ...ofSecond]) <= 130)
    // Neither had to wait until the other was done.
    assert.ok(Math.min(...ofSecond) < Math.max(...ofFirst) && Math.min(...ofFirst) < Math.max(...ofSecond))
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

  test('while a lock is on its way to AWS only locks get turns, and afterwards everybody does', async () => {
    const limiter = await openLimiter(100)
    const release = limiter.hold()
    let served = 0
    const backlog = Promise.all(
      Array.from({ length: 10 }, () => limiter.turn(priorities.interactive).then(() => served++)),
    )
    await delay(400)
    await limiter.turn(priorities.lock)
    assert.equal(served, 0)
    release()
    await backlog
    assert.equal(served, 10)
  })

  test('a lock that hangs does not stop everybody for good', async () => {
    const limiter = await openLimiter(100)
    limiter.hold()
    const started = performance.now()
    await turns(limiter, 3)
    const seconds = (performance.now() - started) / 1000
    assert.ok(seconds > 1.5 && seconds < 6, `${seconds} s`)
  })

  test('locks of a while ago do not make a lock wait', async () => {
    const limiter = await openLimiter(5)
    for (let round = 0; round < 3; round++) {
      const started = performance.now()
      await turns(limiter, 5, priorities.lock)
      // At the pace, the next round would come a second later.
      assert.ok(performance.now() - started < 700)
      await delay(1100)
    }
  })

  test('the other replicas know of the locks of one that has nothing else to do', async () => {
    const limiter = await openLimiter(10)
    await turns(limiter, 10, priorities.lock)
    const secondsAhead = async () => {
      const [row] = await rowsOf<{ ahead: number }>(
        store.db,
        sql`select extract(epoch from next_slot_at - clock_timestamp())::float8 as ahead from accounts`,
      )
      return Number(row?.ahead)
    }
    const deadline = performance.now() + 5000
    while ((await secondsAhead()) < 0.5 && performance.now() < deadline) await delay(10)
    assert.ok((await secondsAhead()) > 0.4)
  })

  test('what locks took without waiting is paid back by those who can wait', async () => {
    const limiter = await openLimiter(20)
    const started = performance.now()
    const locks = await turns(limiter, 15, priorities.lock)
    assert.ok(Math.max(...locks) - started < 500)
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
    assert.ok(seconds > 1.3 && seconds < 8, `${seconds} s`)
    await backlog
  })

  test('while the call of a lock is on its way, nobody but locks gets a turn, and what is missed is not made up for', async () => {
    const limiter = await openLimiter(50)
    const backlog = turns(limiter, 60)
    await delay(200)
    const heldAt = performance.now()
    const release = limiter.hold()
    await limiter.turn(priorities.lock)
    await delay(400)
    const releasedAt = performance.now()
    release()
    const moments = await backlog
    // One turn may be given at the very moment of the hold.
    const during = moments.filter((at) => at > heldAt + 5 && at < releasedAt)
    assert.equal(during.length, 0, `${during.length} turns during the hold`)
    const most = busiestSecond(moments.filter((at) => at >= releasedAt))
    assert.ok(most <= 57, `${most} turns within a second after the hold`)
  })

  test('the call of a lock that hangs keeps the others waiting for two seconds at most', async () => {
    const limiter = await openLimiter(50)
    limiter.hold()
    const started = performance.now()
    const [first = 0] = await turns(limiter, 1)
    const waitedMs = first - started
    assert.ok(waitedMs > 1900 && waitedMs < 3000, `${waitedMs} ms`)
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
    while ((await rate()) === 100) await delay(10)
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
    const limiter = await openLimiter(1000, { atPresent: 10 })
    const started = performance.now()
    // The slot of 100 calls that is right at the configured rate would last ten seconds now.
    await turns(limiter, 130)
    const seconds = (performance.now() - started) / 1000
    assert.ok(seconds < 8, `${seconds} s`)
  })

  test('a throttling that cannot be told to the database is no error of the caller', async () => {
    const errors: unknown[] = []
    const limiter = await openLimiter(100, { errors })
    await duringOutage(async () => {
      limiter.throttled()
      while (errors.length === 0) await delay(10)
    })
  })
})
