import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRetention } from '../../src/jobs/retention.ts'
import { forEachDatabase, silentLog } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'

const now = new Date('2026-11-25T09:00:00Z')

forEachDatabase((_name, openStore) => {
  test('all that is old goes as soon as it begins, though one kind cannot be forgotten right now', async () => {
    const { db } = await openStore()
    let left = 1200
    const asked: string[] = []
    let refusals = 0
    const loop = startRetention(
      [
        {
          keptDays: 30,
          async forget() {
            if (refusals++ === 0) throw new Error('the table is locked')
            return 0
          },
        },
        {
          keptDays: 7,
          async forget(_db, before, maxRows) {
            asked.push(before.toISOString())
            const forgotten = Math.min(left, maxRows)
            left -= forgotten
            return forgotten
          },
        },
      ],
      { db, clock: () => now, log: silentLog },
    )
    await eventually(() => left === 0)
    await loop.stop()
    assert.deepEqual(asked, Array(3).fill('2026-11-18T09:00:00.000Z'))
  })
})
