/** Sequences in which a lock could miss its user, or meet somebody else's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IAMClient, UpdateUserCommand } from '@aws-sdk/client-iam'
import { call, forEachEngine, sharedBySuite, writesOf } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const quarantine = 'muster-quarantine'
const always = Number.POSITIVE_INFINITY

forEachEngine((_name, open) => {
  const running = sharedBySuite(open)

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
    await until('M1', 'locked')
    assert.deepEqual(groupsOf('ada.m1'), [])
    assert.deepEqual(groupsOf('ada.m1.renamed'), [quarantine])
  })

  test('a stranger who got the name of a leaver in ten groups keeps boundary and groups', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('M9')
    await until('M9', 'awaiting_mfa')
    call(sandbox, 'UpdateUser', { UserName: 'ada.m9', NewUserName: 'ada.m9.renamed' })
    call(sandbox, 'CreateUser', { UserName: 'ada.m9' })
    call(sandbox, 'AddUserToGroup', { UserName: 'ada.m9', GroupName: 'billing-read' })
    sandbox.faults.add({
      action: 'AddUserToGroup',
      params: { UserName: 'ada.m9' },
      times: always,
      outcome: { code: 'LimitExceeded' },
    })
    await tell('employee.terminated', 'M9')
    await until('M9', 'locked')
    assert.deepEqual(groupsOf('ada.m9'), ['billing-read'])
    assert.equal(sandbox.state.users.get('ada.m9')?.permissionsBoundary, undefined)
    assert.deepEqual(groupsOf('ada.m9.renamed'), [quarantine])
  })

  test('a read that lags behind a rename does not take back the lock of the right user', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('M10')
    await until('M10', 'awaiting_mfa')
    call(sandbox, 'UpdateUser', { UserName: 'ada.m10', NewUserName: 'ada.m10.by-hand' })
    sandbox.faults.set({ readLagMs: 1500 })
    const iam = new IAMClient({
      region: 'us-east-1',
      endpoint: sandbox.url,
      credentials: sandbox.credentials,
    })
    await iam.send(new UpdateUserCommand({ UserName: 'ada.m10.by-hand', NewUserName: 'ada.m10' }))
    iam.destroy()
    sandbox.calls.clear()
    await tell('employee.terminated', 'M10')
    await until('M10', 'locked')
    const leaves = sandbox.calls
      .of('RemoveUserFromGroup')
      .filter(({ params }) => params.GroupName === quarantine)
    assert.deepEqual(leaves, [])
    assert.ok(groupsOf('ada.m10')?.includes(quarantine))
    sandbox.faults.clear()
  })

  test('two leavers whose names were swapped by hand both stay in quarantine', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('M11')
    await hire('M12')
    await until('M11', 'awaiting_mfa')
    await until('M12', 'awaiting_mfa')
    const swap = [
      ['ada.m11', 'ada.between'],
      ['ada.m12', 'ada.m11'],
      ['ada.between', 'ada.m12'],
    ] as const
    for (const [UserName, NewUserName] of swap) call(sandbox, 'UpdateUser', { UserName, NewUserName })
    sandbox.calls.clear()
    await Promise.all([tell('employee.terminated', 'M11'), tell('employee.terminated', 'M12')])
    await until('M11', 'locked')
    await until('M12', 'locked')
    assert.deepEqual(groupsOf('ada.m11'), [quarantine])
    assert.deepEqual(groupsOf('ada.m12'), [quarantine])
    const leaves = sandbox.calls
      .of('RemoveUserFromGroup')
      .filter(({ params }) => params.GroupName === quarantine)
    assert.deepEqual(leaves, [])
  })

  test('a leaver who is renamed while users are listed is not taken for gone', async () => {
    const { hire, tell, until, identity, sandbox, groupsOf } = await running()
    await hire('M13')
    await until('M13', 'awaiting_mfa')
    for (let i = 0; i < 1050; i++) {
      call(sandbox, 'CreateUser', { UserName: `m${String(i).padStart(4, '0')}` })
    }
    call(sandbox, 'UpdateUser', { UserName: 'ada.m13', NewUserName: 'zzz.m13' })
    sandbox.faults.add({
      action: 'ListUsers',
      params: ({ Marker }) => Marker !== undefined,
      outcome: { delayMs: 1000 },
    })
    sandbox.calls.clear()
    await tell('employee.terminated', 'M13')
    await eventually(() => sandbox.calls.of('ListUsers').length >= 1)
    call(sandbox, 'UpdateUser', { UserName: 'zzz.m13', NewUserName: 'aaa.m13' })
    await until('M13', 'locked')
    assert.deepEqual(groupsOf('aaa.m13'), [quarantine])
    assert.ok((await identity('M13')).aws_user_id)
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
    assert.deepEqual(writesOf(sandbox), [])
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
    await until('M4', 'awaiting_mfa')
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
