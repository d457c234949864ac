/** Requests from all sides, workers of two replicas, failures at random: nothing is lost, and nobody meets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { openLedger } from '../../src/identity/ledger.ts'
import { requestReconcile } from '../../src/identity/request.ts'
import type { JobHandler } from '../../src/jobs/jobs.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { queuedCount, withQueue } from './queue.ts'

/** Works as the reconciling worker does, but for AWS: reads what is wanted, takes its time, notes what it did. The first run fails, and others at random. */
function handler(store: Store, seen: Seen, failureRate: number): JobHandler {
  const ledger = openLedger(store.db)
  return async (batch) => {
    const identities = new Map(
      (await ledger.load(batch.map((job) => job.identityId))).map((it) => [it.id, it]),
    )
    return await Promise.all(
      batch.map(async ({ id, identityId }) => {
        const active = (seen.active.get(identityId) ?? 0) + 1
        seen.active.set(identityId, active)
        seen.mostAtOnce = Math.max(seen.mostAtOnce, active)
        seen.runs += 1
        const fails = seen.runs === 1 || Math.random() < failureRate
        try {
          await delay(Math.random() * 20)
          if (fails) {
            seen.failures += 1
            return { id, error: 'it happens' }
          }
          await store.db.execute(sql`
            update identities set reconciled_generation = ${identities.get(identityId)?.generation ?? -1}
            where id = ${identityId}`)
          return { id }
        } finally {
          seen.active.set(identityId, (seen.active.get(identityId) ?? 0) - 1)
        }
      }),
    )
  }
}

interface Seen {
  readonly active: Map<string, number>
  mostAtOnce: number
  runs: number
  failures: number
}

const sizes = {
  pglite: { identities: 15, writers: 4, requestsEach: 15, replicas: 1 },
  postgres: { identities: 40, writers: 12, requestsEach: 40, replicas: 2 },
}

forEachDatabase((name, openStore) => {
  test('whatever is requested while others work and fail is reconciled in the end, one run at a time', async () => {
    await withQueue(openStore, async (queue) => {
      const { store, jobs } = queue
      const size = sizes[name]
      const ids = await queue.identities(size.identities)
      const seen: Seen = { active: new Map(), mostAtOnce: 0, runs: 0, failures: 0 }
      const replicas = [jobs]
      while (replicas.length < size.replicas) replicas.push(await queue.replica())
      for (const replica of replicas) {
        await replica.work('reconcile', { workers: 2, batchSize: 8 }, handler(store, seen, 0.1))
      }
      const writers = Array.from({ length: size.writers }, async () => {
        for (let i = 0; i < size.requestsEach; i++) {
          const some = ids.filter(() => Math.random() < 0.08)
          const urgent = Math.random() < 0.05
          await store.db
            .transaction(async (tx) => {
              await requestReconcile(
                tx,
                jobs,
                some.map((id) => ({ id, cause: 'a test', urgent })),
              )
              if (Math.random() < 0.1) throw new Error('rolled back')
            })
            .catch((error: Error) => assert.equal(error.message, 'rolled back'))
          await delay(Math.random() * 10)
        }
      })
      await Promise.all(writers)
      const isDone = async () => {
        const behind = await rowsOf(
          store.db,
          sql`select id from identities where reconciled_generation <> generation or requested`,
        )
        return behind.length === 0 && (await queuedCount(store, 'reconcile')) === 0
      }
      await eventually(isDone, { what: 'every request' })
      assert.equal(seen.mostAtOnce, 1)
      assert.ok(seen.failures > 0 && seen.runs > seen.failures)
      assert.deepEqual(await jobs.deadLetters(10), [])
    })
  })
})
