/** Drifts on record: the same thing is one drift, told once, however many runs it takes to set it right. */
import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { noteCatalogDrifts } from '../../src/catalog/drift-record.ts'
import { accountDrift, type NewDrift } from '../../src/drift/drift.ts'
import { endStanding, noteBeforehand, noteDrifts } from '../../src/drift/record.ts'
import type { Notice } from '../../src/notify/announce.ts'
import { newId } from '../../src/store/ids.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { operations } from '../../src/store/schema.ts'
import { emptyStore, forEachDatabase } from '../harness/databases.ts'

const accountId = '123456789012'
const at = new Date('2026-11-23T09:00:00Z')
const identityId = '01a20b19-98c8-7000-8b12-291508bfcd37'

/** A user that was deleted by hand, as one run finds it. */
function deleted(status: NewDrift['status'], operationId: string | null): NewDrift & { readonly id: string } {
  return {
    kind: 'user-deleted',
    resource: `arn:aws:iam::${accountId}:user/muster/ada.lovelace`,
    detail: { userName: 'ada.lovelace', userNames: ['ada.lovelace'] },
    id: newId(),
    accountId,
    identityId,
    employeeId: 'E1001',
    detectedAt: at,
    since: null,
    foundBy: 'sweep',
    status,
    operationId,
  }
}

forEachDatabase((_name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
  })
  beforeEach(() => emptyStore(store))

  const note = (drift: NewDrift) => store.db.transaction((tx) => noteDrifts(tx, [drift]))
  const beforehand = (drift: NewDrift) => store.db.transaction((tx) => noteBeforehand(tx, [drift]))
  const onRecord = () =>
    rowsOf<{ id: string; status: string; standing: boolean; operation_id: string | null }>(
      store.db,
      sql`select id, status, standing, operation_id from drifts order by id`,
    )

  async function operation(status: 'running' | 'interrupted' | 'failed'): Promise<string> {
    const id = newId()
    await store.db
      .insert(operations)
      .values({ id, accountId, kind: 'repair', cause: 'sweep', status, steps: [], startedAt: at })
    return id
  }

  test('one that is found again is the same, is no news, and is set right under its first id', async () => {
    const first = deleted('open', null)
    assert.deepEqual(
      (await note(first)).map(({ id }) => id),
      [first.id],
    )
    assert.deepEqual(await note(deleted('open', null)), [])
    const operationId = await operation('running')
    const last = deleted('repaired', operationId)
    await beforehand({ ...last, status: 'open' })
    await store.db.transaction(async (tx) => {
      assert.deepEqual(await noteDrifts(tx, [last]), [])
      await endStanding(tx, { identityId }, [], { at, operationId })
    })
    assert.deepEqual(await onRecord(), [
      { id: first.id, status: 'repaired', standing: false, operation_id: operationId },
    ])
  })

  test('what a run wrote down before its calls is news when it has ended, and another one after it is another', async () => {
    for (const _time of [1, 2]) {
      const drift = deleted('open', await operation('running'))
      await beforehand(drift)
      const news = await note({ ...drift, status: 'repaired' })
      assert.deepEqual(
        news.map(({ id, status }) => [id, status]),
        [[drift.id, 'repaired']],
      )
    }
    assert.equal((await onRecord()).length, 2)
  })

  test('what a run wrote down that died before it could tell is told by the next one, once', async () => {
    const died = deleted('open', await operation('interrupted'))
    await beforehand(died)
    const next = deleted('open', await operation('failed'))
    await beforehand(next)
    assert.deepEqual(
      (await note(next)).map(({ id, status }) => [id, status]),
      [[died.id, 'open']],
    )
    assert.deepEqual(await note(deleted('repaired', await operation('failed'))), [])
    assert.equal((await onRecord()).length, 1)
  })

  test('what a run was stopped before is set right by the one that does it, though that does not find it again', async () => {
    await note(deleted('open', await operation('failed')))
    const operationId = await operation('running')
    await store.db.transaction((tx) => endStanding(tx, { identityId }, [], { at, operationId }))
    const [row] = await onRecord()
    assert.deepEqual([row?.status, row?.standing, row?.operation_id], ['repaired', false, operationId])
  })

  test('a group that a first run could not set right is one drift when a later one does', async () => {
    const told: Notice[] = []
    const announce = async (_tx: unknown, notices: readonly Notice[]) => void told.push(...notices)
    const group = { groupName: 'analytics', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }
    const drift = accountDrift(
      { kind: 'group-policy-attached', resource: `arn:aws:iam::${accountId}:group/analytics`, detail: group },
      { accountId, detectedAt: at, since: null, foundBy: 'sweep' },
    )
    for (const status of ['failed', 'done'] as const) {
      const steps = [{ do: 'DetachGroupPolicy', params: group, outcome: status }]
      const run = { accountId, operationId: newId(), steps, status, announce }
      await store.db.transaction((tx) => noteCatalogDrifts(tx, [drift], run))
    }
    assert.deepEqual(
      (await onRecord()).map(({ status, standing }) => [status, standing]),
      [['repaired', false]],
    )
    assert.deepEqual(
      told.map(({ type }) => type),
      ['drift.detected'],
    )
  })
})
