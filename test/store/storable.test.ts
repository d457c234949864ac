import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { storableJson } from '../../src/store/storable.ts'
import { openEmbedded } from '../harness/prepared.ts'

let store: Store

before(async () => {
  store = await openEmbedded()
})
after(async () => {
  await store.close()
})

test('whatever text somebody chose can be stored, in values and in names', async () => {
  const nasty = 'a\0b\ud800c'
  const data = { plain: 'ä', [nasty]: { [nasty]: [nasty, { [nasty]: 1 }] }, none: null, at: new Date(0) }
  const [row] = await rowsOf<{ stored: unknown }>(
    store.db,
    sql`select ${storableJson(data)}::jsonb as stored`,
  )
  const told = 'a\ufffdb\ufffdc'
  assert.deepEqual(row?.stored, {
    plain: 'ä',
    [told]: { [told]: [told, { [told]: 1 }] },
    none: null,
    at: '1970-01-01T00:00:00.000Z',
  })
})
