import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { loadCatalog } from '../../src/catalog/load.ts'
import { judgeUse, readUsage } from '../../src/compliance/usage.ts'
import { lookAtNextGroup, startUsageLoop, type UsageContext } from '../../src/compliance/usage-loop.ts'
import { noteAttempt } from '../../src/sandbox/iam/last-accessed.ts'
import { silentLog } from '../harness/databases.ts'
import { forEachEngine, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const dayMs = 86_400_000
const never = new AbortController().signal
const catalog = await loadCatalog(new URL('../../catalog/roles.yaml', import.meta.url).pathname)

/** Looks that do not wait for long, at a moment of the test's own. */
async function looker({ service, sandbox, config }: RunningService) {
  let now = new Date()
  const account = await openAccount(service.store.db, {
    region: 'us-east-1',
    endpoints: endpointsAt(sandbox.url),
    rate: 1000,
    credentials: sandbox.credentials,
    metering: meterCalls(new Registry()),
    log: silentLog,
  })
  const context: UsageContext = {
    db: service.store.db,
    account,
    catalog,
    path: config.iamPath,
    clock: () => now,
    log: silentLog,
    firstWaitMs: 1,
  }
  return {
    context,
    later(days: number) {
      now = new Date(now.getTime() + days * dayMs)
      return now
    },
    async all(): Promise<string[]> {
      const looked: string[] = []
      for (;;) {
        const group = await lookAtNextGroup(context, never)
        if (group === undefined) return looked
        looked.push(group)
      }
    },
    close: () => account.close(),
  }
}

/** Whoever is in the groups of a backend engineer. */
async function withEngineer(muster: RunningService) {
  await muster.hire('E1')
  const { user_name: userName, aws_user_id: userId } = await muster.until('E1', 'awaiting_mfa')
  const groups = (muster.groupsOf(userName) ?? []).filter((name) => name in catalog.groups)
  return { userName, userId: userId ?? '', groups }
}

forEachEngine((_name, open) => {
  test('each group that has members is asked about once a week, and nobody else', async () => {
    const muster = await open()
    const look = await looker(muster)
    assert.deepEqual(await look.all(), [])
    const unknown = await muster.api('GET', '/v1/groups/unknown/usage')
    assert.equal(unknown.type, 'urn:muster:problem:no-such-group')
    const unasked = await muster.api('GET', `/v1/groups/${Object.keys(catalog.groups)[0]}/usage`)
    assert.equal(unasked.checkedAt, null)
    assert.deepEqual(unasked.services, [])
    const { groups } = await withEngineer(muster)
    assert.ok(groups.length > 1)
    assert.deepEqual((await look.all()).sort(), groups)
    assert.deepEqual(await look.all(), [])
    look.later(6)
    assert.deepEqual(await look.all(), [])
    look.later(1)
    assert.deepEqual((await look.all()).sort(), groups)
    look.later(-30)
    assert.deepEqual((await look.all()).sort(), groups, 'the clock was ahead')
    assert.deepEqual(await look.all(), [])
    look.close()
    await muster.close()
  })

  test('what nobody used in 90 days is unused, with a smaller policy; before that it is too early to say', async () => {
    const muster = await open()
    const look = await looker(muster)
    const { userName, userId, groups } = await withEngineer(muster)
    const [groupName = ''] = groups
    await look.all()
    const early = await muster.api('GET', `/v1/groups/${groupName}/usage`)
    assert.ok(early.services.length > 0)
    assert.ok(early.services.every((each: { verdict: string }) => each.verdict === 'too-early'))
    assert.deepEqual(early.proposals, [])
    const [young] = await readUsage(muster.service.store.db, muster.sandbox.accountId)
    assert.deepEqual(young?.services, [])

    const now = look.later(100)
    const used = early.services[0].namespace
    const at = new Date(now.getTime() - dayMs).toISOString()
    noteAttempt(muster.sandbox.state, userId, used, { at: `${at.slice(0, 19)}Z`, region: 'eu-central-1' })
    await look.all()
    const usage = await muster.api('GET', `/v1/groups/${groupName}/usage`)
    assert.equal(usage.problem, null)
    assert.equal(usage.checkedAt, now.toISOString())
    const verdicts = usage.services.map(({ namespace, verdict }: Record<string, string>) => [
      namespace,
      verdict,
    ])
    assert.deepEqual(
      verdicts.filter(([, verdict]: string[]) => verdict !== 'unused'),
      [[used, 'used']],
    )
    assert.ok(usage.services[0].usedBy.endsWith(`:user/muster/${userName}`))
    assert.ok(usage.proposals.length > 0)
    const removed = usage.proposals.flatMap((proposal: { removed: { actions: string[] }[] }) =>
      proposal.removed.flatMap(({ actions }) => actions),
    )
    assert.ok(removed.length > 0)
    assert.ok(removed.every((action: string) => !action.startsWith(`${used}:`)))

    const read = await readUsage(muster.service.store.db, muster.sandbox.accountId)
    const group = read.find((each) => each.groupName === groupName)
    assert.equal(group?.services.length, usage.services.length)
    assert.equal(
      group?.services
        .find(({ namespace }) => namespace === used)
        ?.usedAt?.toISOString()
        .slice(0, 19),
      at.slice(0, 19),
    )
    look.close()
    await muster.close()
  })

  test('a report that does not come is a problem that is shown, and another try follows within the day', async () => {
    const muster = await open()
    const look = await looker(muster)
    const { groups } = await withEngineer(muster)
    const action = 'GetServiceLastAccessedDetails'
    muster.sandbox.faults.add({ action, times: Infinity, outcome: { code: 'AccessDenied', status: 403 } })
    await look.all()
    const usage = await muster.api('GET', `/v1/groups/${groups[0]}/usage`)
    assert.match(usage.problem, /iam:GetServiceLastAccessedDetails/)
    assert.equal(usage.checkedAt, null)
    muster.sandbox.faults.clear()
    look.later(1)
    assert.deepEqual((await look.all()).sort(), groups)
    assert.equal((await muster.api('GET', `/v1/groups/${groups[0]}/usage`)).problem, null)
    look.close()
    await muster.close()
  })

  test('the loop asks by itself, and ends at once while a report is waited for', async () => {
    const muster = await open()
    const look = await looker(muster)
    const { groups } = await withEngineer(muster)
    const quick = startUsageLoop({ ...look.context, everyMs: 5 })
    const done = async () =>
      (await readUsage(muster.service.store.db, muster.sandbox.accountId)).length === groups.length
    await eventually(done, { what: 'asking about every group' })
    await quick.stop()

    look.later(8)
    const before = muster.sandbox.calls.entries.length
    const patient = startUsageLoop({ ...look.context, everyMs: 5, firstWaitMs: 60_000 })
    await eventually(() =>
      muster.sandbox.calls.entries
        .slice(before)
        .some(({ action }) => action === 'GenerateServiceLastAccessedDetails'),
    )
    const started = performance.now()
    await patient.stop()
    assert.ok(performance.now() - started < 10_000)
    look.close()
    await muster.close()
  })
})

test('a service is unused if the last attempt is more than 90 days before the look, and it was allowed all the time', () => {
  const checkedAt = new Date('2026-11-23T09:00:00Z')
  const verdict = (usedAt: string | null, allowedSince: string | null) =>
    judgeUse({ namespace: 's3', name: 'Amazon S3', usedBy: null, usedAt, allowedSince }, checkedAt)
  assert.equal(verdict('2026-08-26T00:00:00Z', null), 'used')
  assert.equal(verdict('2026-08-24T00:00:00Z', null), 'unused')
  assert.equal(verdict(null, null), 'unused')
  assert.equal(verdict(null, '2026-08-24T00:00:00Z'), 'unused')
  assert.equal(verdict(null, '2026-08-26T00:00:00Z'), 'too-early')
  assert.equal(verdict('2026-11-22T00:00:00Z', '2026-11-20T00:00:00Z'), 'used')
})
