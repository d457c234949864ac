/** Whoever waited for the gate goes on when it opens, however many they are and whatever becomes of the process. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Jobs } from '../../src/jobs/jobs.ts'
import { rowsOf } from '../../src/store/open.ts'
import { readTrailLook } from '../../src/trail/gate.ts'
import { startTrailGateLoop } from '../../src/trail/gate-loop.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { type AppUnderTest, openApp } from '../http/app-under-test.ts'

const waiting = 1200

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  before(async () => {
    under = await openApp(openStore)
    await under.store.db.execute(sql`
      insert into identities (id, employee_id, account_id, user_name, state, waits_for_trail)
      select gen_random_uuid(), 'E' || n, ${under.account.accountId}, 'user-' || n, 'blocked', true
      from generate_series(1, ${waiting}) as n`)
  })
  after(() => under.close())

  const count = async (statement: ReturnType<typeof sql>) => {
    const [row] = await rowsOf<{ n: string | number }>(under.store.db, statement)
    return Number(row?.n)
  }
  const stillWaiting = () => count(sql`select count(*) as n from identities where waits_for_trail`)
  const queued = () => count(sql`select count(*) as n from jobs.job where name = 'reconcile'`)

  test('a gate that opens lets them through a few at a time, and the next look of anybody those who are left', async () => {
    const { store, account, deps } = under
    const { jobs, clock, log } = deps
    const gate = { store, account, trailGate: 'enforce' as const, announce: async () => {}, clock, log }
    const batches: number[] = []
    /** As a process that dies, or a database that goes away, after the first batch. */
    const dying: Jobs = {
      ...jobs,
      async queueReconciles(tx, ids, urgent) {
        if (ids.length > 0) batches.push(ids.length)
        if (batches.length > 1) throw new Error('it ends here')
        await jobs.queueReconciles(tx, ids, urgent)
      },
    }
    const first = startTrailGateLoop({ ...gate, jobs: dying }, () => {})
    await eventually(() => batches.length > 1)
    await first.stop()
    assert.ok(batches.every((size) => size <= 500))
    // That the gate is open, and who went on, stands.
    const look = await readTrailLook(store.db, account.accountId)
    assert.equal(look?.isVerified, true)
    assert.deepEqual([await stillWaiting(), await queued()], [waiting - 500, 500])

    const second = startTrailGateLoop({ ...gate, jobs }, () => {})
    await eventually(async () => (await stillWaiting()) === 0)
    await second.stop()
    assert.equal(await queued(), waiting)
    assert.equal((await readTrailLook(store.db, account.accountId))?.since, look?.since)
  })
})
