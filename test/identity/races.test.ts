/** What happens in the same moment: a lock and its end, a lock and a join, two of everything. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, forEachEngine, giveCredentials, sharedBySuite } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const quarantine = 'muster-quarantine'
const backend = ['deploy-staging', 'engineering', 'muster-baseline']

forEachEngine((_name, open) => {
  const running = sharedBySuite(open)

  for (const [when, untilCallMs] of [
    ['long after', 2500],
    ['during', 1300],
  ] as const) {
    test(`a hold that is lifted before its first call came in ends also if that call comes in ${when} the other's look`, async () => {
      const { hire, api, until, sandbox, groupsOf, identity } = await running()
      const id = `L${untilCallMs}`
      const userName = `ada.${id.toLowerCase()}`
      await hire(id)
      await until(id, 'awaiting_mfa')
      // Both workers of reconciles are busy while the reserved one makes the first call.
      sandbox.faults.add({ action: 'CreateUser', times: 2, outcome: { delayMs: 1000 } })
      await hire(`${id}A`)
      await sleep(150)
      await hire(`${id}B`)
      await sleep(150)
      sandbox.faults.add({
        action: 'AddUserToGroup',
        params: { UserName: userName, GroupName: quarantine },
        outcome: { delayMs: untilCallMs },
      })
      // The look has seen the groups, and takes its time over the rest.
      sandbox.faults.add({
        action: 'ListAccessKeys',
        params: { UserName: userName },
        outcome: { delayMs: 1000 },
      })
      await api('POST', `/v1/employees/${id}/hold`, { reason: 'by mistake' })
      await sleep(100)
      await api('DELETE', `/v1/employees/${id}/hold`)
      await eventually(() =>
        sandbox.calls
          .of('AddUserToGroup')
          .some(({ params }) => params.UserName === userName && params.GroupName === quarantine),
      )
      await eventually(
        async () => groupsOf(userName)?.join() === backend.join() && (await identity(id)).locked_at === null,
      )
      await until(id, 'awaiting_mfa')
    })
  }

  test('a first call that AWS throttles is repeated, and needs no last resort', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('F1')
    await until('F1', 'awaiting_mfa')
    sandbox.faults.add({
      action: 'AddUserToGroup',
      params: { UserName: 'ada.f1', GroupName: quarantine },
      times: 2,
      outcome: { code: 'Throttling', message: 'Rate exceeded' },
    })
    await tell('employee.terminated', 'F1')
    await eventually(() => groupsOf('ada.f1')?.includes(quarantine))
    await until('F1', 'locked')
    const boundaries = sandbox.calls.of('PutUserPermissionsBoundary')
    assert.equal(boundaries.filter(({ params }) => params.UserName === 'ada.f1').length, 0)
  })

  test('a lock goes on by the list of users when GetUser fails for good', async () => {
    const { hire, tell, identity, sandbox, groupsOf, until } = await running()
    await hire('G1')
    await until('G1', 'awaiting_mfa')
    giveCredentials(sandbox, 'ada.g1')
    const mend = sandbox.faults.add({
      action: 'GetUser',
      params: { UserName: 'ada.g1' },
      times: Number.POSITIVE_INFINITY,
      outcome: { code: 'ServiceFailure', status: 500 },
    })
    await tell('employee.terminated', 'G1')
    await eventually(() => groupsOf('ada.g1')?.join() === quarantine)
    assert.equal((await identity('G1')).state, 'locked')
    const user = sandbox.state.users.get('ada.g1')
    assert.equal(user?.loginProfile, undefined)
    assert.deepEqual(
      user?.accessKeys.map(({ status }) => status),
      ['Inactive'],
    )
    mend()
  })

  test('a name that differs only in case is left as it is: IAM does not tell the two apart', async () => {
    const { hire, api, until, sandbox, groupsOf } = await running()
    await hire('N1')
    await until('N1', 'awaiting_mfa')
    call(sandbox, 'UpdateUser', { UserName: 'ada.n1', NewUserName: 'elsewhere' })
    call(sandbox, 'UpdateUser', { UserName: 'elsewhere', NewUserName: 'ADA.N1' })
    await api('POST', '/v1/employees/N1/reconcile')
    await sleep(300)
    const { reason } = await until('N1', 'awaiting_mfa')
    assert.equal(reason, null)
    assert.deepEqual(groupsOf('ada.n1'), backend)
  })

  test('a removal that IAM answers with a missing user is not taken for done', async () => {
    const { hire, tell, until, sandbox, groupsOf, api } = await running()
    await hire('M1')
    await until('M1', 'awaiting_mfa')
    sandbox.faults.add({
      action: 'RemoveUserFromGroup',
      params: { UserName: 'ada.m1' },
      times: 2,
      outcome: { code: 'NoSuchEntity', message: 'The user with name ada.m1 cannot be found.', status: 404 },
    })
    await tell('employee.role_changed', 'M1', { role: 'data-analyst' })
    await eventually(async () => (await api('GET', '/v1/employees/M1')).role === 'data-analyst')
    await until('M1', 'awaiting_mfa')
    assert.deepEqual(groupsOf('ada.m1'), ['analytics', 'muster-baseline'])
  })

  test('two deliveries of the same end lock once, and cost no second first call', async () => {
    const { hire, tell, until, sandbox } = await running()
    await hire('S1')
    await until('S1', 'awaiting_mfa')
    const at = new Date()
    sandbox.calls.clear()
    await Promise.all([tell('employee.terminated', 'S1', {}, at), tell('employee.terminated', 'S1', {}, at)])
    await until('S1', 'locked')
    const first = sandbox.calls
      .of('AddUserToGroup')
      .filter(({ params }) => params.UserName === 'ada.s1' && params.GroupName === quarantine)
    assert.equal(first.length, 1)
  })

  test('everybody leaves at once: each is locked, with one first call and nobody forgotten', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    const ids = Array.from({ length: 25 }, (_, i) => `W${i}`)
    for (const id of ids) await hire(id)
    for (const id of ids) await until(id, 'awaiting_mfa')
    sandbox.calls.clear()
    await Promise.all(ids.map((id) => tell('employee.terminated', id)))
    for (const id of ids) await until(id, 'locked')
    for (const id of ids) assert.deepEqual(groupsOf(`ada.${id.toLowerCase()}`), [quarantine])
    const denies = sandbox.calls.of('AddUserToGroup').filter(({ params }) => params.GroupName === quarantine)
    assert.equal(denies.length, ids.length)
  })
})
