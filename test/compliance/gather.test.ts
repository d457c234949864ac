import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gather, gatheringCalls } from '../../src/compliance/gather.ts'
import { callIam } from '../../src/sandbox/index.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from '../http/app-under-test.ts'
import { callBudget, fillAccount, largest } from './large-account.ts'
import { musterSettings } from './settings.ts'

forEachDatabase((name, openStore) => {
  let under: AppUnderTest
  before(async () => {
    under = await openApp(openStore)
  })
  after(() => under.close())

  const gathered = (onProgress?: Parameters<typeof gather>[0]['onProgress']) =>
    gather({
      db: under.store.db,
      account: under.account,
      muster: musterSettings(under.catalog),
      clock: () => new Date(),
      ...(onProgress ? { onProgress } : {}),
    })

  /** As the sandbox counts them. */
  async function callsOf(work: () => Promise<unknown>): Promise<number> {
    under.sandbox.calls.clear()
    await work()
    return under.sandbox.calls.entries.length
  }

  test('an empty account is read within the budget, the making of its credential report included', async () => {
    const calls = await callsOf(gathered)
    assert.ok(calls <= callBudget(under.sandbox), `${calls} of ${callBudget(under.sandbox)}`)
  })

  test('what could not be read leaves the rest, and says which permission is missing', async (t) => {
    t.after(() => under.sandbox.faults.clear())
    for (const action of ['GetAccountSummary', 'GetCredentialReport', 'GetTrailStatus']) {
      under.sandbox.faults.add({ action, outcome: { code: 'AccessDenied' } })
    }
    const { snapshot } = await gathered()
    const { summary, report, trails, authorization, virtualMfaDevices, passwordPolicy } = snapshot
    assert.ok(!summary.known && summary.missingPermission === 'iam:GetAccountSummary')
    assert.ok(!report.known && report.missingPermission === 'iam:GetCredentialReport')
    assert.ok(trails.known)
    const status = trails.value[0]?.status
    assert.ok(status && !status.known && status.missingPermission === 'cloudtrail:GetTrailStatus')
    assert.ok(authorization.known && virtualMfaDevices.known && passwordPolicy.known)
  })

  test('a passing fault is tried again, and is no fact', async (t) => {
    t.after(() => under.sandbox.faults.clear())
    under.sandbox.faults.add({
      action: 'GetAccountAuthorizationDetails',
      outcome: { code: 'ServiceFailure', status: 500 },
    })
    under.sandbox.faults.add({ action: 'ListVirtualMFADevices', outcome: { code: 'Throttling' } })
    const { snapshot } = await gathered()
    assert.ok(snapshot.authorization.known && snapshot.virtualMfaDevices.known)
  })

  test('root, users, groups and policies are told as they are', async () => {
    const { state } = under.sandbox
    const call = (action: string, params: Readonly<Record<string, unknown>>) =>
      assert.ok(callIam(state, action, params, { now: new Date() }).ok, action)
    const document =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}'
    call('CreateUser', { UserName: 'eve', Path: '/team/', Tags: [{ Key: 'team', Value: 'red' }] })
    call('CreateGroup', { GroupName: 'reds' })
    call('AddUserToGroup', { UserName: 'eve', GroupName: 'reds' })
    call('PutUserPolicy', { UserName: 'eve', PolicyName: 'own', PolicyDocument: document })
    call('AttachGroupPolicy', { GroupName: 'reds', PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' })
    const { snapshot } = await gathered()
    assert.ok(snapshot.authorization.known && snapshot.summary.known)
    const { users, groups, policies } = snapshot.authorization.value
    const [eve] = users
    assert.deepEqual(
      { ...eve, createdAt: null, userId: '' },
      {
        userName: 'eve',
        userId: '',
        arn: 'arn:aws:iam::123456789012:user/team/eve',
        path: '/team/',
        createdAt: null,
        groups: ['reds'],
        attachedPolicyArns: [],
        inlinePolicies: [{ name: 'own', document: JSON.parse(document) }],
        boundaryArn: null,
        tags: { team: 'red' },
      },
    )
    assert.deepEqual(groups[0]?.attachedPolicyArns, ['arn:aws:iam::aws:policy/ReadOnlyAccess'])
    assert.deepEqual(
      policies.map(({ arn }) => arn),
      ['arn:aws:iam::aws:policy/AWSSupportAccess', 'arn:aws:iam::aws:policy/ReadOnlyAccess'],
    )
    assert.ok(policies[0]?.document)
    assert.equal(snapshot.summary.value.rootHasMfa, true)
    assert.equal(snapshot.muster.groups['muster-quarantine']?.[0], 'arn:aws:iam::aws:policy/AWSDenyAll')
  })

  // Once is enough: the database has nothing to do with it.
  if (name !== 'pglite') return
  test('the largest account that AWS allows is read within the budget', async () => {
    const { sandbox } = under
    fillAccount(sandbox, largest)
    sandbox.state.trails.set('second', { ...[...sandbox.state.trails.values()][0], arn: 'second' } as never)
    const seen: string[] = []
    let counted = 0
    const calls = await callsOf(async () => {
      const { snapshot, calls: told } = await gathered(({ part }) => seen.push(part))
      counted = told
      assert.ok(snapshot.authorization.known && snapshot.virtualMfaDevices.known && snapshot.trails.known)
      assert.equal(snapshot.authorization.value.users.length, largest.users)
      assert.equal(snapshot.authorization.value.groups.length, largest.groups)
      assert.ok(snapshot.authorization.value.policies.length >= largest.policies)
      assert.ok(snapshot.roles.known)
      assert.equal(snapshot.roles.value.count, largest.roles)
      assert.equal(snapshot.trails.value.length, 2)
      const devices = [...sandbox.state.virtualMfaDevices.values()].filter(({ userKey }) => userKey)
      assert.equal(snapshot.virtualMfaDevices.value.length, devices.length)
    })
    assert.equal(counted, calls)
    const ofIam = sandbox.calls.entries.filter(({ service }) => service === 'iam')
    for (const { action } of ofIam)
      assert.ok(
        gatheringCalls.some((known) => known === action),
        action,
      )
    const budget = callBudget(sandbox)
    assert.equal(budget, 5 + 5 + 2 + 12 + 4)
    assert.ok(calls <= budget, `${calls} of ${budget} calls`)
    assert.ok(new Set(seen).size >= 10)
  })
})
