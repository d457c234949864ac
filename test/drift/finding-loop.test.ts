import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FoundBy } from '../../src/drift/drift.ts'
import { startFindingLoop } from '../../src/drift/finding-loop.ts'
import { silentLog } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'

test('a loop knows what made it look, also when it has to look once more', async () => {
  const looks: FoundBy[] = []
  let again: boolean | number = false
  const loop = startFindingLoop({
    name: 'of a test',
    everyMs: 3_600_000,
    log: silentLog,
    async look(_signal, foundBy) {
      looks.push(foundBy)
      const next = again
      again = false
      return next
    },
  })
  await eventually(() => looks.length === 1)
  loop.wake()
  await eventually(() => looks.length === 2)
  again = 20
  loop.wake('event')
  loop.wake()
  await eventually(() => looks.length === 4)
  loop.wake()
  await eventually(() => looks.length === 5)
  await loop.stop()
  assert.deepEqual(looks, ['sweep', 'look', 'event', 'event', 'look'])
})
