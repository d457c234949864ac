import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { applyPlan } from '../../src/identity/apply.ts'
import { openSandbox } from '../../src/sandbox/index.ts'
import { forEachDatabase, silentLog } from '../harness/databases.ts'
import { call } from '../harness/service.ts'

forEachDatabase((_name, openStore) => {
  test('a call whose answer was lost is not recorded as never made, though nobody wants it any more', async () => {
    const { db } = await openStore()
    const sandbox = await openSandbox()
    const account = await openAccount(db, {
      region: 'us-east-1',
      endpoints: endpointsAt(sandbox.url),
      rate: 1000,
      credentials: sandbox.credentials,
      metering: meterCalls(new Registry()),
      log: silentLog,
    })
    call(sandbox, 'CreateUser', { UserName: 'ada' })
    call(sandbox, 'CreateGroup', { GroupName: 'engineering' })
    sandbox.faults.add({ action: 'AddUserToGroup', outcome: { lost: 'after' } })
    const step = { do: 'AddUserToGroup', UserName: 'ada', GroupName: 'engineering' } as const
    let asked = 0
    const applied = await applyPlan(
      { kind: 'move', steps: [step, { ...step, GroupName: 'other' }], unread: [] },
      {
        account,
        quarantineGroup: 'muster-quarantine',
        stillWanted: async () => ++asked === 1,
        created: async () => true,
      },
    )
    assert.deepEqual(sandbox.state.users.get('ada')?.groups, ['engineering'])
    assert.equal(applied.stopped, true)
    assert.deepEqual(
      applied.steps.map(({ outcome }) => outcome),
      ['failed', 'skipped'],
    )
    account.close()
    await sandbox.close()
  })
})
