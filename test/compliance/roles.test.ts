/** Inline policies of roles: read along with the users, or once a day where there are more than a scan may read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { type Account, endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { loadCatalog } from '../../src/catalog/load.ts'
import { administratorInlinePolicies } from '../../src/compliance/controls/administrator-inline-policies.ts'
import { gather } from '../../src/compliance/gather.ts'
import { readRolesIfDue } from '../../src/compliance/roles-loop.ts'
import type { Sandbox } from '../../src/sandbox/index.ts'
import { silentLog } from '../harness/databases.ts'
import { call, forEachEngine, type RunningService } from '../harness/service.ts'
import { allow } from './accounts.ts'
import { musterSettings } from './settings.ts'

const hourMs = 3_600_000
const deployer = 'arn:aws:iam::123456789012:role/deployer'
const catalog = await loadCatalog(new URL('../../catalog/roles.yaml', import.meta.url).pathname)

async function lookerAt({ service, sandbox }: RunningService) {
  const { db } = service.store
  let now = new Date()
  const clock = () => now
  const account: Account = await openAccount(db, {
    region: 'us-east-1',
    endpoints: endpointsAt(sandbox.url),
    rate: 1000,
    credentials: sandbox.credentials,
    metering: meterCalls(new Registry()),
    log: silentLog,
  })
  return {
    later(hours: number) {
      now = new Date(now.getTime() + hours * hourMs)
    },
    readRoles: () => readRolesIfDue({ db, account, clock, log: silentLog }),
    async verdict() {
      const { snapshot } = await gather({ db, account, muster: musterSettings(catalog), clock })
      return administratorInlinePolicies.judge(snapshot, now)
    },
    close: () => account.close(),
  }
}

const role = (sandbox: Sandbox, RoleName: string) =>
  call(sandbox, 'CreateRole', {
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }),
  })

forEachEngine((_name, open) => {
  test('more roles than a scan may read are read once a day, and what that found is good for two', async (t) => {
    const running = await open({ sandbox: { quotas: { roles: 5000 } } })
    const { sandbox } = running
    const look = await lookerAt(running)
    t.after(() => {
      sandbox.faults.clear()
      look.close()
    })
    // Its first scan has read them, of which there were none.
    assert.equal(await look.readRoles(), false)
    look.later(25)
    assert.equal(await look.readRoles(), true)

    role(sandbox, 'deployer')
    const PolicyDocument = JSON.stringify(allow('*'))
    call(sandbox, 'PutRolePolicy', { RoleName: 'deployer', PolicyName: 'all', PolicyDocument })
    const few = await look.verdict()
    assert.ok(few.status === 'fail')
    assert.deepEqual(
      few.findings.map(({ resource, evidence }) => [resource, evidence]),
      [[deployer, { policies: ['all'] }]],
    )

    for (let n = 0; n < 2000; n++) role(sandbox, `role-${n}`)
    const onRecord = await look.verdict()
    assert.equal(onRecord.status, 'pass', 'of before the role was there')
    look.later(25)
    assert.equal(await look.readRoles(), true)
    assert.equal(await look.readRoles(), false)
    const read = await look.verdict()
    assert.ok(read.status === 'fail' && read.findings[0]?.resource === deployer)
    assert.equal(read.evidence.roles, sandbox.state.roles.size)

    const [action, times] = ['GetAccountAuthorizationDetails', Number.POSITIVE_INFINITY] as const
    const lift = sandbox.faults.add({ action, times, outcome: { code: 'AccessDenied' } })
    look.later(25)
    assert.equal(await look.readRoles(), true)
    assert.equal(await look.readRoles(), false, 'not before an hour has passed')
    lift()
    assert.equal((await look.verdict()).status, 'fail', 'a day missed is not the end of it')
    look.later(24)
    const outdated = await look.verdict()
    assert.ok(outdated.status === 'unknown')
    assert.match(outdated.reason, /^The roles were last read 20\d\d-.*: .*GetAccountAuthorizationDetails/)
    assert.equal(await look.readRoles(), true)
    assert.equal((await look.verdict()).status, 'fail')
  })

  test('roles that were read by a clock that was weeks ahead are not fine, and are read again at once', async (t) => {
    const running = await open({ sandbox: { quotas: { roles: 5000 } } })
    const { sandbox } = running
    const look = await lookerAt(running)
    t.after(() => {
      sandbox.faults.clear()
      look.close()
    })
    for (let n = 0; n < 2001; n++) role(sandbox, `role-${n}`)
    look.later(40 * 24)
    assert.equal(await look.readRoles(), true)
    assert.equal((await look.verdict()).status, 'pass')
    look.later(-40 * 24)
    const verdict = await look.verdict()
    assert.ok(verdict.status === 'unknown')
    assert.match(verdict.reason, /which is yet to come$/)
    assert.equal(await look.readRoles(), true)
    assert.equal(await look.readRoles(), false)
    assert.equal((await look.verdict()).status, 'pass')

    const fault = { action: 'GetAccountAuthorizationDetails', times: Number.POSITIVE_INFINITY } as const
    look.later(40 * 24)
    sandbox.faults.add({ ...fault, outcome: { code: 'AccessDenied' } })
    assert.equal(await look.readRoles(), true)
    look.later(-38 * 24)
    assert.equal(await look.readRoles(), true, 'nor does a try of then put off the next one')
    assert.equal(await look.readRoles(), false)
  })

  test('roles that nobody has read yet are not fine', async (t) => {
    const running = await open({ sandbox: { quotas: { roles: 5000 } } })
    const look = await lookerAt(running)
    t.after(() => look.close())
    for (let n = 0; n < 2001; n++) role(running.sandbox, `role-${n}`)
    await running.service.store.db.execute('delete from account_roles')
    const verdict = await look.verdict()
    assert.ok(verdict.status === 'unknown')
    assert.match(verdict.reason, /more roles than a scan may read/)
  })
})
