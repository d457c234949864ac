import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../src/store/ids.ts'

test('ids are version 7 UUIDs, all different, in the order of their making', () => {
  const ids = Array.from({ length: 20_000 }, newId)
  for (const id of ids) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual([...ids].sort(), ids)
  const milliseconds = Number.parseInt(ids[0]?.slice(0, 13).replace('-', '') ?? '', 16)
  assert.ok(Math.abs(Date.now() - milliseconds) < 60_000)
})
