import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { auditInsert, auditRows, recordAudit } from '../../src/audit/record.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { auditEvents } from '../../src/store/schema.ts'
import { emptyStore, forEachDatabase } from '../harness/databases.ts'
import { entries } from './entries.ts'

test('a record is the canonical text of its row and its details', () => {
  const [row] = auditRows([
    {
      at: new Date(0),
      actor: 'hr',
      action: 'employee.hired',
      employeeId: 'E1',
      details: { to: 'b', from: 'a' },
    },
  ])
  assert.equal(
    row?.record,
    `{"action":"employee.hired","actor":"hr","at":"1970-01-01T00:00:00.000Z","details":{"from":"a","to":"b"},"employee_id":"E1","id":"${row?.id}","identity_id":null,"operation_id":null}`,
  )
})

test('the ids of entries that are recorded together are in the order of the entries', () => {
  const ids = auditRows(entries(200)).map(({ id }) => id)
  assert.deepEqual(ids, ids.toSorted())
})

forEachDatabase((_name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
  })
  beforeEach(() => emptyStore(store))

  test('what is recorded comes back as it was, whatever the text', async () => {
    const texts = ['O\u2019Brien, "Zoë" {1,2} \\ NULL', '', '王小明', 'line\nfeed', 'a\ud800b']
    const written = texts.flatMap((text) => entries(1, { actor: text, details: { text, nul: '\u0000' } }))
    await recordAudit(store.db, written)
    const rows = await store.db.select().from(auditEvents).orderBy(auditEvents.id)
    assert.deepEqual(
      rows.map((row) => [row.actor, JSON.parse(row.record).details]),
      texts.map((text) => [text.toWellFormed(), { text: text.toWellFormed(), nul: '\u0000' }]),
    )
    assert.deepEqual(rows[0]?.at, written[0]?.at)
    assert.equal(rows[0]?.operationId, null)
  })

  test('a record is not without the change it tells of', async () => {
    await assert.rejects(
      store.db.transaction(async (tx) => {
        await recordAudit(tx, entries(3))
        throw new Error('the change failed')
      }),
      /the change failed/,
    )
    assert.equal(await store.db.$count(auditEvents), 0)
  })

  test('a writer may record in the one statement that makes its change', async () => {
    const [row] = await rowsOf<{ changed: number }>(
      store.db,
      sql`with audited as (${auditInsert(entries(2))}), more as (select 7 as changed) select changed from more`,
    )
    assert.equal(row?.changed, 7)
    assert.equal(await store.db.$count(auditEvents), 2)
  })

  test('recording nothing is no statement, and inserting nothing is no error', async () => {
    await recordAudit(store.db, [])
    await store.db.execute(auditInsert([]))
    assert.equal(await store.db.$count(auditEvents), 0)
  })

  test('ten thousand entries are recorded in one statement', async () => {
    await recordAudit(store.db, entries(10_000))
    assert.equal(await store.db.$count(auditEvents), 10_000)
  })
})
