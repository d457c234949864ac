/** Every door to a password or a key without MFA, tried. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Sandbox } from '../../src/sandbox/index.ts'
import { rowsOf } from '../../src/store/open.ts'
import {
  call,
  forEachEngine,
  giveCredentials,
  type RunningService,
  withMovedClock,
} from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { ownerOf, type PageSeen } from './link-owner.ts'

forEachEngine((name, open) => {
  const { clock, move, running } = withMovedClock(open)

  async function joiner(employeeId: string, data: Readonly<Record<string, unknown>> = {}) {
    const it = await running()
    await it.hire(employeeId, data)
    const { user_name } = await it.until(employeeId, 'awaiting_mfa')
    const { link } = await it.api('POST', `/v1/employees/${employeeId}/enrollments`)
    return {
      ...it,
      userName: user_name,
      link: link as string,
      me: ownerOf({ service: it.service, clock }, link),
    }
  }

  test('codes before the device was made, or of a device that is another person’s, open nothing', async () => {
    const { me, sandbox } = await joiner('D1')
    assert.equal((await me.send(['123456', '234567'])).status, 422)
    const invented = 'arn:aws:iam::123456789012:mfa/muster/ada.d1/0123456789abcdef'
    assert.equal((await me.send(['123456', '234567'], invented)).status, 409)
    const other = await joiner('D2')
    const theirs = await other.me.start()
    assert.equal((await me.send(other.me.codes(theirs.seed), theirs.device)).status, 409)
    await me.start()
    assert.equal((await me.send(other.me.codes(theirs.seed), theirs.device)).status, 409)
    assertMfaBeforeCredentials(sandbox)
    assert.equal(sandbox.state.users.get('ada.d1')?.loginProfile, undefined)
  })

  test('the same codes sent many times at once give one password', async () => {
    const { me, sandbox, userName, until } = await joiner('D3')
    const { seed, device } = await me.start()
    const codes = me.codes(seed)
    const pages = await Promise.all(Array.from({ length: 8 }, () => me.send(codes, device)))
    assert.equal(pages.filter(({ password }) => password !== undefined).length, 1)
    const made = sandbox.calls.of('CreateLoginProfile').filter(({ params }) => params.UserName === userName)
    assert.equal(made.length, 1)
    const replayed = await me.send(codes, device)
    assert.equal(replayed.status, 404)
    assertMfaBeforeCredentials(sandbox)
    await until('D3', 'active')
  })

  test('two tabs at once: one device stays, and the other tab is told', async () => {
    const { me, sandbox } = await joiner('D4')
    const tabs = await Promise.all([me.start(), me.start()])
    const shown = tabs.filter(({ seed }) => seed !== undefined)
    assert.ok(shown.length >= 1)
    const sent: PageSeen[] = []
    for (const { seed, device } of shown) sent.push(await me.send(me.codes(seed), device))
    assert.equal(sent.filter(({ password }) => password !== undefined).length, 1)
    assert.equal(sandbox.state.users.get('ada.d4')?.mfaDevices.length, 1)
    assertMfaBeforeCredentials(sandbox)
  })

  test('a link for an access key is no way around: no device, no key; and no key for a role without', async () => {
    const { api, service, sandbox } = await joiner('D5', { role: 'site-reliability-engineer' })
    const { link } = await api('POST', '/v1/employees/D5/access-keys')
    const me = ownerOf({ service, clock }, link)
    assert.equal((await me.start()).status, 409)
    assert.equal((await me.send(['123456', '234567'])).status, 422)
    assert.deepEqual(sandbox.state.users.get('ada.d5')?.accessKeys, [])
    await joiner('D6')
    assert.equal((await api('POST', '/v1/employees/D6/access-keys')).status, 409)
  })

  test('a link for a key gives no password, and the move to a role without keys closes it', async () => {
    const { api, service, sandbox, me, until, tell } = await joiner('D7', {
      role: 'site-reliability-engineer',
    })
    const scan = await me.start()
    await me.send(me.codes(scan.seed), scan.device)
    await until('D7', 'active')
    const { link } = await api('POST', '/v1/employees/D7/access-keys')
    const forKey = ownerOf({ service, clock }, link)
    const page = await forKey.send(forKey.codes(scan.seed, 2))
    assert.ok(page.key)
    assert.equal(page.password, undefined)
    assert.equal((await forKey.send(forKey.codes(scan.seed, 4))).status, 404)

    const late = ownerOf({ service, clock }, (await api('POST', '/v1/employees/D7/access-keys')).link)
    await tell('employee.role_changed', 'D7', { role: 'finance' })
    await eventually(async () => (await api('GET', '/v1/employees/D7')).role === 'finance')
    await until('D7', 'active')
    assert.equal((await late.send(late.codes(scan.seed, 4))).key, undefined)
    assert.deepEqual(
      sandbox.state.users.get('ada.d7')?.accessKeys.map(({ status }) => status),
      ['Inactive'],
    )
  })

  test('who is locked while enrolling ends without password and without page', async () => {
    const { me, sandbox, tell, until } = await joiner('D8')
    const { seed, device } = await me.start()
    sandbox.faults.add({ action: 'CreateLoginProfile', outcome: { delayMs: 1500 } })
    const sending = me.send(me.codes(seed), device)
    await eventually(() => sandbox.state.users.get('ada.d8')?.mfaDevices.length === 1)
    await tell('employee.terminated', 'D8')
    const page = await sending
    assert.equal(page.password, undefined)
    assert.equal(page.status, 404)
    await until('D8', 'locked')
    await eventually(() => sandbox.state.users.get('ada.d8')?.loginProfile === undefined)
  })

  test('a revocation while AWS is asked takes the password back', async () => {
    const { me, sandbox, api } = await joiner('D9')
    const { seed, device } = await me.start()
    sandbox.faults.add({ action: 'CreateLoginProfile', outcome: { delayMs: 1000 } })
    const sending = me.send(me.codes(seed), device)
    await eventually(() => sandbox.state.users.get('ada.d9')?.mfaDevices.length === 1)
    await api('DELETE', '/v1/employees/D9/enrollments')
    const page = await sending
    assert.equal(page.password, undefined)
    assert.equal(sandbox.state.users.get('ada.d9')?.loginProfile, undefined)
  })

  test('a link that is revoked while the device is being enabled leaves no device behind', async () => {
    const { me, sandbox, api, until, service } = await joiner('D10')
    const { seed, device } = await me.start()
    sandbox.faults.add({ action: 'EnableMFADevice', outcome: { delayMs: 400 } })
    const sending = me.send(me.codes(seed), device)
    await eventually(async () => isLeased(await running(), 'D10'))
    await api('DELETE', '/v1/employees/D10/enrollments')
    const page = await sending
    assert.equal(page.password, undefined)
    await eventually(() => sandbox.state.users.get('ada.d10')?.mfaDevices.length === 0)
    await until('D10', 'awaiting_mfa')
    const { link } = await api('POST', '/v1/employees/D10/enrollments')
    const owner = ownerOf({ service, clock }, link)
    const scan = await owner.start()
    assert.ok((await owner.send(owner.codes(scan.seed), scan.device)).password)
  })

  test('a device that is taken away right after it was enabled is missed as soon as reads are to be believed', async () => {
    const { me, sandbox, api, userName, until } = await joiner('D11')
    const { seed, device } = await me.start()
    await me.send(me.codes(seed), device)
    await until('D11', 'active')
    call(sandbox, 'DeactivateMFADevice', { UserName: userName, SerialNumber: device })
    await api('POST', '/v1/employees/D11/reconcile')
    await until('D11', 'active')
    move(5 * 60_000 + 1000)
    await eventually(() => sandbox.state.users.get(userName)?.loginProfile === undefined, {
      what: 'the password going',
    })
    await until('D11', 'awaiting_mfa')
  })

  test('the deadline of an adopted user ends with their enrollment', async () => {
    const { hire, until, api, sandbox, service } = await running()
    call(sandbox, 'CreateUser', { UserName: 'ada.d12' })
    await hire('D12')
    await until('D12', 'conflict')
    const mfaDeadline = new Date(clock().getTime() + 40 * 86_400_000).toISOString()
    await api('POST', '/v1/employees/D12/conflict', { resolution: 'adopt', mfaDeadline })
    await until('D12', 'awaiting_mfa')
    const me = ownerOf({ service, clock }, (await api('POST', '/v1/employees/D12/enrollments')).link)
    const { seed, device } = await me.start()
    assert.ok((await me.send(me.codes(seed), device)).password)
    await until('D12', 'active')
    call(sandbox, 'DeactivateMFADevice', { UserName: 'ada.d12', SerialNumber: device })
    move(11 * 60_000)
    await api('POST', '/v1/employees/D12/reconcile')
    await eventually(() => sandbox.state.users.get('ada.d12')?.loginProfile === undefined)
  })

  test('after the address of an open link changed, no link goes out until an administrator sends one', async () => {
    const { api, tell, until } = await joiner('D13')
    const links = async () => (await api('GET', '/v1/employees/D13/enrollments')).items
    await tell('employee.updated', 'D13', { email: 'thief@example.com' })
    await eventually(async () => (await links())[0].status === 'revoked')
    const before = (await links()).length
    await tell('employee.suspended', 'D13')
    await until('D13', 'locked')
    await tell('employee.resumed', 'D13')
    await until('D13', 'awaiting_mfa')
    await joiner('D14')
    assert.equal((await links()).length, before)
    assert.ok((await api('POST', '/v1/employees/D13/enrollments')).link)
  })

  test('a ticket of another length, or for a link that never was, is answered as any other', async () => {
    const { me, api, service } = await joiner('D15')
    await api('DELETE', '/v1/employees/D15/enrollments')
    const stranger = ownerOf({ service, clock }, `http://muster.test/enroll/${'A'.repeat(64)}`)
    const ticket = `x.${'é'.repeat(43)}`
    const answers = [
      await me.resync(['123456', '234567'], ticket),
      await stranger.resync(['123456', '234567'], ticket),
    ]
    assert.deepEqual(answers[0], answers[1])
    assert.equal(answers[0]?.status, 404)
  })

  const enrollmentCalls = [
    'ListMFADevices',
    'CreateVirtualMFADevice',
    'EnableMFADevice',
    'CreateLoginProfile',
  ]

  test('an answer lost before or after any call: nothing is granted without MFA, and the owner gets through', async () => {
    let number = 20
    for (const action of enrollmentCalls) {
      for (const lost of ['before', 'after'] as const) {
        number += 1
        const { me, sandbox, userName } = await joiner(`D${number}`)
        const ofUser = ({ UserName, Path }: Readonly<Record<string, unknown>>) =>
          UserName === userName || Path === `/muster/${userName}/`
        sandbox.faults.add({ action, params: ofUser, outcome: { lost } })
        let page = await me.start()
        if (page.seed === undefined) page = await me.start()
        const { seed, device } = page
        let done = await me.send(me.codes(seed), device)
        if (done.status === 503) {
          const again = await me.start()
          done = again.seed
            ? await me.send(me.codes(again.seed), again.device)
            : await me.send(me.codes(seed, 2), again.device)
        }
        assert.ok(done.password, `${action} lost ${lost}: ${done.text}`)
        assert.equal(sandbox.state.users.get(userName)?.mfaDevices.length, 1)
        assertMfaBeforeCredentials(sandbox)
      }
    }
  })

  if (name === 'postgres') {
    test('a process that hangs before any call: another finishes, and what wakes up later grants nothing', async () => {
      let number = 40
      const first = await running()
      const second = await open({
        clock,
        account: first.sandbox,
        settings: { MUSTER_DATABASE_URL: first.config.databaseUrl ?? '' },
      })
      for (const action of enrollmentCalls) {
        number += 1
        const { me, sandbox, userName, link, until } = await joiner(`D${number}`)
        const mine = ({ UserName, Path }: Readonly<Record<string, unknown>>) =>
          UserName === userName || Path === `/muster/${userName}/`
        const isLater = action === 'EnableMFADevice' || action === 'CreateLoginProfile'
        const shown = isLater ? await me.start() : undefined
        sandbox.faults.add({ action, params: mine, outcome: { delayMs: 2000 } })
        const hanging = shown ? me.send(me.codes(shown.seed), shown.device) : me.start()
        await eventually(() => isLeased(first, `D${number}`), { what: 'the lease of the first' })
        assert.equal((await other().start()).status, 409)
        move(61_000)
        const page = await other().start()
        const done = page.seed
          ? await other().send(other().codes(page.seed), page.device)
          : await other().send(other().codes(shown?.seed, 2), page.device)
        const zombie = await hanging
        const passwords = [done.password, zombie.password].filter((password) => password !== undefined)
        assert.ok(passwords.length <= 1, action)
        assertMfaBeforeCredentials(sandbox)
        await until(
          `D${number}`,
          passwords.length === 1 || sandbox.state.users.get(userName)?.mfaDevices.length
            ? 'active'
            : 'awaiting_mfa',
        )

        function other() {
          return ownerOf({ service: second.service, clock }, link)
        }
      }
    })
  }

  test('a password or a key that is made by hand for somebody without MFA is taken away', async () => {
    const { sandbox, api, userName, until } = await joiner('D60')
    giveCredentials(sandbox, userName)
    await api('POST', '/v1/employees/D60/reconcile')
    await eventually(() => sandbox.state.users.get(userName)?.loginProfile === undefined)
    await until('D60', 'awaiting_mfa')
    assert.ok(sandbox.state.users.get(userName)?.accessKeys.every(({ status }) => status === 'Inactive'))
  })
})

/** In the order of the calls that AWS took: whoever got a password or a key by Muster had a device. */
function assertMfaBeforeCredentials({ calls }: Sandbox): void {
  const devices = new Map<unknown, number>()
  for (const { action, params, status, lost, caller } of calls.entries) {
    const isDone = status === 200 || lost === 'after'
    if (!isDone || caller.type !== 'AssumedRole') continue
    const count = devices.get(params.UserName) ?? 0
    if (action === 'EnableMFADevice') devices.set(params.UserName, count + 1)
    if (action === 'DeactivateMFADevice') devices.set(params.UserName, count - 1)
    if (action === 'CreateLoginProfile' || action === 'CreateAccessKey') {
      assert.ok(count > 0, `${action} for ${params.UserName} without an active device`)
    }
  }
}

async function isLeased({ service }: RunningService, employeeId: string): Promise<boolean> {
  const rows = await rowsOf(
    service.store.db,
    sql`select 1 from enrollments where employee_id = ${employeeId} and leased_until is not null`,
  )
  return rows.length > 0
}
