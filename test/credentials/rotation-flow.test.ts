/** Keys and passwords growing old, and what somebody does by hand: the whole service, with a clock that is moved. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { rowsOf } from '../../src/store/open.ts'
import { call, forEachEngine, withMovedClock } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { ownerOf } from './link-owner.ts'

const dayMs = 86_400_000

forEachEngine((_name, open) => {
  const { clock, move, running } = withMovedClock(open)

  /** Somebody with device, password and, where the role has them, an access key. */
  async function member(employeeId: string, role = 'site-reliability-engineer') {
    const it = await running()
    await it.hire(employeeId, { role })
    const { user_name } = await it.until(employeeId, 'awaiting_mfa')
    const user = () => it.sandbox.state.users.get(user_name)
    const enroll = async () => {
      const { link } = await it.api('POST', `/v1/employees/${employeeId}/enrollments`)
      const me = ownerOf({ service: it.service, clock }, link)
      const scan = await me.start()
      const done = await me.send(me.codes(scan.seed), scan.device)
      assert.equal(done.status, 200, done.text)
      await it.until(employeeId, 'active')
      return scan
    }
    const { seed, device } = await enroll()
    const takeKey = async () => {
      move(120_000)
      const { link } = await it.api('POST', `/v1/employees/${employeeId}/access-keys`)
      const me = ownerOf({ service: it.service, clock }, link)
      const page = await me.send(me.codes(seed))
      assert.ok(page.key, page.text)
      await it.until(employeeId, 'active')
      return page.key.id
    }
    const links = async (purpose: string): Promise<{ status: string }[]> =>
      (await it.api('GET', `/v1/employees/${employeeId}/enrollments`)).items.filter(
        (link: { purpose: string }) => link.purpose === purpose,
      )
    const identity = async () => (await it.api('GET', `/v1/employees/${employeeId}`)).identities[0]
    return { ...it, user, userName: user_name, device, seed, takeKey, links, identity, enroll }
  }

  test('a key is warned about with a link for its successor, then inactive, then deleted', async () => {
    const { user, takeKey, links, api } = await member('R1')
    const id = await takeKey()
    const key = () => user()?.accessKeys.find(({ accessKeyId }) => accessKeyId === id)
    const use = () => {
      const found = key()
      if (found)
        found.lastUsed = { date: `${clock().toISOString().slice(0, 19)}Z`, service: 's3', region: 'x' }
      const it = user()
      if (it) it.passwordLastUsed = `${clock().toISOString().slice(0, 19)}Z`
    }
    const made = Date.parse(key()?.createDate ?? '')
    const goTo = (days: number) => {
      move(made + days * dayMs - clock().getTime())
    }
    await api('DELETE', '/v1/employees/R1/enrollments')
    const before = (await links('access-key')).length
    goTo(40)
    use()
    await eventually(async () => (await api('POST', '/v1/employees/R1/reconcile')).identityIds.length === 1)
    goTo(75.001)
    use()
    await eventually(async () => (await links('access-key')).length === before + 1, { what: 'the link' })
    assert.equal(key()?.status, 'Active')
    use()
    await settled('R1')
    goTo(90.001)
    await eventually(() => key()?.status === 'Inactive', { what: 'the key being switched off' })
    await settled('R1')
    goTo(96.9)
    assert.equal(key()?.status, 'Inactive')
    goTo(97.1)
    await eventually(() => key() === undefined, { what: 'the deletion of the key' })
    assert.equal((await links('access-key')).length, before + 1)
  })

  test('an unused key becomes inactive, and an unused password goes, to be had again', async () => {
    const { user, takeKey, identity, links, until, api, service, seed } = await member('R2')
    await takeKey()
    const before = (await links('sign-in')).length
    move(45 * dayMs)
    await eventually(() => user()?.accessKeys.every(({ status }) => status === 'Inactive'), {
      what: 'the key',
    })
    await eventually(() => user()?.loginProfile === undefined, { what: 'the password' })
    await until('R2', 'active')
    const { mfaEnrolled, consoleAccess } = await identity()
    assert.deepEqual({ mfaEnrolled, consoleAccess }, { mfaEnrolled: true, consoleAccess: false })
    assert.equal((await links('sign-in')).length, before, 'nobody is asked to use what they did not use')
    const { link } = await api('POST', '/v1/employees/R2/enrollments')
    const me = ownerOf({ service, clock }, link)
    assert.ok((await me.send(me.codes(seed))).password)
    await until('R2', 'active')
    assert.ok(user()?.loginProfile)
  })

  test('a key of somebody whose role has none becomes inactive', async () => {
    const { user, takeKey, tell, until } = await member('R3')
    await takeKey()
    await tell('employee.role_changed', 'R3', { role: 'finance' })
    await eventually(() => user()?.groups.includes('billing-read'))
    await until('R3', 'active')
    assert.deepEqual(
      user()?.accessKeys.map(({ status }) => status),
      ['Inactive'],
    )
  })

  test('a device that is removed by hand is noticed: the password goes, and a new link comes', async () => {
    const { sandbox, user, userName, device, until, links, identity } = await member('R4', 'backend-engineer')
    const before = (await links('sign-in')).length
    call(sandbox, 'DeactivateMFADevice', { UserName: userName, SerialNumber: device })
    move(11 * 60_000)
    await eventually(() => user()?.loginProfile === undefined, { what: 'the password going' })
    await until('R4', 'awaiting_mfa')
    assert.equal((await identity()).mfaEnrolled, false)
    await eventually(async () => (await links('sign-in')).length === before + 1, { what: 'the new link' })
  })

  test('a password that is made by hand for somebody without MFA is noticed', async () => {
    const { hire, until, sandbox } = await running()
    await hire('R5')
    const { user_name } = await until('R5', 'awaiting_mfa')
    call(sandbox, 'CreateLoginProfile', { UserName: user_name, Password: 'Made-by-hand-0123' })
    // The report is made anew after four hours.
    move(5 * 3_600_000)
    await eventually(() => sandbox.state.users.get(user_name)?.loginProfile === undefined, {
      what: 'the password going',
    })
  })

  test('a report that is out of date takes nothing from anybody', async () => {
    const { sandbox, user, userName, until } = await member('R6', 'backend-engineer')
    await until('R6', 'active')
    // It was made before the device was, and says that there is no MFA.
    const rows = sandbox.state.credentialReport?.content.split('\n') ?? []
    const row = rows.find((each) => each.startsWith(`${userName},`))
    assert.ok(row === undefined || row.split(',')[7] === 'false', `the report says: ${row}`)
    const scans = sandbox.calls.of('ListVirtualMFADevices').length
    move(11 * 60_000)
    await eventually(() => sandbox.calls.of('ListVirtualMFADevices').length > scans)
    await until('R6', 'active')
    assert.ok(user()?.loginProfile)
  })

  test('an adopted user keeps the password without MFA until the deadline, and is asked to enroll meanwhile', async () => {
    const { hire, until, api, sandbox } = await running()
    call(sandbox, 'CreateUser', { UserName: 'ada.r8' })
    call(sandbox, 'CreateLoginProfile', { UserName: 'ada.r8', Password: 'Made-by-hand-0123' })
    const adopted = sandbox.state.users.get('ada.r8')
    if (adopted) adopted.passwordLastUsed = `${clock().toISOString().slice(0, 19)}Z`
    await hire('R8')
    await until('R8', 'conflict')
    const mfaDeadline = new Date(clock().getTime() + 3 * dayMs).toISOString()
    const tooLate = new Date(clock().getTime() + 91 * dayMs).toISOString()
    const refused = await api('POST', '/v1/employees/R8/conflict', {
      resolution: 'adopt',
      mfaDeadline: tooLate,
    })
    assert.equal(refused.status, 422)
    await api('POST', '/v1/employees/R8/conflict', { resolution: 'adopt', mfaDeadline })
    await until('R8', 'awaiting_mfa')
    assert.ok(sandbox.state.users.get('ada.r8')?.loginProfile)
    await eventually(async () => (await api('GET', '/v1/employees/R8/enrollments')).items.length === 1)
    move(3 * dayMs)
    await eventually(() => sandbox.state.users.get('ada.r8')?.loginProfile === undefined, {
      what: 'the deadline',
    })
    await until('R8', 'awaiting_mfa')
  })

  test('leave takes the password, and who returns proves the device for a new one', async () => {
    const { tell, until, user, links, service, api, seed } = await member('R7', 'backend-engineer')
    await tell('employee.suspended', 'R7')
    await until('R7', 'locked')
    assert.equal(user()?.loginProfile, undefined)
    const before = (await links('sign-in')).length
    await tell('employee.resumed', 'R7')
    await until('R7', 'active')
    await eventually(async () => (await links('sign-in')).length === before + 1, { what: 'the link' })
    const { link } = await api('POST', '/v1/employees/R7/enrollments')
    const me = ownerOf({ service, clock }, link)
    move(120_000)
    assert.ok((await me.send(me.codes(seed))).password)
  })

  async function settled(employeeId: string): Promise<void> {
    const { service } = await running()
    await eventually(async () => {
      const rows = await rowsOf(
        service.store.db,
        sql`select 1 from identities where employee_id = ${employeeId} and generation = reconciled_generation`,
      )
      return rows.length > 0
    })
  }
})
