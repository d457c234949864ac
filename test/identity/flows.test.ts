/** Joiner, mover, leaver and return, judged by what AWS was asked and what it holds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  call,
  callsAboutPeople,
  forEachEngine,
  giveCredentials,
  sharedBySuite,
  writeCallsOf,
  writesOf,
} from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const backend = ['deploy-staging', 'engineering', 'muster-baseline']
const analyst = ['analytics', 'muster-baseline']

forEachEngine((_name, open) => {
  const running = sharedBySuite(open)

  test('a joiner costs one call and one for each group, and no read', async () => {
    const { hire, until, sandbox, groupsOf } = await running()
    sandbox.calls.clear()
    await hire('E1')
    const { user_name } = await until('E1', 'awaiting_mfa')
    assert.deepEqual(
      callsAboutPeople(sandbox).map(({ action }) => action),
      ['CreateUser', 'AddUserToGroup', 'AddUserToGroup', 'AddUserToGroup'],
    )
    assert.deepEqual(groupsOf(user_name), backend)
    const user = sandbox.state.users.get(user_name)
    assert.equal(user?.path, '/muster/')
    assert.match(user?.permissionsBoundary ?? '', /policy\/muster\/muster-boundary-engineer$/)
    assert.deepEqual(Object.fromEntries((user?.tags ?? []).map(({ Key, Value }) => [Key, Value])), {
      'muster:employee-id': 'E1',
      'muster:managed': 'true',
    })
    assert.equal(user?.loginProfile, undefined)
    assert.deepEqual(user?.accessKeys, [])
  })

  test('a mover leaves the old groups, gets the new boundary, and only then joins the new groups', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('E2')
    await until('E2', 'awaiting_mfa')
    sandbox.calls.clear()
    await tell('employee.role_changed', 'E2', { role: 'data-analyst' })
    await eventually(() => groupsOf('ada.e2')?.includes('analytics'))
    await until('E2', 'awaiting_mfa')
    assert.deepEqual(writesOf(sandbox), [
      'RemoveUserFromGroup',
      'RemoveUserFromGroup',
      'PutUserPermissionsBoundary',
      'AddUserToGroup',
    ])
    assert.deepEqual(groupsOf('ada.e2'), analyst)
  })

  test("a leaver's first call is the quarantine, made once and before any read; then everything else goes", async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('E3')
    await until('E3', 'awaiting_mfa')
    giveCredentials(sandbox, 'ada.e3')
    sandbox.calls.clear()
    await tell('employee.terminated', 'E3')
    await until('E3', 'locked')
    const [first, second] = callsAboutPeople(sandbox)
    assert.equal(first?.action, 'AddUserToGroup')
    assert.equal(first?.params.GroupName, 'muster-quarantine')
    assert.equal(second?.action, 'GetUser')
    assert.equal(sandbox.calls.of('AddUserToGroup').length, 1)
    assert.deepEqual(groupsOf('ada.e3'), ['muster-quarantine'])
    const user = sandbox.state.users.get('ada.e3')
    assert.equal(user?.loginProfile, undefined)
    assert.deepEqual(
      user?.accessKeys.map(({ status }) => status),
      ['Inactive'],
    )
    assert.deepEqual(
      user?.serviceCredentials.map(({ status }) => status),
      ['Inactive'],
    )
    assert.deepEqual(user?.attachedPolicies, [])
    assert.equal(user?.inlinePolicies.size, 0)
  })

  test('leave locks, return unlocks with the quarantine left last', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('E4')
    await until('E4', 'awaiting_mfa')
    await tell('employee.suspended', 'E4')
    await until('E4', 'locked')
    sandbox.calls.clear()
    await tell('employee.resumed', 'E4')
    await until('E4', 'awaiting_mfa')
    const writes = writeCallsOf(sandbox)
    assert.equal(writes.at(-1)?.action, 'RemoveUserFromGroup')
    assert.equal(writes.at(-1)?.params.GroupName, 'muster-quarantine')
    assert.deepEqual(groupsOf('ada.e4'), backend)
  })

  test('a hold locks whatever HR says, until an administrator lifts it', async () => {
    const { hire, tell, api, until, groupsOf } = await running()
    await hire('E5')
    await until('E5', 'awaiting_mfa')
    await api('POST', '/v1/employees/E5/hold', { reason: 'a laptop was stolen' })
    await until('E5', 'locked')
    await tell('employee.suspended', 'E5')
    await tell('employee.resumed', 'E5')
    await tell('employee.role_changed', 'E5', { role: 'finance' })
    await until('E5', 'locked')
    assert.deepEqual(groupsOf('ada.e5'), ['muster-quarantine'])
    await api('DELETE', '/v1/employees/E5/hold')
    await until('E5', 'awaiting_mfa')
    assert.deepEqual(groupsOf('ada.e5'), ['billing-read', 'muster-baseline'])
  })

  test('someone hired again within retention gets the same user back', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('E6')
    await until('E6', 'awaiting_mfa')
    const { userId } = sandbox.state.users.get('ada.e6') ?? {}
    await tell('employee.terminated', 'E6')
    await until('E6', 'locked')
    await hire('E6', { role: 'data-analyst' })
    await until('E6', 'awaiting_mfa')
    assert.equal(sandbox.state.users.get('ada.e6')?.userId, userId)
    assert.deepEqual(groupsOf('ada.e6'), analyst)
  })

  test('someone who never started leaves no user behind', async () => {
    const { hire, tell, until, sandbox } = await running()
    await hire('E7', { startAt: '2099-01-01' })
    await until('E7', 'pending')
    sandbox.calls.clear()
    await tell('employee.terminated', 'E7')
    await until('E7', 'deleted')
    assert.deepEqual(writesOf(sandbox), [])
    assert.equal(sandbox.state.users.has('ada.e7'), false)
  })

  test('people of one name get different user names', async () => {
    const { hire, until } = await running()
    const same = { givenName: 'Zoë', familyName: "O'Hara" }
    await hire('E8', same)
    await hire('E9', same)
    const names = [
      (await until('E8', 'awaiting_mfa')).user_name,
      (await until('E9', 'awaiting_mfa')).user_name,
    ]
    assert.deepEqual(names.sort(), ['zoe.ohara', 'zoe.ohara2'])
  })

  test('a statement about a role that the catalog lacks blocks, and is applied once it names another', async () => {
    const { hire, tell, api, until, groupsOf } = await running()
    const deliveryId = await hire('E10', { role: 'astronaut' })
    const blocked = await until('E10', 'blocked')
    assert.match(blocked.reason ?? '', /role "astronaut" is not in the catalog/)
    const [delivery] = (await api('GET', '/v1/deliveries?status=pending')).items
    assert.equal(delivery.id, deliveryId)
    await tell('employee.role_changed', 'E10', { role: 'finance' })
    await until('E10', 'awaiting_mfa')
    assert.deepEqual(groupsOf('ada.e10'), ['billing-read', 'muster-baseline'])
    await tell('employee.role_changed', 'E10', { role: 'astronaut' })
    await until('E10', 'blocked')
    assert.deepEqual(groupsOf('ada.e10'), ['billing-read', 'muster-baseline'])
  })

  test('a burst of changes ends at the newest, and never in two roles', async () => {
    const { hire, tell, until, groupsOf, sandbox } = await running()
    await hire('E11')
    const roles = ['data-analyst', 'finance', 'backend-engineer', 'security-auditor', 'data-analyst']
    const start = Date.now()
    for (const [i, role] of roles.entries()) {
      await tell('employee.role_changed', 'E11', { role }, new Date(start + i))
    }
    await until('E11', 'awaiting_mfa')
    assert.deepEqual(groupsOf('ada.e11'), analyst)
    assert.equal(
      [...sandbox.state.users.values()].filter(({ userName }) => userName.startsWith('ada.e11')).length,
      1,
    )
  })

  test('the dry run shows the steps and does nothing', async () => {
    const { hire, until, sandbox, api, groupsOf } = await running()
    await hire('E12')
    await until('E12', 'awaiting_mfa')
    call(sandbox, 'AddUserToGroup', { UserName: 'ada.e12', GroupName: 'billing-read' })
    sandbox.calls.clear()
    const { plans } = await api('GET', '/v1/employees/E12/plan')
    assert.deepEqual(
      plans[0].steps.map((step: { do: string }) => step.do),
      ['RemoveUserFromGroup'],
    )
    assert.deepEqual(writesOf(sandbox), [])
    await api('POST', '/v1/employees/E12/reconcile')
    await eventually(() => groupsOf('ada.e12')?.length === 3)
  })
})
