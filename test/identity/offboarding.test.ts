/** The evidence of a departure, as an auditor asks for it: from real runs, on a real database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { rowsOf } from '../../src/store/open.ts'
import { trailSightings } from '../../src/store/schema.ts'
import {
  call,
  forEachEngine,
  giveCredentials,
  type RunningService,
  sharedBySuite,
} from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { certificatePem, sshPublicKey } from '../sandbox/samples.ts'

type Found = { what: string; status: string; count: number }
type Action = { what: string; id: string | null; effect: string; outcome: string; requestId: string | null }

const found = (account: { found: Found[] }) =>
  Object.fromEntries(account.found.map(({ what, status, count }) => [what, [status, count]]))

/** What the trail is found to have may be more with every look. */
const withoutTrail = (list: readonly object[]) => list.map((each) => ({ ...each, trail: null }))

/** Everything that a person can have. */
function giveEverything({ sandbox }: RunningService, UserName: string) {
  giveCredentials(sandbox, UserName)
  call(sandbox, 'UploadSSHPublicKey', { UserName, SSHPublicKeyBody: sshPublicKey })
  call(sandbox, 'UploadSigningCertificate', { UserName, CertificateBody: certificatePem })
  call(sandbox, 'CreateVirtualMFADevice', { VirtualMFADeviceName: UserName, Path: '/muster/' })
  const serialNumber = `arn:aws:iam::${sandbox.accountId}:mfa/muster/${UserName}`
  const [device, user] = [
    sandbox.state.virtualMfaDevices.get(serialNumber),
    sandbox.state.users.get(UserName),
  ]
  assert.ok(device && user)
  device.userKey = UserName
  device.enableDate = user.createDate
  user.mfaDevices = [{ serialNumber, enableDate: user.createDate }]
}

forEachEngine((_name, open) => {
  const running = sharedBySuite(open)

  test('everything that a leaver had is listed, with the call that took it and who asked for it', async () => {
    const muster = await running()
    const { hire, tell, until, api, sandbox } = muster
    await hire('O1')
    const { user_name: userName } = await until('O1', 'awaiting_mfa')
    giveEverything(muster, userName)
    const deliveryId = await tell('employee.terminated', 'O1')
    await until('O1', 'locked')

    const evidence = await api('GET', '/v1/employees/O1/offboarding')
    assert.equal(evidence.complete, true)
    assert.equal(evidence.status, 'terminated')
    assert.equal(evidence.departure.cause, `hr delivery ${deliveryId}`)
    assert.equal(evidence.departure.delivery.id, deliveryId)
    assert.equal(evidence.departure.dueAt, evidence.departure.delivery.receivedAt)
    assert.deepEqual(
      evidence.departure.said.map((said: { kind: string; deliveryId: string }) => [
        said.kind,
        said.deliveryId,
      ]),
      [['employee.terminated', deliveryId]],
    )
    const [account] = evidence.accounts
    assert.equal(account.state, 'locked')
    assert.equal(account.firstDeny.by, 'quarantine')
    assert.ok(account.firstDeny.seconds < 60)
    assert.deepEqual(found(account), {
      'login-profile': ['removed', 1],
      'access-key': ['removed', 1],
      'ssh-key': ['removed', 1],
      certificate: ['removed', 1],
      'service-credential': ['removed', 1],
      'mfa-device': ['not_recorded', 0],
      group: ['removed', 3],
      'attached-policy': ['removed', 1],
      'inline-policy': ['removed', 1],
    })
    // Each request id is that of a call that AWS was sent.
    const called = new Set(sandbox.calls.entries.map(({ requestId }) => requestId))
    for (const { requestId } of account.actions as Action[]) assert.ok(called.has(requestId ?? ''))
    assert.ok(evidence.limits.length >= 3)
  })

  test('a call is waited for until a log file has it, and then the file is named', async () => {
    const { hire, tell, until, api, service, sandbox } = await running()
    await hire('O2')
    await until('O2', 'awaiting_mfa')
    await tell('employee.terminated', 'O2')
    await until('O2', 'locked')
    const read = async () => (await api('GET', '/v1/employees/O2/offboarding')).accounts[0].firstDeny
    const before = await eventually(async () => {
      const deny = await read()
      return deny.trail.status === 'waiting' && deny
    })

    const { accountId } = sandbox
    const now = new Date()
    const { db } = service.store
    await db.insert(trailSightings).values({
      accountId,
      requestId: before.requestId,
      eventId: 'the-event',
      eventName: 'AddUserToGroup',
      eventAt: now,
      bucket: 'the-bucket',
      key: 'AWSLogs/file.json.gz',
      seenAt: now,
    })
    const evidence = await api('GET', '/v1/employees/O2/offboarding')
    assert.deepEqual(evidence.accounts[0].firstDeny.trail, {
      status: 'found',
      bucket: 'the-bucket',
      key: 'AWSLogs/file.json.gz',
      eventId: 'the-event',
      eventName: 'AddUserToGroup',
      eventAt: now.toISOString(),
      seenAt: now.toISOString(),
    })
    assert.equal(evidence.trail.found, 1)
  })

  test('what a former trail had says nothing of a call, once the log files cannot be searched', async () => {
    const { hire, tell, until, api, service, sandbox } = await open()
    await hire('O9')
    await until('O9', 'awaiting_mfa')
    await tell('employee.terminated', 'O9')
    await until('O9', 'locked')
    const trail = async () => (await api('GET', '/v1/employees/O9/offboarding')).accounts[0].firstDeny.trail
    await eventually(async () => (await trail()).status === 'waiting')
    const { db } = service.store
    await db.execute(sql`
      insert into trail_logs (account_id, trail_arn, facts, looked_at)
      select account_id, 'arn:aws:cloudtrail:us-east-1:123456789012:trail/former', facts, looked_at - interval '1 day'
      from trail_logs where account_id = ${sandbox.accountId}`)
    await db.execute(sql`
      update trail_logs set facts = facts || '{"status": "unknown", "reason": "No permission"}'
      where trail_arn not like '%/former'`)
    assert.deepEqual(await trail(), { status: 'unknown', reason: 'No permission' })
  })

  test('of somebody who was hired again in between, only the last departure counts', async () => {
    const { hire, tell, until, api } = await running()
    await hire('O3')
    await until('O3', 'awaiting_mfa')
    await tell('employee.terminated', 'O3')
    await until('O3', 'locked')
    const first = await api('GET', '/v1/employees/O3/offboarding')
    assert.equal(first.status, 'terminated')
    await hire('O3')
    await until('O3', 'awaiting_mfa')
    const deliveryId = await tell('employee.terminated', 'O3')
    await until('O3', 'locked')
    const last = await api('GET', '/v1/employees/O3/offboarding')
    assert.equal(last.departure.cause, `hr delivery ${deliveryId}`)
    assert.equal(last.departure.said.length, 1)
    // A first call that was noted on its own is in no operation; every call has a request id of its own.
    const calls = (evidence: typeof first) =>
      new Set(evidence.accounts[0].actions.map(({ requestId }: { requestId: string }) => requestId))
    assert.ok(calls(last).size > 0 && !calls(last).has(null))
    assert.ok(calls(last).isDisjointFrom(calls(first)))
  })

  test('who was hired again has the evidence of the departure still, and it ends with the return', async () => {
    const { hire, tell, until, api } = await running()
    const read = () => api('GET', '/v1/employees/O10/offboarding')
    await hire('O10')
    await until('O10', 'awaiting_mfa')
    await tell('employee.terminated', 'O10')
    await until('O10', 'locked')
    const out = await read()
    assert.equal(out.departure.returnedAt, null)
    await hire('O10')
    await until('O10', 'awaiting_mfa')

    const back = await read()
    assert.equal(back.status, 'active')
    assert.ok(back.departure.returnedAt > out.accounts[0].firstDeny.acceptedAt)
    assert.deepEqual(back.departure, { ...out.departure, returnedAt: back.departure.returnedAt })
    const [account] = back.accounts
    assert.equal(account.state, 'locked')
    assert.ok(account.lockedAt)
    assert.equal(account.nextLookAt, null)
    // The quarantine that was left at the return is none of it.
    assert.deepEqual(withoutTrail(account.actions), withoutTrail(out.accounts[0].actions))
    assert.deepEqual(withoutTrail([account.firstDeny]), withoutTrail([out.accounts[0].firstDeny]))
    assert.deepEqual(account.found, out.accounts[0].found)
    assert.deepEqual([back.complete, account.complete, account.open], [true, true, []])
  })

  test('a hold that was lifted, and a leave that is over, are departures still', async () => {
    const { hire, tell, until, api } = await running()
    const read = () => api('GET', '/v1/employees/O11/offboarding')
    await hire('O11')
    await until('O11', 'awaiting_mfa')
    await api('POST', '/v1/employees/O11/hold', { reason: 'a laptop was stolen' })
    await until('O11', 'locked')
    await api('DELETE', '/v1/employees/O11/hold')
    await until('O11', 'awaiting_mfa')
    const lifted = await read()
    assert.deepEqual([lifted.status, lifted.hold, lifted.complete], ['active', null, true])
    assert.ok(lifted.departure.returnedAt)
    await tell('employee.suspended', 'O11')
    await until('O11', 'locked')
    const away = await read()
    assert.equal(away.departure.returnedAt, null)
    assert.ok(away.departure.beganAt > lifted.departure.returnedAt)
    await tell('employee.resumed', 'O11')
    await until('O11', 'awaiting_mfa')
    const resumed = await read()
    assert.deepEqual([resumed.status, resumed.complete], ['active', true])
    assert.equal(resumed.departure.beganAt, away.departure.beganAt)
    assert.deepEqual(resumed.departure.said, away.departure.said)
  })

  test('of a lock that had not come to its end when the person returned, nothing is said to be complete', async () => {
    const { hire, tell, until, api, identity, sandbox } = await running()
    await hire('O12')
    await until('O12', 'awaiting_mfa')
    const mend = sandbox.faults.add({
      action: 'ListServiceSpecificCredentials',
      times: Number.POSITIVE_INFINITY,
      outcome: { code: 'InternalFailure', status: 500 },
    })
    await tell('employee.terminated', 'O12')
    await eventually(async () => (await identity('O12')).reason?.includes('ListServiceSpecificCredentials'))
    await hire('O12')
    await until('O12', 'awaiting_mfa')
    mend()
    const { complete, accounts } = await api('GET', '/v1/employees/O12/offboarding')
    const [account] = accounts
    assert.equal(complete, false)
    assert.equal(account.state, 'locked')
    assert.ok(account.firstDeny.requestId)
    assert.match(account.open[0].reason, /^when the person returned, .* ListServiceSpecificCredentials/)
    assert.ok(account.found.every(({ status }: Found) => status === 'open' || status === 'not_recorded'))
  })

  test('somebody at work whose start was put off had their access taken away', async () => {
    const { tell, until, api } = await running()
    const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000)
    const hired = (startAt: Date, saidAt: Date) =>
      tell(
        'employee.hired',
        'O13',
        {
          ...{ givenName: 'Ada', familyName: 'O13', email: 'o13@example.com', role: 'backend-engineer' },
          startAt: startAt.toISOString(),
        },
        saidAt,
      )
    await hired(inMinutes(-1), inMinutes(-10))
    await until('O13', 'awaiting_mfa')
    // Said before that start, and heard of late.
    await hired(inMinutes(30 * 24 * 60), inMinutes(-5))
    await until('O13', 'locked')
    const { status, complete, accounts } = await api('GET', '/v1/employees/O13/offboarding')
    assert.deepEqual([status, complete], ['scheduled', true])
    assert.ok(accounts[0].firstDeny.requestId)
  })

  test('a leave that ends in a termination is one departure, and a hold is one, too', async () => {
    const { hire, tell, until, api } = await running()
    await hire('O4')
    await until('O4', 'awaiting_mfa')
    await api('POST', '/v1/employees/O4/hold', { reason: 'a laptop was stolen' })
    await until('O4', 'locked')
    const held = await api('GET', '/v1/employees/O4/offboarding')
    assert.equal(held.hold.reason, 'a laptop was stolen')
    assert.equal(held.departure.delivery, null)
    await tell('employee.terminated', 'O4')
    await until('O4', 'locked')
    const { departure, accounts } = await api('GET', '/v1/employees/O4/offboarding')
    assert.equal(departure.beganAt, held.departure.beganAt)
    assert.equal(departure.cause, held.departure.cause)
    assert.equal(accounts[0].firstDeny.requestId, held.accounts[0].firstDeny.requestId)
  })

  test('a leaver who never started had nothing; who still works here has no such evidence', async () => {
    const { hire, tell, until, api } = await running()
    const startAt = new Date(Date.now() + 30 * 86_400_000).toISOString()
    await hire('O5', { startAt })
    await until('O5', 'pending')
    const refusal = await api('GET', '/v1/employees/O5/offboarding')
    assert.equal(refusal.type, 'urn:muster:problem:not-departed')
    assert.equal(refusal.detail, 'employee "O5" is scheduled: no departure of theirs is on record')
    await tell('employee.terminated', 'O5')
    await until('O5', 'deleted')
    const { complete, accounts } = await api('GET', '/v1/employees/O5/offboarding')
    assert.equal(complete, true)
    assert.equal(accounts[0].wasNeverMade, true)
    assert.equal(accounts[0].firstDeny, null)
    assert.ok(accounts[0].found.every(({ status }: Found) => status === 'none'))
    assert.equal(
      (await api('GET', '/v1/employees/O0/offboarding')).type,
      'urn:muster:problem:no-such-employee',
    )
  })

  test('what a crash left unrecorded is unknown, until a look confirms that it is gone', async () => {
    const { hire, tell, until, api, service } = await running()
    await hire('O6')
    await until('O6', 'awaiting_mfa')
    await tell('employee.terminated', 'O6')
    await until('O6', 'locked')
    // As a process leaves it that dies in the middle: the intent alone.
    const [operation] = await rowsOf<{ id: string; steps: { do: string; params: { GroupName?: string } }[] }>(
      service.store.db,
      sql`select id, steps from operations where employee_id = 'O6' and kind = 'lock' order by id limit 1`,
    )
    assert.ok(operation)
    const planned = operation.steps
      .filter(({ do: action }) => action === 'RemoveUserFromGroup')
      .map(({ do: action, params }) => ({ do: action, params, outcome: 'planned' }))
    await service.store.db.execute(sql`
      update operations set status = 'interrupted', steps = ${JSON.stringify(planned)}::jsonb where id = ${operation.id}`)
    const { complete, accounts } = await api('GET', '/v1/employees/O6/offboarding')
    const [account] = accounts
    assert.equal(complete, true)
    // The first call was noted by itself, as soon as it was accepted.
    assert.ok(account.firstDeny.requestId)
    assert.equal(account.firstDeny.operationId, null)
    const actions = account.actions.filter(({ what }: Action) => what === 'group')
    assert.equal(actions.length, planned.length)
    for (const action of actions) {
      assert.equal(action.outcome, 'unknown')
      assert.equal(action.trail, null)
      assert.ok(action.confirmedAt)
    }
  })

  test('after the purge everything is accounted for, devices too', async () => {
    const muster = await open({ settings: { MUSTER_RETENTION_DAYS: '0' } })
    const { hire, tell, until, api } = muster
    await hire('O7')
    const { user_name: userName } = await until('O7', 'awaiting_mfa')
    giveEverything(muster, userName)
    await tell('employee.terminated', 'O7')
    await until('O7', 'deleted')
    const { complete, accounts } = await api('GET', '/v1/employees/O7/offboarding')
    const [account] = accounts
    assert.equal(complete, true)
    assert.ok(account.deletedAt)
    const effects = (what: string) =>
      account.actions.filter((action: Action) => action.what === what).map(({ effect }: Action) => effect)
    assert.deepEqual(effects('mfa-device'), ['deactivated', 'deleted'])
    assert.deepEqual(effects('user'), ['user_deleted'])
    assert.ok(effects('access-key').includes('deleted'))
    assert.deepEqual(found(account)['mfa-device'], ['removed', 1])
    assert.ok(account.found.every(({ status }: Found) => status === 'removed'))
    await muster.close()
  })
})
