/** Sequences in which a lock could miss its user, or meet somebody else's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, forEachEngine, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const quarantine = 'muster-quarantine'
const always = Number.POSITIVE_INFINITY

forEachEngine((_name, open) => {
  let shared: Promise<RunningService> | undefined
  const running = async () => {
    shared ??= open()
    const service = await shared
    service.sandbox.faults.clear()
    return service
  }

  test('a first call that met somebody else is undone as soon as IAM can be read, by whichever run that is', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('M1')
    await until('M1', 'awaiting_mfa')
    call(sandbox, 'UpdateUser', { UserName: 'ada.m1', NewUserName: 'ada.m1.renamed' })
    call(sandbox, 'CreateUser', { UserName: 'ada.m1' })
    const mend = sandbox.faults.add({
      action: 'GetUser',
      times: always,
      outcome: { code: 'InternalFailure', status: 500 },
    })
    await tell('employee.terminated', 'M1')
    await eventually(() => groupsOf('ada.m1')?.includes(quarantine))
    mend()
    await until('M1', 'locked', 30_000)
    assert.deepEqual(groupsOf('ada.m1'), [])
    assert.deepEqual(groupsOf('ada.m1.renamed'), [quarantine])
  })

  test('where Muster never made anybody, a leaver costs no stranger anything', async () => {
    const { hire, tell, identity, until, sandbox, groupsOf } = await running()
    call(sandbox, 'CreateUser', { UserName: 'ada.m2' })
    sandbox.faults.add({
      action: 'CreateUser',
      params: { UserName: 'ada.m2' },
      times: always,
      outcome: { code: 'AccessDenied' },
    })
    await hire('M2')
    await eventually(async () => (await identity('M2').catch(() => undefined))?.state === 'blocked')
    sandbox.calls.clear()
    await tell('employee.terminated', 'M2')
    await until('M2', 'deleted')
    assert.deepEqual(sandbox.calls.actions('writes'), [])
    assert.deepEqual(groupsOf('ada.m2'), [])
  })

  test('what is left of an unlock that failed does not stand for the first call of the next lock', async () => {
    const { hire, tell, identity, until, sandbox, groupsOf } = await running()
    await hire('M3')
    await until('M3', 'awaiting_mfa')
    await tell('employee.suspended', 'M3')
    await until('M3', 'locked')
    call(sandbox, 'UpdateUser', { UserName: 'ada.m3', NewPath: '/elsewhere/' })
    sandbox.faults.add({ action: 'UpdateUser', times: always, outcome: { code: 'AccessDenied' } })
    await tell('employee.resumed', 'M3')
    await eventually(async () => (await identity('M3')).state === 'blocked')
    assert.equal(groupsOf('ada.m3')?.includes(quarantine), false)
    sandbox.faults.add({
      action: 'GetUser',
      times: always,
      outcome: { code: 'InternalFailure', status: 500 },
    })
    await tell('employee.terminated', 'M3')
    await eventually(() => groupsOf('ada.m3')?.includes(quarantine))
  })

  test('a return within the lag of reads ends with all groups and without the quarantine', async () => {
    const { hire, api, until, sandbox, groupsOf } = await running()
    await hire('M4')
    await until('M4', 'awaiting_mfa')
    sandbox.faults.set({ readLagMs: 1500 })
    await api('POST', '/v1/employees/M4/hold', { reason: 'a false alarm' })
    await until('M4', 'locked')
    await api('DELETE', '/v1/employees/M4/hold')
    await until('M4', 'awaiting_mfa', 30_000)
    assert.deepEqual(groupsOf('ada.m4'), ['deploy-staging', 'engineering', 'muster-baseline'])
  })

  test('a leaver who can be denied in no way keeps the group that asks for MFA to the last', async () => {
    const { hire, tell, until, sandbox } = await running()
    await hire('M5')
    await until('M5', 'awaiting_mfa')
    const refuse = (action: string) =>
      sandbox.faults.add({
        action,
        params: { UserName: 'ada.m5' },
        times: always,
        outcome: { code: 'AccessDenied' },
      })
    refuse('AddUserToGroup')
    refuse('PutUserPermissionsBoundary')
    sandbox.calls.clear()
    await tell('employee.terminated', 'M5')
    const left = await eventually(() => {
      const groups = sandbox.calls
        .of('RemoveUserFromGroup')
        .filter(({ params }) => params.UserName === 'ada.m5')
        .map(({ params }) => params.GroupName)
      return groups.length >= 3 && groups
    })
    assert.equal(left[2], 'muster-baseline')
  })
})
