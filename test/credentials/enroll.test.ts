/** One-time links, as their owners and administrators use them, and as others would. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, callsAboutPeople, forEachEngine, withMovedClock, writesOf } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { ownerOf } from './link-owner.ts'

const hourMs = 3_600_000

forEachEngine((_name, open) => {
  const { clock, move, running } = withMovedClock(open)

  /** Hires somebody, and gives what the test needs to play them. */
  async function joiner(employeeId: string, data: Readonly<Record<string, unknown>> = {}) {
    const it = await running()
    await it.hire(employeeId, data)
    const { user_name } = await it.until(employeeId, 'awaiting_mfa')
    const userOf = () => it.sandbox.state.users.get(user_name)
    const issue = (body?: object) => it.api('POST', `/v1/employees/${employeeId}/enrollments`, body)
    const owner = async (body?: object) => ownerOf({ service: it.service, clock }, (await issue(body)).link)
    const identity = async () => (await it.api('GET', `/v1/employees/${employeeId}`)).identities[0]
    const links = async () => (await it.api('GET', `/v1/employees/${employeeId}/enrollments`)).items
    return { ...it, userName: user_name, userOf, issue, owner, identity, links }
  }

  test('a joiner gets a link by themselves, without anybody asking', async () => {
    const { links } = await joiner('L1')
    const [link] = await eventually(async () => ((await links()).length > 0 ? await links() : false))
    assert.equal(link.status, 'open')
    assert.equal(link.createdBy, 'muster')
    assert.equal(Date.parse(link.expiresAt) - Date.parse(link.createdAt), 72 * hourMs)
    assert.equal(link.link, undefined)
  })

  test('opening the link changes nothing; then device, codes and password follow in this order', async () => {
    const { owner, userOf, sandbox, identity, until, userName, links } = await joiner('L2')
    const me = await owner()
    sandbox.calls.clear()
    assert.equal((await me.open()).status, 200)
    assert.deepEqual(callsAboutPeople(sandbox), [])

    const scan = await me.start()
    assert.match(scan.device, new RegExp(`:mfa/muster/${userName}/[0-9a-f]{16}$`))
    assert.equal(userOf()?.loginProfile, undefined)

    const done = await me.send(me.codes(scan.seed), scan.device)
    assert.equal(done.status, 200)
    assert.match(done.text, /wait for a new one/)
    assert.equal(done.password?.length, 20)
    const writes = writesOf(sandbox)
    assert.deepEqual(writes.slice(0, 3), ['CreateVirtualMFADevice', 'EnableMFADevice', 'CreateLoginProfile'])
    assert.equal(userOf()?.loginProfile?.passwordResetRequired, true)
    assert.equal(userOf()?.mfaDevices.length, 1)

    await until('L2', 'active')
    const { mfaEnrolled, consoleAccess, state } = await identity()
    assert.deepEqual(
      { mfaEnrolled, consoleAccess, state },
      { mfaEnrolled: true, consoleAccess: true, state: 'active' },
    )
    assert.ok(userOf()?.loginProfile, 'the reconcile after it leaves the password')
    assert.equal((await links())[0].status, 'completed')
  })

  test('a used, an expired, a revoked, a forged and a mistyped link look the same', async () => {
    const { owner, api } = await joiner('L3')
    const expired = await owner()
    move(73 * hourMs)
    const pages = [await expired.open(), await expired.start(), await expired.send(['123456', '654321'])]
    const revoked = await owner()
    assert.deepEqual(await api('DELETE', '/v1/employees/L3/enrollments'), { revoked: 1 })
    pages.push(await revoked.open(), await revoked.start())
    const used = await owner()
    const scan = await used.start()
    await used.send(used.codes(scan.seed), scan.device)
    pages.push(await used.open(), await used.start(), await used.send(used.codes(scan.seed), scan.device))
    const { service } = await running()
    const other = (path: string) => ownerOf({ service, clock }, `http://muster.test${path}`)
    const flipped = used.path.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    pages.push(
      await other(flipped).open(),
      await other('/enroll/nonsense').open(),
      await other(`${flipped}AAAA`).start(),
    )
    const [first] = pages
    for (const page of pages) assert.deepEqual(page, first)
    assert.equal(first?.status, 404)
  })

  test('reloading replaces an unfinished device, and an older page cannot finish', async () => {
    const { owner, sandbox, userOf, userName } = await joiner('L4')
    const me = await owner()
    const first = await me.start()
    const second = await me.start()
    assert.notEqual(first.device, second.device)
    assert.notEqual(first.seed, second.seed)
    const mine = () =>
      [...sandbox.state.virtualMfaDevices.keys()].filter((serial) => serial.includes(`/${userName}/`))
    assert.deepEqual(mine(), [second.device])
    const stale = await me.send(me.codes(first.seed), first.device)
    assert.equal(stale.status, 409)
    assert.equal(userOf()?.mfaDevices.length, 0)
    assert.equal((await me.send(me.codes(second.seed), second.device)).status, 200)
    assert.deepEqual(mine(), [second.device])
  })

  test('wrong codes are told plainly, and ten of them lock the link', async () => {
    const { owner, links, userOf } = await joiner('L5')
    const me = await owner()
    const { seed, device } = await me.start()
    const malformed = await me.send(['12', 'abcdef'], device)
    assert.equal(malformed.status, 422)
    assert.match(malformed.text, /six digits/)
    const swapped = me.codes(seed).toReversed() as [string, string]
    for (let left = 9; left > 0; left--) {
      const page = await me.send(swapped, device)
      assert.equal(page.status, 422)
      assert.match(page.text, new RegExp(`${left} (tries are|try is) left`))
    }
    assert.equal((await me.send(swapped, device)).status, 404)
    assert.equal((await me.send(me.codes(seed), device)).status, 404)
    assert.equal(userOf()?.loginProfile, undefined)
    assert.equal((await links())[0].status, 'locked')
  })

  test('devices of links that are over are deleted', async () => {
    const { owner, api, sandbox, userName } = await joiner('L6')
    const me = await owner()
    await me.start()
    const mine = () =>
      [...sandbox.state.virtualMfaDevices.keys()].filter((serial) => serial.includes(`/${userName}/`))
    assert.equal(mine().length, 1)
    await api('DELETE', '/v1/employees/L6/enrollments')
    await eventually(() => mine().length === 0, { what: 'the deletion of the unfinished device' })
  })

  test('a link is revoked when HR changes the address, and when the employee leaves', async () => {
    const { owner, tell, links, until } = await joiner('L7')
    const me = await owner()
    await tell('employee.updated', 'L7', { email: 'thief@example.com' })
    await eventually(async () => (await links())[0].status === 'revoked')
    assert.match((await links())[0].reason, /address changed/)
    assert.equal((await me.open()).status, 404)

    const again = await joinerAgain('L7')
    await tell('employee.terminated', 'L7')
    await until('L7', 'locked')
    assert.equal((await again.open()).status, 404)

    async function joinerAgain(employeeId: string) {
      const { service, api } = await running()
      return ownerOf({ service, clock }, (await api('POST', `/v1/employees/${employeeId}/enrollments`)).link)
    }
  })

  test('a lost phone: the password goes first, then the device, and the new link brings both', async () => {
    const { owner, userOf, sandbox, until } = await joiner('L8')
    const me = await owner()
    const scan = await me.start()
    await me.send(me.codes(scan.seed), scan.device)
    await until('L8', 'active')
    sandbox.calls.clear()
    const again = await owner({ replaceDevice: true })
    await until('L8', 'awaiting_mfa')
    const writes = writesOf(sandbox)
    assert.deepEqual(writes, ['DeleteLoginProfile', 'DeactivateMFADevice', 'DeleteVirtualMFADevice'])
    const next = await again.start()
    assert.equal((await again.send(again.codes(next.seed), next.device)).status, 200)
    assert.ok(userOf()?.loginProfile)
    assert.deepEqual(
      userOf()?.mfaDevices.map(({ serialNumber }) => serialNumber),
      [next.device],
    )
  })

  test('whoever has a device proves it, and gets a new password without a new device', async () => {
    const { owner, userOf, until } = await joiner('L9')
    const me = await owner()
    const scan = await me.start()
    const first = await me.send(me.codes(scan.seed), scan.device)
    await until('L9', 'active')
    const again = await owner()
    const proof = await again.start()
    assert.equal(proof.seed, undefined)
    assert.equal((await again.send(['111111', '222222'])).status, 422)
    const second = await again.send(again.codes(scan.seed, 2))
    assert.equal(second.status, 200)
    assert.ok(second.password && second.password !== first.password)
    assert.equal(userOf()?.mfaDevices.length, 1)
  })

  test('a device that was enabled with late codes is set right from the last page', async () => {
    const { owner, sandbox } = await joiner('L10')
    const me = await owner()
    const scan = await me.start()
    const done = await me.send(me.codes(scan.seed, -8), scan.device)
    assert.equal(done.status, 200)
    const device = sandbox.state.virtualMfaDevices.get(scan.device)
    assert.equal(device?.outOfStep, true)
    assert.match(done.text, /AWS does not take my codes/)
    assert.equal((await me.resync(['111111', '222222'], done.ticket)).status, 422)
    assert.equal((await me.resync(me.codes(scan.seed), done.ticket)).status, 200)
    assert.equal(device?.outOfStep, false)

    assert.equal((await me.resync(me.codes(scan.seed, 2), `${done.ticket}x`)).status, 404)
    const stranger = await (await joiner('L11')).owner()
    assert.equal((await stranger.resync(me.codes(scan.seed, 2), done.ticket)).status, 404)
    move(31 * 60_000)
    assert.equal((await me.resync(me.codes(scan.seed), done.ticket)).status, 404)
  })

  test('AWS in trouble: what was lost is made anew, nothing stays behind, and the link stays good', async () => {
    const { owner, userOf, sandbox, userName } = await joiner('L12')
    const me = await owner()
    sandbox.faults.add({ action: 'CreateVirtualMFADevice', outcome: { lost: 'after' } })
    assert.equal((await me.start()).status, 503)
    const scan = await me.start()
    assert.equal(scan.status, 200)
    const mine = () =>
      [...sandbox.state.virtualMfaDevices.keys()].filter((serial) => serial.includes(`/${userName}/`))
    assert.deepEqual(mine(), [scan.device])
    sandbox.faults.add({ action: 'EnableMFADevice', outcome: { lost: 'after' } })
    sandbox.faults.add({ action: 'CreateLoginProfile', outcome: { lost: 'after' } })
    const done = await me.send(me.codes(scan.seed), scan.device)
    assert.equal(done.status, 200, done.text)
    assert.ok(done.password)
    assert.equal(
      sandbox.calls.of('CreateLoginProfile').filter(({ params }) => params.UserName === userName).length,
      2,
    )
    assert.ok(userOf()?.loginProfile)
  })

  test('a password that nobody saw is replaced when its owner comes back with the device', async () => {
    const { owner, userOf, sandbox, until } = await joiner('L13')
    const me = await owner()
    const scan = await me.start()
    // Made by hand or by a process that died: nobody knows it.
    const forget = sandbox.faults.add({
      action: 'CreateLoginProfile',
      times: 3,
      outcome: { code: 'ServiceFailure', status: 500 },
    })
    assert.equal((await me.send(me.codes(scan.seed), scan.device)).status, 503)
    forget()
    assert.equal(userOf()?.mfaDevices.length, 1)
    call(sandbox, 'CreateLoginProfile', {
      UserName: userOf()?.userName ?? '',
      Password: 'Nobody-knows-this-1',
    })
    // The look that follows the new device may still be on its way.
    await eventually(async () => (await me.start()).status === 200)
    const done = await me.send(me.codes(scan.seed, 2))
    assert.ok(done.password, done.text)
    await until('L13', 'active')
    assert.ok(userOf()?.loginProfile)
  })

  test('a link that is asked for too often has to wait, whatever it is', async () => {
    const { service } = await running()
    const nobody = ownerOf({ service, clock }, `http://muster.test/enroll/${'B'.repeat(64)}`)
    const statuses = new Set<number>()
    for (let i = 0; i < 31; i++) statuses.add((await nobody.open()).status)
    assert.deepEqual([...statuses], [404, 429])
  })

  test('strangers with made-up links keep nobody from theirs, though all come from one address', async () => {
    const { owner, service } = await joiner('L21')
    const me = await owner()
    const made = async (i: number) => {
      const link = `http://muster.test/enroll/${String(i).padStart(64, 'C')}`
      return (await ownerOf({ service, clock }, link).open()).status
    }
    let status = 0
    for (let i = 0; i < 700 && status !== 429; i++) status = await made(i)
    assert.equal(status, 429)
    assert.equal((await me.open()).status, 200)
  })

  test('in observe mode nobody can enroll, and nothing is written to AWS', async () => {
    const { hire, api, sandbox } = await open({ settings: { MUSTER_MODE: 'observe' } })
    await hire('L20')
    await eventually(async () => (await api('GET', '/v1/operations?employeeId=L20')).items.length > 0)
    assert.equal((await api('POST', '/v1/employees/L20/enrollments')).status, 409)
    assert.deepEqual(writesOf(sandbox), [])
  })
})
