import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { listAudit } from '../../src/audit/list.ts'
import { recordAudit } from '../../src/audit/record.ts'
import { sealBatch } from '../../src/audit/sealer.ts'
import { deriveKeys } from '../../src/keys.ts'
import type { Store } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { entries } from './entries.ts'

forEachDatabase((_name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
    await recordAudit(store.db, entries(5))
    await sealBatch(store.db, deriveKeys(['a secret of at least thirty-two bytes']))
    await recordAudit(store.db, entries(2, { action: 'identity.locked', employeeId: 'E1' }))
  })

  test('the record is read newest first, page after page, each entry once', async () => {
    const seen: (string | null)[] = []
    let cursor: string | null | undefined
    do {
      const page = await listAudit(store.db, { limit: 3, cursor: cursor ?? undefined })
      assert.ok(page.items.length <= 3)
      seen.push(...page.items.map(({ employeeId }) => employeeId))
      cursor = page.nextCursor
    } while (cursor)
    assert.deepEqual(seen, ['E1', 'E1', 'E4', 'E3', 'E2', 'E1', 'E0'])
  })

  test('a page that is full and the last one has no next', async () => {
    assert.equal((await listAudit(store.db, { limit: 7 })).nextCursor, null)
  })

  test('an entry tells who did what to whom, its details and its place in the chain', async () => {
    const { items } = await listAudit(store.db, { limit: 10, employeeId: 'E1', action: 'employee.hired' })
    const [expected] = entries(2).slice(1)
    assert.equal(items.length, 1)
    assert.match(items[0]?.id ?? '', /^[0-9a-f-]{36}$/)
    assert.match(items[0]?.hash ?? '', /^[0-9a-f]{64}$/)
    assert.deepEqual(
      { ...items[0], id: '', hash: '' },
      { ...expected, id: '', operationId: null, seq: 2, hash: '' },
    )
  })

  test('what is not sealed yet is shown, without a place in the chain', async () => {
    const { items } = await listAudit(store.db, { limit: 1, action: 'identity.locked' })
    assert.deepEqual([items[0]?.seq, items[0]?.hash], [null, null])
  })

  test('a cursor that is none of ours is refused', async () => {
    await assert.rejects(listAudit(store.db, { limit: 1, cursor: "1'; drop table" }), { status: 400 })
  })

  test('a record that somebody has made unreadable is shown as such', async () => {
    await store.db.transaction(async (tx) => {
      await tx.execute(sql`alter table audit_events disable trigger user`)
      await tx.execute(sql`update audit_events set record = 'gone' where seq = 5`)
      await tx.execute(sql`alter table audit_events enable trigger user`)
    })
    const { items } = await listAudit(store.db, { limit: 10, employeeId: 'E4' })
    assert.deepEqual(
      items.map(({ details }) => details),
      [null],
    )
  })
})
