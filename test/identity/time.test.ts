/** What the passing of time does: starts, moves, ends, second looks, purges. The clock is the test's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  call,
  forEachEngine,
  giveCredentials,
  withMovedClock,
  writeCallsOf,
  writesOf,
} from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

forEachEngine((_name, open) => {
  const { clock, move, running } = withMovedClock(open)
  const inFuture = (ms: number) => new Date(clock().getTime() + ms).toISOString()

  test('who starts later has no user until then', async () => {
    const { hire, until, groupsOf, api } = await running()
    await hire('T1', { startAt: inFuture(2 * hourMs) })
    await until('T1', 'pending')
    assert.equal((await api('GET', '/v1/employees/T1')).status, 'scheduled')
    assert.equal(groupsOf('ada.t1'), undefined)
    move(2 * hourMs)
    await until('T1', 'awaiting_mfa')
    assert.deepEqual(groupsOf('ada.t1'), ['deploy-staging', 'engineering', 'muster-baseline'])
  })

  test('a move that is dated ahead happens then, and one that was withdrawn does not', async () => {
    const { hire, tell, until, groupsOf } = await running()
    await hire('T2')
    await hire('T3')
    for (const id of ['T2', 'T3']) {
      await tell('employee.role_changed', id, { role: 'finance', effectiveAt: inFuture(hourMs) })
    }
    await tell('employee.role_changed', 'T3', { role: 'backend-engineer' }, new Date(clock().getTime() + 10))
    await until('T2', 'awaiting_mfa')
    assert.equal(groupsOf('ada.t2')?.includes('engineering'), true)
    move(hourMs)
    await eventually(() => groupsOf('ada.t2')?.includes('billing-read'))
    await until('T3', 'awaiting_mfa')
    assert.equal(groupsOf('ada.t3')?.includes('engineering'), true)
  })

  test('who leaves on a date is locked then, and purged a retention time after the lock', async () => {
    const { hire, tell, until, groupsOf, sandbox } = await running()
    await hire('T4')
    await until('T4', 'awaiting_mfa')
    await tell('employee.terminated', 'T4', { effectiveAt: inFuture(hourMs) })
    await until('T4', 'awaiting_mfa')
    giveCredentials(sandbox, 'ada.t4')
    move(hourMs)
    await until('T4', 'locked')
    move(30 * dayMs - 60_000)
    await until('T4', 'locked')
    assert.deepEqual(groupsOf('ada.t4'), ['muster-quarantine'])
    move(120_000)
    await until('T4', 'deleted')
    assert.equal(groupsOf('ada.t4'), undefined)
  })

  test('someone hired again after the purge gets a new user of the same name', async () => {
    const { hire, tell, until, groupsOf, sandbox } = await running()
    await hire('T5')
    const first = await until('T5', 'awaiting_mfa')
    await tell('employee.terminated', 'T5')
    await until('T5', 'locked')
    move(31 * dayMs)
    await until('T5', 'deleted')
    await hire('T5')
    const second = await until('T5', 'awaiting_mfa')
    assert.equal(second.user_name, first.user_name)
    assert.notEqual(second.aws_user_id, first.aws_user_id)
    assert.equal(sandbox.state.users.get('ada.t5')?.userId, second.aws_user_id)
    assert.deepEqual(groupsOf('ada.t5'), ['deploy-staging', 'engineering', 'muster-baseline'])
  })

  test('a hold stops the purge', async () => {
    const { hire, tell, api, until, groupsOf } = await running()
    await hire('T6')
    await until('T6', 'awaiting_mfa')
    await tell('employee.terminated', 'T6')
    await until('T6', 'locked')
    await api('POST', '/v1/employees/T6/hold', { reason: 'an investigation' })
    move(60 * dayMs)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await until('T6', 'locked')
    assert.deepEqual(groupsOf('ada.t6'), ['muster-quarantine'])
    await api('DELETE', '/v1/employees/T6/hold')
    await until('T6', 'deleted')
  })

  test('what somebody undoes or makes after a lock is taken away after 30 seconds, and again after 5 minutes', async () => {
    const { hire, tell, until, groupsOf, sandbox } = await running()
    await hire('T7')
    await until('T7', 'awaiting_mfa')
    await tell('employee.terminated', 'T7')
    for (const laterMs of [31_000, 300_000]) {
      await until('T7', 'locked')
      call(sandbox, 'RemoveUserFromGroup', { UserName: 'ada.t7', GroupName: 'muster-quarantine' })
      call(sandbox, 'AddUserToGroup', { UserName: 'ada.t7', GroupName: 'engineering' })
      call(sandbox, 'CreateAccessKey', { UserName: 'ada.t7' })
      move(laterMs)
      await eventually(() => groupsOf('ada.t7')?.join() === 'muster-quarantine')
      const keys = sandbox.state.users.get('ada.t7')?.accessKeys ?? []
      await eventually(() => keys.every(({ status }) => status === 'Inactive'))
    }
  })

  test('who cannot be deleted at the last moment is put back into quarantine at once', async () => {
    const { hire, tell, until, groupsOf, sandbox, identity } = await running()
    await hire('T20')
    await until('T20', 'awaiting_mfa')
    await tell('employee.terminated', 'T20')
    await until('T20', 'locked')
    sandbox.faults.add({
      action: 'DeleteUser',
      params: { UserName: 'ada.t20' },
      times: 5,
      outcome: { code: 'DeleteConflict' },
    })
    sandbox.calls.clear()
    move(31 * dayMs)
    await eventually(() => sandbox.calls.of('DeleteUser').length === 5)
    await eventually(() => groupsOf('ada.t20')?.join() === 'muster-quarantine')
    await eventually(async () => (await identity('T20')).reason?.includes('purge is not complete'))
    move(31_000)
    await until('T20', 'deleted')
  })
})

forEachEngine((_name, open) => {
  test('without retention a leaver is locked and purged at once', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await open({ settings: { MUSTER_RETENTION_DAYS: '0' } })
    await hire('R1')
    await until('R1', 'awaiting_mfa')
    giveCredentials(sandbox, 'ada.r1')
    sandbox.calls.clear()
    await tell('employee.terminated', 'R1')
    await until('R1', 'deleted')
    assert.equal(groupsOf('ada.r1'), undefined)
    const writes = writeCallsOf(sandbox)
    assert.equal(writes[0]?.params.GroupName, 'muster-quarantine')
    assert.deepEqual(
      writes.slice(-2).map(({ action }) => action),
      ['RemoveUserFromGroup', 'DeleteUser'],
    )
  })

  test('observe mode plans everything, records it, and writes nothing', async () => {
    const { hire, tell, api, sandbox, identity } = await open({ settings: { MUSTER_MODE: 'observe' } })
    await hire('O1')
    await eventually(async () => (await api('GET', '/v1/operations?employeeId=O1')).items.length === 1)
    const [operation] = (await api('GET', '/v1/operations?employeeId=O1')).items
    assert.equal(operation.kind, 'join')
    assert.equal(operation.status, 'planned')
    assert.equal(operation.steps[0].do, 'CreateUser')
    await tell('employee.terminated', 'O1')
    await eventually(async () => (await api('GET', '/v1/employees/O1')).status === 'terminated')
    await eventually(async () => (await identity('O1')).state === 'deleted')
    const catalog = await eventually(async () =>
      (await api('GET', '/v1/operations')).items.find((item: { kind: string }) => item.kind === 'catalog'),
    )
    assert.equal(catalog.status, 'planned')
    assert.deepEqual(writesOf(sandbox), [])
  })
})
