import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type SQL, sql } from 'drizzle-orm'
import { recordAudit } from '../../src/audit/record.ts'
import { sealBatch } from '../../src/audit/sealer.ts'
import { deriveKeys } from '../../src/keys.ts'
import type { Store } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { entries } from './entries.ts'
import { applyGuard } from './guard.ts'

const keyring = deriveKeys(['a secret of at least thirty-two bytes'])

forEachDatabase((_name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
    await applyGuard(store.db)
    await recordAudit(store.db, entries(2))
    await sealBatch(store.db, keyring)
    await recordAudit(store.db, entries(1))
  })

  const refuses = (statement: SQL) =>
    assert.rejects(store.db.execute(statement), (error: Error) =>
      /append-only/.test((error.cause as Error).message),
    )

  test('records are inserted and sealed under the guard', async () => {
    await recordAudit(store.db, entries(3))
    assert.equal((await sealBatch(store.db, keyring)).sealed, 4)
    await recordAudit(store.db, entries(1))
  })

  test('no record can be deleted, sealed or not', async () => {
    await refuses(sql`delete from audit_events where seq = 1`)
    await refuses(sql`delete from audit_events where seq is null`)
  })

  test('nothing about a sealed record can be changed, its seal least of all', async () => {
    await refuses(sql`update audit_events set record = '{}' where seq = 1`)
    await refuses(sql`update audit_events set actor = 'nobody' where seq = 1`)
    await refuses(sql`update audit_events set hash = '' where seq = 1`)
    await refuses(sql`update audit_events set seq = null, hash = null, key_id = null where seq = 1`)
  })

  test('an unsealed record can only be sealed, whole and unchanged', async () => {
    await refuses(sql`update audit_events set actor = 'nobody' where seq is null`)
    await refuses(sql`update audit_events set seq = 99 where seq is null`)
    await refuses(
      sql`update audit_events set seq = 99, hash = 'x', key_id = 'y', record = '{}' where seq is null`,
    )
  })

  test('no record can be inserted into the sealed part', async () => {
    await refuses(sql`insert into audit_events (id, at, actor, action, record, seq, hash, key_id)
      values (gen_random_uuid(), now(), 'a', 'b.c', '{}', 99, 'x', 'y')`)
  })
})
