/** What a run is told of an identity, while somebody else changes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { openLedger } from '../../src/identity/ledger.ts'
import { newId } from '../../src/store/ids.ts'
import { employees, identities } from '../../src/store/schema.ts'
import { forPostgres } from '../harness/databases.ts'

forPostgres((openStore) => {
  test('a generation is never served with the employee of the one before', async () => {
    const { db } = await openStore()
    const id = newId()
    await db.insert(employees).values({ employeeId: 'E1', status: 'terminated', updatedAt: new Date() })
    await db
      .insert(identities)
      .values({ id, employeeId: 'E1', accountId: '123456789012', userName: 'ada', generation: 1 })
    let loading: ReturnType<ReturnType<typeof openLedger>['load']> | undefined
    await db.transaction(async (tx) => {
      await tx.update(identities).set({ generation: 2, requested: true }).where(eq(identities.id, id))
      await tx.update(employees).set({ status: 'active' }).where(eq(employees.employeeId, 'E1'))
      // It waits for the identity's row, having begun before this commits.
      loading = openLedger(db).load([id])
      await delay(200)
    })
    const [loaded] = (await loading) ?? []
    assert.equal(loaded?.generation, 2)
    assert.equal(loaded?.employee.status, 'active')
  })
})
