/** The same database and account, a new process: another catalog, another mode, what was left undone. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { parse, stringify } from 'yaml'
import { openSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { createDatabase } from '../harness/databases.ts'
import { call, forEachEngine, writesOf } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const quarantine = 'muster-quarantine'

forEachEngine((name, open) => {
  const leftovers: (() => Promise<unknown>)[] = []
  after(async () => {
    for (const clean of leftovers.reverse()) await clean()
  })

  /** Settings by which one service after the other finds the same database, and the account they share. */
  async function place(): Promise<{ account: Sandbox; settings: Record<string, string>; folder: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-'))
    leftovers.push(() => rm(folder, { recursive: true, force: true }))
    const account = await openSandbox()
    leftovers.push(() => account.close())
    if (name === 'pglite') return { account, folder, settings: { MUSTER_DATA_DIR: join(folder, 'data') } }
    const database = await createDatabase()
    leftovers.push(() => database.drop())
    return { account, folder, settings: { MUSTER_DATABASE_URL: database.url } }
  }

  /** The example catalog with some of its roles. */
  async function catalogWithout(folder: string, ...roles: readonly string[]): Promise<string> {
    const to = await mkdtemp(join(folder, 'catalog-'))
    await cp(new URL('../../catalog', import.meta.url), to, { recursive: true })
    const file = join(to, 'roles.yaml')
    const catalog = parse(await readFile(file, 'utf8'))
    for (const role of roles) delete catalog.roles[role]
    await writeFile(file, stringify(catalog))
    return file
  }

  test('a catalog that stops naming a role blocks its holders and locks nobody, until it names it again', async () => {
    const { account, settings, folder } = await place()
    const first = await open({ account, settings })
    await first.hire('K1')
    await first.until('K1', 'awaiting_mfa')
    await first.close()

    const poorer = { ...settings, MUSTER_CATALOG: await catalogWithout(folder, 'backend-engineer') }
    const second = await open({ account, settings: poorer })
    const { reason } = await second.until('K1', 'blocked')
    assert.match(reason ?? '', /"backend-engineer" is not in the catalog/)
    assert.equal(second.groupsOf('ada.k1')?.includes(quarantine), false)
    assert.equal(second.groupsOf('ada.k1')?.includes('engineering'), true)

    await second.hire('K2')
    await second.until('K2', 'blocked')
    await second.hire('K3')
    await second.until('K3', 'blocked')
    await second.tell('employee.terminated', 'K3')
    await second.until('K3', 'deleted')
    const pending = await second.api('GET', '/v1/deliveries?status=pending')
    assert.equal(pending.items.length, 2)
    await second.close()

    const third = await open({ account, settings })
    await third.until('K1', 'awaiting_mfa')
    await third.until('K2', 'awaiting_mfa')
    assert.deepEqual(third.groupsOf('ada.k2'), ['deploy-staging', 'engineering', 'muster-baseline'])
    assert.deepEqual((await third.api('GET', '/v1/deliveries?status=pending')).items, [])
    await third.close()
  })

  test('a look that was asked for, and whose job was lost, is made up for at the next start', async () => {
    const { account, settings } = await place()
    const before = await open({ account, settings })
    await before.hire('H1')
    const { id, user_name: UserName } = await before.until('H1', 'awaiting_mfa')
    call(account, 'AttachUserPolicy', { UserName, PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' })
    await before.service.store.db.execute(sql`update identities set requested = true where id = ${id}`)
    await before.close()
    const after = await open({ account, settings })
    await eventually(() => account.state.users.get(UserName)?.attachedPolicies.length === 0)
    await after.close()
  })

  test('who leaves in observe mode is locked once Muster may write again', async () => {
    const { account, settings } = await place()
    const before = await open({ account, settings })
    for (const id of ['V1', 'V2', 'V3']) await before.hire(id)
    for (const id of ['V1', 'V2', 'V3']) await before.until(id, 'awaiting_mfa')
    await before.tell('employee.suspended', 'V3')
    await before.until('V3', 'locked')
    await before.close()

    const observing = await open({ account, settings: { ...settings, MUSTER_MODE: 'observe' } })
    account.calls.clear()
    await observing.tell('employee.terminated', 'V1')
    await observing.tell('employee.role_changed', 'V2', { role: 'finance' })
    await observing.tell('employee.resumed', 'V3')
    for (const id of ['V1', 'V2', 'V3']) {
      await eventually(async () => {
        const { items } = await observing.api('GET', `/v1/operations?employeeId=${id}`)
        return items.some(({ status }: { status: string }) => status === 'planned')
      })
    }
    await observing.close()
    assert.deepEqual(writesOf(account), [])

    const enforcing = await open({ account, settings })
    await enforcing.until('V1', 'locked')
    await enforcing.until('V2', 'awaiting_mfa')
    await enforcing.until('V3', 'awaiting_mfa')
    assert.deepEqual(enforcing.groupsOf('ada.v1'), [quarantine])
    assert.deepEqual(enforcing.groupsOf('ada.v2'), ['billing-read', 'muster-baseline'])
    assert.deepEqual(enforcing.groupsOf('ada.v3'), ['deploy-staging', 'engineering', 'muster-baseline'])
    await enforcing.close()
  })

  test('a first call that nobody looked after is put right by the next process', async () => {
    const { account, settings } = await place()
    const before = await open({ account, settings })
    await before.hire('U1')
    const { id } = await before.until('U1', 'awaiting_mfa')
    const user = account.state.users.get('ada.u1')
    // As a process leaves it that dies right after its reserved worker has denied the wrong user.
    call(account, 'UpdateUser', { UserName: 'ada.u1', NewUserName: 'hidden' })
    call(account, 'CreateUser', { UserName: 'ada.u1' })
    call(account, 'AddUserToGroup', { UserName: 'ada.u1', GroupName: quarantine })
    await before.service.store.db.execute(sql`
      update identities set locked_at = now(), denied_name = 'ada.u1', state = 'locked' where id = ${id}`)
    await before.tell('employee.terminated', 'U1')
    await eventually(() => user?.groups.join() === quarantine)
    await before.until('U1', 'locked')
    assert.deepEqual(before.groupsOf('ada.u1'), [])
    await before.close()
  })

  test('a job that was lost with its queue is made again at the next start', async () => {
    const { account, settings } = await place()
    const before = await open({ account, settings })
    await before.hire('J1')
    await before.until('J1', 'awaiting_mfa')
    await before.service.store.db.execute(sql`
      update identities set generation = generation + 1, requested = true where employee_id = 'J1'`)
    await before.close()
    const next = await open({ account, settings })
    await next.until('J1', 'awaiting_mfa')
    await next.close()
  })
})
