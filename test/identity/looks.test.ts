/** Looks that nobody's change asked for: hints of AWS and sweeps, as often as they like to come. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { openLedger } from '../../src/identity/ledger.ts'
import { requestLook } from '../../src/identity/request.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { call, forEachEngine, type RunningService, sharedBySuite } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { withQueue } from '../jobs/queue.ts'

const look = (store: Store, jobs: Parameters<typeof requestLook>[1], id: string, cause = 'aws event e-1') =>
  store.db.transaction((tx) => requestLook(tx, jobs, [{ id, cause }]))

forEachEngine((_name, open) => {
  const running = sharedBySuite(open)
  /** Runs about this user last so long after they have read its groups, policies and password. */
  const slowRuns = ({ sandbox }: RunningService, UserName: string, delayMs: number) =>
    sandbox.faults.add({
      action: 'ListAccessKeys',
      params: { UserName },
      times: Number.POSITIVE_INFINITY,
      outcome: { delayMs },
    })

  test('somebody about whom events never cease loses a password without MFA all the same', async () => {
    const muster = await running()
    const { sandbox, service } = muster
    await muster.hire('W1')
    const { user_name: UserName, generation } = await muster.until('W1', 'awaiting_mfa')
    // Longer than the second between two looks at the events.
    slowRuns(muster, UserName, 1500)
    let isOver = false
    const received = new Date(Date.now() - 60_000).toISOString()
    const flood = (async () => {
      while (!isOver) {
        const event = {
          ...{ eventId: randomUUID(), accountId: sandbox.accountId, eventName: 'ChangePassword' },
          ...{ eventSource: 'iam.amazonaws.com', errorCode: null, principalId: 'AIDAX', users: [UserName] },
        }
        await service.store.db.execute(sql`
          insert into aws_events (id, account_id, received_at, event)
          values (${event.eventId}, ${sandbox.accountId}, ${received}::timestamptz, ${JSON.stringify(event)}::jsonb)`)
        await sleep(200)
      }
    })()
    try {
      await eventually(() => sandbox.calls.of('ListAccessKeys').some((c) => c.params.UserName === UserName))
      call(sandbox, 'CreateLoginProfile', { UserName, Password: 'Correct-horse-battery-9' })
      await eventually(() => sandbox.state.users.get(UserName)?.loginProfile === undefined, {
        what: 'taking the password',
      })
    } finally {
      isOver = true
      await flood
    }
    assert.equal((await muster.identity('W1')).generation, generation)
  })

  test('what is done behind the back of a run is seen by one that an event asks for meanwhile', async () => {
    const muster = await running()
    const { sandbox, service } = muster
    await muster.hire('W2')
    const { id, user_name: UserName, generation } = await muster.until('W2', 'awaiting_mfa')
    const lookedBefore = sandbox.calls.of('ListAttachedUserPolicies').length
    slowRuns(muster, UserName, 1500)
    await look(service.store, service.jobs, id)
    await eventually(() => sandbox.calls.of('ListAttachedUserPolicies').length > lookedBefore)
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
    call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn })
    await look(service.store, service.jobs, id, 'aws event e-2')
    await eventually(() => sandbox.state.users.get(UserName)?.attachedPolicies.length === 0, {
      what: 'detaching the policy',
    })
    const row = await muster.until('W2', 'awaiting_mfa')
    assert.equal(row.generation, generation)
    const { items } = await muster.api('GET', '/v1/drifts?employeeId=W2')
    assert.deepEqual(
      items.map(({ kind, foundBy }: { kind: string; foundBy: string }) => [kind, foundBy]),
      [['policy-attached', 'event']],
    )
  })
})

forEachDatabase((_name, openStore) => {
  const rowOf = async ({ db }: Store) => {
    const [row] = await rowsOf<Record<string, unknown>>(
      db,
      sql`select generation, requested, cause, next_look_at is not null as is_due,
        (select count(*)::int from jobs.job where name = 'reconcile' and state = 'created') as jobs from identities`,
    )
    return row
  }

  test('a look waits with the change that waits already, and raises nothing', async () => {
    await withQueue(openStore, async ({ store, jobs, identities, request }) => {
      const [id = ''] = await identities(1)
      await request([id])
      await look(store, jobs, id)
      const waiting = { generation: 1, requested: true, cause: 'a test', is_due: false, jobs: 1 }
      assert.deepEqual(await rowOf(store), waiting)
      await openLedger(store.db).load([id])
      await look(store, jobs, id)
      await look(store, jobs, id, 'aws event e-2')
      // Whoever looks now has to look again: one job for that, under its first cause.
      assert.deepEqual(await rowOf(store), { ...waiting, cause: 'aws event e-1', jobs: 2 })
    })
  })

  test('a look that comes to nothing does not take the place of the one that is due some day', async () => {
    await withQueue(openStore, async ({ store, jobs, identities, request }) => {
      const [id = ''] = await identities(1)
      const ledger = openLedger(store.db)
      await store.db.execute(
        sql`update identities set reconciled_generation = generation, next_look_at = now() + interval '80 days'`,
      )
      await look(store, jobs, id)
      await ledger.load([id])
      assert.equal((await rowOf(store))?.is_due, true)
      await request([id])
      await ledger.load([id])
      assert.equal((await rowOf(store))?.is_due, false)
    })
  })
})
