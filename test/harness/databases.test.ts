import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { rowsOf } from '../../src/store/open.ts'
import { emptyStore, forEachDatabase } from './databases.ts'

forEachDatabase((name, openStore) => {
  test('a suite gets a migrated database of its own, and a second look at it', async () => {
    const store = await openStore()
    assert.equal(store.kind, name)
    await store.db.execute(sql`insert into accounts (account_id, partition, rate, next_slot_at)
      values ('1', 'aws', 1, now())`)
    const replica = await openStore({ poolSize: 1 })
    assert.deepEqual(await rowsOf(replica.db, sql`select account_id from accounts`), [{ account_id: '1' }])
    await emptyStore(store)
    assert.deepEqual(await rowsOf(replica.db, sql`select account_id from accounts`), [])
    await replica.close()
  })
})
