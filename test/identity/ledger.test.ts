/** What a run is told of an identity, while somebody else changes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { openLedger } from '../../src/identity/ledger.ts'
import { settle } from '../../src/identity/outcome.ts'
import { newId } from '../../src/store/ids.ts'
import { employees, identities } from '../../src/store/schema.ts'
import { forPostgres } from '../harness/databases.ts'
import { baseline, later, locked, minuteMs, present, quarantine, runOf, startedAt } from './runs.ts'

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

  test('a run that was frozen, and wakes up after another one has ended, does not take the record back', async () => {
    const { db } = await openStore()
    const ledger = openLedger(db)
    const id = newId()
    await db.insert(employees).values({ employeeId: 'E2', status: 'active', updatedAt: new Date() })
    await db.insert(identities).values({
      ...{ id, employeeId: 'E2', accountId: '123456789012', userName: 'ada.lovelace', awsUserId: 'AIDA1' },
      ...{ state: 'active', groups: [baseline], possibleGroups: [baseline], generation: 1 },
    })
    const load = async () => {
      const [loaded] = await ledger.load([id])
      assert.ok(loaded)
      return loaded
    }
    const read = async () => {
      const [row] = await db.select().from(identities).where(eq(identities.id, id))
      assert.ok(row)
      return row
    }
    const frozen = await load()
    await db.update(identities).set({ generation: 2, requested: true }).where(eq(identities.id, id))
    await db.update(employees).set({ status: 'terminated' }).where(eq(employees.employeeId, 'E2'))
    const locking = runOf({
      identity: { ...(await load()), lockedAt: startedAt },
      want: locked,
      observed: present({ groups: [quarantine], hasLoginProfile: false, mfaSerials: [] }),
      finishedAt: later(minuteMs),
    })
    await ledger.record(settle(locking))
    const after = await read()
    assert.deepEqual([after.state, after.groups, after.reconciledGeneration], ['locked', [quarantine], 2])

    await ledger.record(
      settle(runOf({ identity: frozen, operationId: newId(), finishedAt: later(2 * minuteMs) })),
    )
    const { nextLookAt, ...kept } = await read()
    assert.deepEqual(
      [kept.state, kept.groups, kept.consoleAccess, kept.mfaSerials, kept.reconciledGeneration],
      [after.state, after.groups, after.consoleAccess, after.mfaSerials, after.reconciledGeneration],
    )
    // What it may have done meanwhile is looked at.
    assert.ok(nextLookAt && nextLookAt <= later(2 * minuteMs))
  })
})
