import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { openLedger } from '../../src/identity/ledger.ts'
import { requestReconcile } from '../../src/identity/request.ts'
import type { Jobs, QueueName } from '../../src/jobs/jobs.ts'
import { rowsOf } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { allowNoMoreTries, queuedCount, withQueue } from './queue.ts'

/** Works one job at a time, and tells in which order; a job in `failing` fails with that word. */
async function workInOrder(jobs: Jobs, queue: QueueName, failing: ReadonlyMap<string, string> = new Map()) {
  const worked: string[] = []
  await jobs.work(queue, { workers: 1, batchSize: 1 }, async (batch) =>
    batch.map(({ id, identityId }) => {
      worked.push(identityId)
      const error = failing.get(identityId)
      return error === undefined ? { id } : { id, error }
    }),
  )
  return worked
}

forEachDatabase((_name, openStore) => {
  test('a queue that an older version made gets the options of this one', async () => {
    await withQueue(openStore, async ({ store, replica }) => {
      await store.db.execute(sql`update jobs.queue set retry_limit = 1 where name in ('lock', 'reconcile')`)
      await replica()
      const queues = sql`select retry_limit from jobs.queue where name in ('lock', 'reconcile') order by name`
      assert.deepEqual(await rowsOf(store.db, queues), [{ retry_limit: 100 }, { retry_limit: 20 }])
    })
  })

  test('a change and its job are committed together, or neither is', async () => {
    await withQueue(openStore, async ({ store, jobs, identities }) => {
      const [id = ''] = await identities(1)
      const failing = store.db.transaction(async (tx) => {
        await requestReconcile(tx, jobs, [{ id, cause: 'a test' }])
        await jobs.queueLocks(tx, [id])
        throw new Error('the change failed')
      })
      await assert.rejects(failing, /the change failed/)
      assert.deepEqual([await queuedCount(store, 'reconcile'), await queuedCount(store, 'lock')], [0, 0])
      // Nor does anybody think that one is queued.
      await store.db.transaction((tx) => requestReconcile(tx, jobs, [{ id, cause: 'a test' }]))
      assert.equal(await queuedCount(store, 'reconcile'), 1)
    })
  })

  test('an identity that waits already is not queued twice; one that is read is queued anew', async () => {
    await withQueue(openStore, async ({ store, request, identities }) => {
      const ids = await identities(3)
      await request(ids)
      await request(ids)
      assert.equal(await queuedCount(store, 'reconcile'), 3)
      // What a worker has read may be outdated by the next change: that one needs a job of its own.
      await openLedger(store.db).load(ids.slice(0, 1))
      await request(ids)
      assert.equal(await queuedCount(store, 'reconcile'), 4)
    })
  })

  test('who leaves goes before all who join, also when a job for them waits already', async () => {
    await withQueue(openStore, async ({ jobs, identities, request }) => {
      const joiners = await identities(40)
      const [leaver = ''] = await identities(1)
      const late = joiners.at(-1) ?? ''
      await request(joiners)
      await request([leaver, late], true)
      const worked = await workInOrder(jobs, 'reconcile')
      await eventually(() => worked.length >= 2)
      assert.deepEqual(new Set(worked.slice(0, 2)), new Set([leaver, late]))
    })
  })

  test('the first call of a lock has a queue that no reconcile stands in', async () => {
    await withQueue(openStore, async ({ store, jobs, identities, request }) => {
      const [leaver = '', ...joiners] = await identities(20)
      await request(joiners)
      await store.db.transaction((tx) => jobs.queueLocks(tx, [leaver]))
      const worked = await workInOrder(jobs, 'lock')
      await eventually(() => worked.length > 0)
      assert.deepEqual(worked, [leaver])
      assert.equal(await queuedCount(store, 'reconcile'), joiners.length)
    })
  })

  test('a job that fails to the end of its tries is listed with its error, and can be replayed', async () => {
    await withQueue(openStore, async ({ store, jobs, identities, request }) => {
      const [poor = '', fine = ''] = await identities(2)
      await request([poor, fine])
      await allowNoMoreTries(store)
      const failing = new Map([[poor, 'IAM did not answer ListGroupsForUser']])
      const worked = await workInOrder(jobs, 'reconcile', failing)
      const [dead] = await eventually(async () => {
        const letters = await jobs.deadLetters(10)
        return letters.length > 0 && letters
      })
      assert.deepEqual(
        { queue: dead?.queue, identityId: dead?.identityId, error: dead?.error },
        { queue: 'reconcile', identityId: poor, error: 'IAM did not answer ListGroupsForUser' },
      )
      assert.ok(dead && Math.abs(Date.now() - dead.failedAt.getTime()) < 60_000)
      await eventually(() => worked.includes(fine))

      failing.clear()
      assert.equal(await jobs.replay(dead.id), true)
      await eventually(() => worked.filter((id) => id === poor).length === 2)
      assert.deepEqual(await jobs.deadLetters(10), [])
      assert.equal(await jobs.replay(dead.id), false)
    })
  })

  test('the dead job of a lock says so, and goes back into the queue of locks', async () => {
    await withQueue(openStore, async ({ store, jobs, identities }) => {
      const [leaver = ''] = await identities(1)
      await store.db.transaction((tx) => jobs.queueLocks(tx, [leaver]))
      await allowNoMoreTries(store)
      const failing = new Map([[leaver, 'AddUserToGroup: Throttling']])
      const worked = await workInOrder(jobs, 'lock', failing)
      const [dead] = await eventually(async () => {
        const letters = await jobs.deadLetters(10)
        return letters.length > 0 && letters
      })
      assert.deepEqual([dead?.queue, dead?.error], ['lock', 'AddUserToGroup: Throttling'])
      failing.clear()
      assert.ok(await jobs.replay(dead?.id ?? ''))
      await eventually(() => worked.length === 2)
    })
  })

  test('an identity whose job is dead can be requested as before', async () => {
    await withQueue(openStore, async ({ store, jobs, identities, request }) => {
      const [poor = ''] = await identities(1)
      await request([poor], true)
      await allowNoMoreTries(store)
      const failing = new Map([[poor, 'no']])
      const worked = await workInOrder(jobs, 'reconcile', failing)
      await eventually(async () => (await jobs.deadLetters(10)).length === 1)
      failing.clear()
      await request([poor], true)
      await eventually(() => worked.length === 2)
    })
  })

  test('how much waits is told by queue', async () => {
    await withQueue(openStore, async ({ store, jobs, identities, request }) => {
      const ids = await identities(7)
      await request(ids)
      await store.db.transaction((tx) => jobs.queueLocks(tx, ids.slice(0, 2)))
      const depths = await eventually(async () => {
        const told = await jobs.depths()
        return told.reconcile === 7 && told.lock === 2 && told
      })
      assert.equal(depths['dead-letter'], 0)
    })
  })
})
