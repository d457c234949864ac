/** What AWS does wrong, what others do by hand, and what must come of it all the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, forEachEngine, giveCredentials, sharedBySuite, writesOf } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const quarantine = 'muster-quarantine'

forEachEngine((_name, open) => {
  const running = sharedBySuite(open)

  test('a create whose answer was lost makes no second user', async () => {
    const { hire, until, sandbox, groupsOf } = await running()
    sandbox.faults.add({ action: 'CreateUser', params: { UserName: 'ada.b1' }, outcome: { lost: 'after' } })
    sandbox.calls.clear()
    await hire('B1')
    const { aws_user_id } = await until('B1', 'awaiting_mfa')
    assert.equal(aws_user_id, sandbox.state.users.get('ada.b1')?.userId)
    assert.deepEqual(groupsOf('ada.b1'), ['deploy-staging', 'engineering', 'muster-baseline'])
    assert.equal(sandbox.calls.of('CreateUser').length, 1)
  })

  test('a name that belongs to somebody else is a conflict: not touched, until an administrator decides', async () => {
    const { hire, tell, api, until, sandbox, groupsOf } = await running()
    call(sandbox, 'CreateUser', { UserName: 'Ada.B2' })
    call(sandbox, 'CreateUser', { UserName: 'ada.b3' })
    await hire('B2')
    await hire('B3')
    const { reason } = await until('B2', 'conflict')
    assert.match(reason ?? '', /Muster does not manage/)
    await until('B3', 'conflict')

    await tell('employee.terminated', 'B3')
    await eventually(async () => (await api('GET', '/v1/employees/B3')).status === 'terminated')
    await until('B3', 'deleted')
    assert.deepEqual(groupsOf('ada.b3'), [])

    await api('POST', '/v1/employees/B2/conflict', {
      resolution: 'rename',
      userName: 'ada.b2.muster',
    })
    await until('B2', 'awaiting_mfa')
    assert.deepEqual(groupsOf('ada.b2'), [])
    assert.deepEqual(groupsOf('ada.b2.muster'), ['deploy-staging', 'engineering', 'muster-baseline'])
  })

  test('an adopted user gets a boundary before anything else, and only the groups of the role', async () => {
    const { hire, api, until, sandbox, groupsOf } = await running()
    call(sandbox, 'CreateUser', { UserName: 'ada.b4' })
    call(sandbox, 'AddUserToGroup', { UserName: 'ada.b4', GroupName: 'billing-read' })
    giveCredentials(sandbox, 'ada.b4')
    await hire('B4')
    await until('B4', 'conflict')
    sandbox.calls.clear()
    await api('POST', '/v1/employees/B4/conflict', { resolution: 'adopt' })
    await until('B4', 'awaiting_mfa')
    assert.equal(writesOf(sandbox)[0], 'PutUserPermissionsBoundary')
    assert.deepEqual(groupsOf('ada.b4'), ['deploy-staging', 'engineering', 'muster-baseline'])
    const user = sandbox.state.users.get('ada.b4')
    assert.equal(user?.path, '/muster/')
    assert.equal(user?.loginProfile, undefined)
    assert.deepEqual(user?.attachedPolicies, [])
  })

  test('a leaver who was renamed, moved and untagged by hand is found and locked', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('B5')
    await until('B5', 'awaiting_mfa')
    call(sandbox, 'UntagUser', { UserName: 'ada.b5', TagKeys: ['muster:managed', 'muster:employee-id'] })
    call(sandbox, 'UpdateUser', { UserName: 'ada.b5', NewUserName: 'hidden', NewPath: '/elsewhere/' })
    await tell('employee.terminated', 'B5')
    await until('B5', 'locked')
    assert.deepEqual(groupsOf('hidden'), [quarantine])
  })

  test('whoever stands under the old name of a renamed leaver is left as they were', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('B6')
    await until('B6', 'awaiting_mfa')
    call(sandbox, 'UpdateUser', { UserName: 'ada.b6', NewUserName: 'ada.b6.old' })
    call(sandbox, 'CreateUser', { UserName: 'ada.b6' })
    await tell('employee.terminated', 'B6')
    await until('B6', 'locked')
    assert.deepEqual(groupsOf('ada.b6.old'), [quarantine])
    assert.deepEqual(groupsOf('ada.b6'), [])
  })

  test('a leaver with ten groups is denied by the boundary, then leaves one and goes into quarantine', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('B7')
    await until('B7', 'awaiting_mfa')
    for (let i = 0; i < 7; i++) {
      if (!sandbox.state.groups.has(`extra-${i}`)) call(sandbox, 'CreateGroup', { GroupName: `extra-${i}` })
      call(sandbox, 'AddUserToGroup', { UserName: 'ada.b7', GroupName: `extra-${i}` })
    }
    sandbox.calls.clear()
    await tell('employee.terminated', 'B7')
    await until('B7', 'locked')
    assert.deepEqual(writesOf(sandbox).slice(0, 4), [
      'AddUserToGroup',
      'PutUserPermissionsBoundary',
      'RemoveUserFromGroup',
      'AddUserToGroup',
    ])
    assert.deepEqual(groupsOf('ada.b7'), [quarantine])
  })

  test('a lock gets through everything else while one read keeps failing, and completes when it answers', async () => {
    const { hire, tell, identity, sandbox, groupsOf, until } = await running()
    await hire('B8')
    await until('B8', 'awaiting_mfa')
    giveCredentials(sandbox, 'ada.b8')
    const mend = sandbox.faults.add({
      action: 'ListServiceSpecificCredentials',
      times: Number.POSITIVE_INFINITY,
      outcome: { code: 'InternalFailure', status: 500 },
    })
    await tell('employee.terminated', 'B8')
    await eventually(async () => (await identity('B8')).reason?.includes('ListServiceSpecificCredentials'))
    assert.equal((await identity('B8')).state, 'locked')
    assert.deepEqual(groupsOf('ada.b8'), [quarantine])
    assert.equal(sandbox.state.users.get('ada.b8')?.loginProfile, undefined)
    mend()
    await until('B8', 'locked')
    assert.deepEqual(
      sandbox.state.users.get('ada.b8')?.serviceCredentials.map(({ status }) => status),
      ['Inactive'],
    )
  })

  test('a missing permission blocks a joiner and is named; a quota too', async () => {
    const { hire, identity, sandbox } = await running()
    const refuse = (UserName: string, code: string) =>
      sandbox.faults.add({ action: 'CreateUser', params: { UserName }, outcome: { code } })
    refuse('ada.b9', 'AccessDenied')
    refuse('ada.b10', 'LimitExceeded')
    await hire('B9')
    await hire('B10')
    const reasonOf = (employeeId: string) =>
      eventually(async () => {
        const row = await identity(employeeId).catch(() => undefined)
        return row?.state === 'blocked' && (row.reason ?? '')
      })
    assert.match(await reasonOf('B9'), /iam:CreateUser/)
    assert.match(await reasonOf('B10'), /quota/)
  })

  test('a group that nobody may take the user out of keeps nothing else that is given by hand in force', async () => {
    const { hire, until, identity, sandbox, api, groupsOf } = await running()
    await hire('B14')
    const { user_name: UserName } = await until('B14', 'awaiting_mfa')
    call(sandbox, 'CreateGroup', { GroupName: 'protected' })
    const params = { GroupName: 'protected' }
    const outcome = { code: 'AccessDenied' } as const
    const fault = { action: 'RemoveUserFromGroup', params, times: Number.POSITIVE_INFINITY, outcome }
    sandbox.faults.add(fault)
    call(sandbox, 'AddUserToGroup', { UserName, ...params })
    call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' })
    call(sandbox, 'CreateLoginProfile', { UserName, Password: 'Correct-horse-battery-9' })
    await api('POST', '/v1/employees/B14/reconcile')
    await eventually(async () => (await identity('B14')).state === 'blocked')
    const { reason, groups } = await identity('B14')
    assert.match(reason ?? '', /Muster lacks the permission iam:RemoveUserFromGroup/)
    // It does not count as Muster's for all that.
    assert.ok(!groups.includes('protected'))
    const user = sandbox.state.users.get(UserName)
    assert.deepEqual([user?.attachedPolicies, user?.loginProfile], [[], undefined])
    assert.ok(groupsOf(UserName)?.includes('protected'))
  })

  test('throttling, broken answers and lost connections delay and change nothing', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    sandbox.faults.set({
      serverErrors: 0.15,
      lostBefore: 0.08,
      lostAfter: 0.08,
      rateLimit: { perSecond: 60 },
    })
    // The tries of a job grow apart, and by chance several fail.
    const retriesMs = 240_000
    const ids = Array.from({ length: 12 }, (_, i) => `C${i}`)
    for (const id of ids) await hire(id)
    for (const id of ids.slice(0, 6)) await tell('employee.role_changed', id, { role: 'data-analyst' })
    for (const id of ids.slice(3, 9)) await tell('employee.terminated', id)
    const gone = ids.slice(3, 9)
    for (const id of ids.filter((id) => !gone.includes(id))) {
      const { user_name } = await until(id, 'awaiting_mfa', retriesMs)
      const isAnalyst = ids.indexOf(id) < 3
      const groups = isAnalyst ? ['analytics'] : ['deploy-staging', 'engineering']
      assert.deepEqual(groupsOf(user_name), [...groups, 'muster-baseline'], id)
    }
    for (const id of gone) {
      // Who left before being made is never made.
      const isDenied = () => (groupsOf(`ada.${id.toLowerCase()}`) ?? [quarantine]).join() === quarantine
      await eventually(isDenied, { withinMs: retriesMs, what: `the lock of ${id}` })
    }
  })

  test('reads that lag behind never leave anybody in two roles', async () => {
    const { hire, tell, until, sandbox, groupsOf, api } = await running()
    sandbox.faults.set({ readLagMs: 400, newUserLagMs: 300 })
    await hire('D1')
    await until('D1', 'awaiting_mfa')
    await tell('employee.role_changed', 'D1', { role: 'data-analyst' })
    await eventually(async () => (await api('GET', '/v1/employees/D1')).role === 'data-analyst')
    await until('D1', 'awaiting_mfa')
    await tell('employee.role_changed', 'D1', { role: 'finance' })
    await eventually(async () => (await api('GET', '/v1/employees/D1')).role === 'finance')
    await until('D1', 'awaiting_mfa')
    assert.deepEqual(groupsOf('ada.d1'), ['billing-read', 'muster-baseline'])
    await tell('employee.terminated', 'D1')
    await until('D1', 'locked')
    assert.deepEqual(groupsOf('ada.d1'), [quarantine])
  })

  test('a read that lags behind does not leave anybody under the boundary of another role', async () => {
    const { hire, tell, until, sandbox, api } = await running()
    await hire('D9')
    await until('D9', 'awaiting_mfa')
    sandbox.faults.set({ readLagMs: 1500 })
    for (const role of ['data-analyst', 'backend-engineer']) {
      await tell('employee.role_changed', 'D9', { role })
      await eventually(async () => (await api('GET', '/v1/employees/D9')).role === role)
      await until('D9', 'awaiting_mfa')
    }
    assert.match(sandbox.state.users.get('ada.d9')?.permissionsBoundary ?? '', /muster-boundary-engineer$/)
  })

  test('what AWS or an incident responder attached to deny a user stays, and is told', async () => {
    const { hire, until, api, sandbox } = await running()
    await hire('D10')
    await until('D10', 'awaiting_mfa')
    const denyAll = 'arn:aws:iam::aws:policy/AWSDenyAll'
    call(sandbox, 'AttachUserPolicy', { UserName: 'ada.d10', PolicyArn: denyAll })
    call(sandbox, 'AttachUserPolicy', {
      UserName: 'ada.d10',
      PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
    })
    await api('POST', '/v1/employees/D10/reconcile')
    await eventually(() => sandbox.state.users.get('ada.d10')?.attachedPolicies.length === 1)
    const { reason } = await until('D10', 'awaiting_mfa')
    assert.deepEqual(sandbox.state.users.get('ada.d10')?.attachedPolicies, [denyAll])
    assert.match(reason ?? '', /AWSDenyAll is attached/)
  })

  test('who leaves while being made ends locked or was never made', async () => {
    const { hire, tell, identity, sandbox, groupsOf, api } = await running()
    sandbox.faults.set({ latencyMs: [50, 120] })
    await hire('D2')
    await eventually(() => sandbox.state.users.has('ada.d2'))
    await tell('employee.terminated', 'D2')
    await eventually(async () => {
      const { state, generation, reconciled_generation } = await identity('D2')
      const { status } = await api('GET', '/v1/employees/D2')
      return status === 'terminated' && state === 'locked' && generation === reconciled_generation
    })
    assert.deepEqual(groupsOf('ada.d2'), [quarantine])
  })

  test('a deleted quarantine group does not keep a leaver in: the boundary denies, the group comes back', async () => {
    const { hire, tell, until, sandbox, groupsOf } = await running()
    await hire('D3')
    await until('D3', 'awaiting_mfa')
    for (const user of sandbox.state.users.values()) {
      if (user.groups.includes(quarantine))
        call(sandbox, 'RemoveUserFromGroup', { UserName: user.userName, GroupName: quarantine })
    }
    call(sandbox, 'DetachGroupPolicy', {
      GroupName: quarantine,
      PolicyArn: 'arn:aws:iam::aws:policy/AWSDenyAll',
    })
    call(sandbox, 'DeleteGroup', { GroupName: quarantine })
    sandbox.calls.clear()
    await tell('employee.terminated', 'D3')
    await until('D3', 'locked')
    // The group that comes back is another loop's doing, whenever it hears of it.
    const ofLeaver = sandbox.calls.entries.filter(
      ({ params, readOnly }) => params.UserName === 'ada.d3' && !readOnly,
    )
    assert.deepEqual(
      ofLeaver.slice(0, 2).map(({ action }) => action),
      ['AddUserToGroup', 'PutUserPermissionsBoundary'],
    )
    assert.deepEqual(groupsOf('ada.d3'), [quarantine])
    assert.deepEqual(sandbox.state.groups.get(quarantine)?.attachedPolicies, [
      'arn:aws:iam::aws:policy/AWSDenyAll',
    ])
  })

  test('whoever was locked long ago is denied by the boundary when the quarantine is gone, before a group is left', async () => {
    const { hire, tell, until, sandbox, api } = await running()
    await hire('D4')
    await until('D4', 'awaiting_mfa')
    await tell('employee.terminated', 'D4')
    await until('D4', 'locked')
    const denyAll = 'arn:aws:iam::aws:policy/AWSDenyAll'
    call(sandbox, 'UpdateGroup', { GroupName: quarantine, NewGroupName: 'renamed' })
    sandbox.calls.clear()
    await api('POST', '/v1/employees/D4/reconcile')
    const writes = await eventually(() => {
      const made = sandbox.calls.entries.filter(
        ({ params, readOnly }) => params.UserName === 'ada.d4' && !readOnly,
      )
      return made.length >= 3 && made
    })
    assert.deepEqual(
      writes
        .slice(0, 3)
        .map(({ action, params }) => [action, params.PermissionsBoundary ?? params.GroupName]),
      [
        ['AddUserToGroup', quarantine],
        ['PutUserPermissionsBoundary', denyAll],
        ['RemoveUserFromGroup', 'renamed'],
      ],
    )
    await eventually(() => sandbox.state.groups.has(quarantine))
  })
})
