import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { call, forEachEngine, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { tinyControls } from './tiny-controls.ts'

const minuteMs = 60_000
const readOnlyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'

forEachEngine((_name, open) => {
  let aheadMs = 0
  const clock = () => new Date(Date.now() + aheadMs)
  let opened: Promise<RunningService> | undefined
  const running = () => {
    opened ??= open({ clock, controls: tinyControls })
    return opened
  }

  async function scan() {
    const it = await running()
    const { id } = await it.api('POST', '/v1/compliance/scans')
    return await eventually(async () => {
      const scan = await it.api('GET', `/v1/compliance/scans/${id}`)
      return scan.finishedAt !== null && scan
    })
  }

  async function report() {
    const it = await running()
    const { status, evaluatedAt, accounts } = await it.api('GET', '/v1/compliance')
    const [account] = accounts
    // biome-ignore lint/suspicious/noExplicitAny: held against the description
    const controls = account.practices.flatMap((practice: any) => practice.controls)
    return {
      status,
      evaluatedAt,
      account,
      practice: (id: string) => account.practices.find((practice: { id: string }) => practice.id === id),
      control: (id: string) => controls.find((control: { id: string }) => control.id === id),
    }
  }

  test('a service that has just begun has scanned its account, practice by practice', async () => {
    const { account, practice, control, evaluatedAt, status } = await report()
    assert.equal(account.accountId, '123456789012')
    assert.ok(Date.parse(evaluatedAt) > 0)
    assert.deepEqual(
      account.practices.map(({ id, status }: { id: string; status: string }) => [id, status]),
      [
        ['root-account', 'compliant'],
        ['cloudtrail', 'unknown'],
        ['groups', 'compliant'],
        ['least-privilege', 'unknown'],
        ['password-policy', 'unknown'],
        ['credential-rotation', 'unknown'],
        ['mfa', 'compliant'],
      ],
    )
    // Practices without any control have not been looked at.
    assert.equal(status, 'unknown')
    assert.deepEqual(control('test-root-keys').refs, { cis: ['2.4'], fsbp: ['IAM.4'] })
    assert.deepEqual(practice('groups').controls.length, 1)
    assert.equal(account.trailGate.mode, 'enforce')
  })

  test('a scan that is asked for begins at once, and its report shows what it found', async () => {
    const { sandbox, api } = await running()
    call(sandbox, 'CreateUser', { UserName: 'by-hand' })
    call(sandbox, 'AttachUserPolicy', { UserName: 'by-hand', PolicyArn: readOnlyArn })
    const done = await scan()
    assert.equal(done.status, 'done')
    assert.equal(done.requestedBy, 'admin')
    assert.ok(done.calls > 0 && done.progress.users === 1)
    const { status, practice, control } = await report()
    assert.equal(status, 'non_compliant')
    assert.equal(practice('groups').status, 'non_compliant')
    const { findings, findingCount, status: verdict } = control('test-attached-policies')
    assert.equal(verdict, 'fail')
    assert.equal(findingCount, 1)
    assert.equal(findings[0].resource, 'arn:aws:iam::123456789012:user/by-hand')
    assert.equal(findings[0].exception, null)
    const { items } = await api('GET', '/v1/compliance/findings?control=test-attached-policies')
    assert.deepEqual(items[0].evidence, { attachedPolicyArns: [readOnlyArn] })
    const scans = await api('GET', '/v1/compliance/scans')
    assert.equal(scans.items[0].id, done.id)
    const audit = await api('GET', '/v1/audit?action=compliance.scan_requested')
    assert.equal(audit.items[0].details.scanId, done.id)
  })

  test('who asks while a scan waits gets that one', async () => {
    const { api } = await running()
    const scans = await Promise.all([1, 2, 3].map(() => api('POST', '/v1/compliance/scans')))
    assert.equal(new Set(scans.map(({ id }) => id)).size, 1)
    await eventually(async () => (await api('GET', `/v1/compliance/scans/${scans[0].id}`)).status === 'done')
  })

  test('a finding keeps the moment at which it was first seen, and is gone when it is mended', async () => {
    const { sandbox, api } = await running()
    const found = async () => (await api('GET', '/v1/compliance/findings?practice=groups')).items
    const [before] = await found()
    aheadMs += minuteMs
    await scan()
    const [again] = await found()
    assert.equal(again.firstSeenAt, before.firstSeenAt)
    assert.ok(again.lastSeenAt > before.lastSeenAt)
    call(sandbox, 'DetachUserPolicy', { UserName: 'by-hand', PolicyArn: readOnlyArn })
    await scan()
    assert.deepEqual(await found(), [])
    assert.equal((await report()).practice('groups').status, 'compliant')
  })

  test('what AWS denies is unknown with the permission that is missing, and what was found there is not forgotten', async (t) => {
    const { sandbox, api } = await running()
    call(sandbox, 'AttachUserPolicy', { UserName: 'by-hand', PolicyArn: readOnlyArn })
    await scan()
    const deny = (action: string) =>
      sandbox.faults.add({ action, times: Number.POSITIVE_INFINITY, outcome: { code: 'AccessDenied' } })
    const lift = [deny('GetAccountAuthorizationDetails'), deny('ListVirtualMFADevices')]
    t.after(() => sandbox.faults.clear())
    assert.equal((await scan()).status, 'done')
    const { practice, control } = await report()
    assert.equal(practice('groups').status, 'unknown')
    assert.equal(practice('root-account').status, 'compliant')
    assert.deepEqual(control('test-attached-policies').missingPermissions, [
      'iam:GetAccountAuthorizationDetails',
    ])
    assert.match(control('test-attached-policies').reason, /may not call iam:GetAccountAuthorizationDetails/)
    assert.deepEqual(control('test-devices').missingPermissions, ['iam:ListVirtualMFADevices'])
    const { items } = await api('GET', '/v1/compliance/findings?practice=groups')
    assert.equal(items.length, 1)
    for (const one of lift) one()
    await scan()
    assert.equal((await report()).practice('groups').status, 'non_compliant')
  })

  test('an exception is seen, does not make its control fail, and ends by itself or by somebody’s word', async () => {
    const { api } = await running()
    const { findings } = (await report()).control('test-attached-policies')
    const allow = (resource: string, endsInMs: number) =>
      api('POST', '/v1/compliance/exceptions', {
        control: 'test-attached-policies',
        resource,
        reason: 'until the migration',
        endsAt: new Date(clock().getTime() + endsInMs).toISOString(),
      })
    const exception = await allow(findings[0].resource, 10 * minuteMs)
    assert.equal(exception.allowedBy, 'admin')
    assert.equal((await allow(findings[0].resource, minuteMs)).status, 409)
    const during = await report()
    const control = during.control('test-attached-policies')
    assert.equal(control.status, 'pass')
    assert.equal(control.exceptedCount, 1)
    assert.equal(control.findings[0].exception.reason, 'until the migration')
    assert.equal(during.practice('groups').status, 'compliant')
    assert.equal(during.account.exceptions[0].isUsed, true)
    const excepted = await api('GET', '/v1/compliance/findings?excepted=true')
    assert.equal(excepted.items[0].exception.id, exception.id)
    assert.deepEqual((await api('GET', '/v1/compliance/findings?excepted=false')).items, [])

    aheadMs += 11 * minuteMs
    assert.equal((await report()).practice('groups').status, 'non_compliant')
    assert.deepEqual((await api('GET', '/v1/compliance/exceptions?standing=true')).items, [])

    const all = await allow('*', minuteMs)
    assert.equal((await report()).control('test-attached-policies').status, 'pass')
    const revoked = await api('DELETE', `/v1/compliance/exceptions/${all.id}`)
    assert.deepEqual([revoked.standing, revoked.revokedBy], [false, 'admin'])
    assert.equal((await report()).control('test-attached-policies').status, 'fail')
    const told = (await api('GET', '/v1/audit')).items.map(({ action }: { action: string }) => action)
    assert.ok(told.includes('compliance.exception_allowed') && told.includes('compliance.exception_revoked'))
  })

  test('history has a row for what changed, and one a day for what did not', async () => {
    const { api, sandbox } = await running()
    const rows = async (practice: string, query = '') =>
      (await api('GET', `/v1/compliance/history?practice=${practice}${query}`)).items
    await scan()
    const before = (await rows('groups')).length
    await scan()
    assert.equal((await rows('groups')).length, before)
    call(sandbox, 'DetachUserPolicy', { UserName: 'by-hand', PolicyArn: readOnlyArn })
    await scan()
    const [latest, previous] = await rows('groups')
    assert.deepEqual([latest.status, latest.passed, latest.findings], ['compliant', 1, 0])
    assert.deepEqual([previous.status, previous.failed, previous.findings], ['non_compliant', 1, 1])
    const dayBefore = clock().toISOString().slice(0, 10)
    aheadMs += 24 * 60 * minuteMs
    await scan()
    const [today, yesterday] = await rows('mfa')
    assert.deepEqual({ ...today, at: '' }, { ...yesterday, at: '' })
    assert.equal((await rows('mfa', `&to=${dayBefore}`))[0].at, yesterday.at)
    assert.deepEqual(await rows('mfa', '&from=2099-01-01'), [])
  })

  test('a report that is too old says nothing about now', async () => {
    const { service, api } = await running()
    // Somebody else holds the sweep, and does not get on.
    const { db } = service.store
    await scan()
    for (let minute = 0; minute < 31; minute++) {
      const until = new Date(clock().getTime() + 3 * minuteMs).toISOString()
      await db.execute(sql`update leases set leased_until = ${until}::timestamptz where name = 'sweep'`)
      aheadMs += minuteMs
    }
    const { status, account, practice, control } = await report()
    assert.equal(status, 'unknown')
    assert.match(account.reason, /^the last scan is 31 minutes old$/)
    assert.ok(account.ageSeconds >= 31 * 60)
    assert.equal(practice('root-account').status, 'unknown')
    assert.equal(control('test-root-keys').reason, account.reason)
    const metrics = await service.app.inject({ url: '/metrics' })
    assert.match(
      metrics.body,
      /muster_control_status\{account="123456789012",control="test-root-keys",practice="root-account"\} -1/,
    )
    await db.execute(sql`update leases set leased_until = null where name = 'sweep'`)
    await eventually(async () => (await api('GET', '/v1/compliance')).accounts[0].reason === null)
  })

  test('a user who was changed by hand is found by the sweep alone, and set right by the ordinary plan', async () => {
    const { hire, until, sandbox, groupsOf, api } = await running()
    await hire('S1')
    const { user_name: userName } = await until('S1', 'awaiting_mfa')
    const rightful = groupsOf(userName)
    aheadMs += 6 * minuteMs
    await scan()
    await until('S1', 'awaiting_mfa')
    call(sandbox, 'CreateGroup', { GroupName: 'admins' })
    call(sandbox, 'AddUserToGroup', { UserName: userName, GroupName: 'admins' })
    call(sandbox, 'AttachUserPolicy', { UserName: userName, PolicyArn: readOnlyArn })
    call(sandbox, 'UntagUser', { UserName: userName, TagKeys: ['muster:managed'] })
    await scan()
    await eventually(() => JSON.stringify(groupsOf(userName)) === JSON.stringify(rightful))
    const policies = () => sandbox.state.users.get(userName.toLowerCase())?.attachedPolicies
    await eventually(() => policies()?.length === 0, { what: 'the policy going' })
    await until('S1', 'awaiting_mfa')
    await eventually(
      async () => (await api('GET', '/v1/operations?employeeId=S1')).items[0].cause === 'sweep',
      { what: 'the repair on record' },
    )
    const lookups = sandbox.calls.of('GetUser').length
    aheadMs += 6 * minuteMs
    await scan()
    assert.equal(sandbox.calls.of('GetUser').length, lookups, 'nobody is looked at without a reason')
  })
})
