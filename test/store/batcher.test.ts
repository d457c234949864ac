import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createBatcher } from '../../src/store/batcher.ts'

/** Records what each flush got, and answers with the items themselves after a while. */
function recordingFlush(afterMs = 0) {
  const flushes: number[][] = []
  let running = 0
  let mostAtOnce = 0
  return {
    flushes,
    mostAtOnce: () => mostAtOnce,
    async flush(items: readonly number[]) {
      flushes.push([...items])
      mostAtOnce = Math.max(mostAtOnce, ++running)
      await delay(afterMs)
      running--
      return items.map((value) => ({ status: 'fulfilled', value }) as const)
    },
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

test('items that are added together are flushed together, in order, and each gets its own outcome', async () => {
  const { flush, flushes } = recordingFlush()
  const batcher = createBatcher(flush, { maxItems: 100 })
  assert.deepEqual(await Promise.all(upTo(10).map((item) => batcher.add(item))), upTo(10))
  assert.deepEqual(flushes, [upTo(10)])
})

test('a flush takes no more than it may, and the rest goes with the next one', async () => {
  const { flush, flushes, mostAtOnce } = recordingFlush(5)
  const batcher = createBatcher(flush, { maxItems: 4 })
  await Promise.all(upTo(10).map((item) => batcher.add(item)))
  assert.deepEqual(flushes, [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ])
  assert.equal(mostAtOnce(), 1)
})

test('an item that fails fails alone, and a flush that fails fails all of its own', async () => {
  const batcher = createBatcher<number, number>(
    async (items) => {
      if (items.includes(99)) throw new Error('all')
      return items.map((value) =>
        value === 1 ? { status: 'rejected', reason: new Error('one') } : { status: 'fulfilled', value },
      )
    },
    { maxItems: 3 },
  )
  const outcomes = await Promise.allSettled([0, 1, 2, 98, 99].map((item) => batcher.add(item)))
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message)),
    [0, 'one', 2, 'all', 'all'],
  )
})

test('idle waits for all that was added', async () => {
  const { flush, flushes } = recordingFlush(10)
  const batcher = createBatcher(flush, { maxItems: 2 })
  await batcher.idle()
  for (const item of upTo(5)) void batcher.add(item)
  await batcher.idle()
  assert.deepEqual(flushes.flat(), upTo(5))
})
