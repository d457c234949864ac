import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { Registry } from 'prom-client'
import { endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { systemClock } from '../../src/clock.ts'
import { startPasswordPolicyLoop } from '../../src/credentials/password-policy-loop.ts'
import { callIam, openSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { silentLog } from '../harness/databases.ts'
import { forEachEngine, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const dayMs = 86_400_000

const wanted = {
  minimumPasswordLength: 14,
  requireSymbols: true,
  requireNumbers: true,
  requireUppercaseCharacters: true,
  requireLowercaseCharacters: true,
  allowUsersToChangePassword: true,
  maxPasswordAge: 90,
  passwordReusePrevention: 24,
  hardExpiry: false,
}

/** Somebody's own user, with a password as old as that. */
function giveOldPassword(sandbox: Sandbox, UserName: string, days: number): void {
  const now = new Date(Date.now() - days * dayMs)
  for (const [action, params] of [
    ['CreateUser', { UserName }],
    ['CreateLoginProfile', { UserName, Password: 'Correct-horse-battery-9' }],
  ] as const) {
    const result = callIam(sandbox.state, action, params, { now })
    assert.ok(result.ok, JSON.stringify(result))
  }
}

function weaken(sandbox: Sandbox, params: Readonly<Record<string, unknown>>): void {
  assert.ok(callIam(sandbox.state, 'UpdateAccountPasswordPolicy', params, { now: new Date() }).ok)
}

const stands = (muster: RunningService, status: string) =>
  eventually(async () => {
    const look = await muster.api('GET', '/v1/password-policy')
    return look.status === status && look
  })

const actions = async (muster: RunningService) =>
  (await muster.api('GET', '/v1/audit')).items
    .map(({ action }: { action: string }) => action)
    .filter((action: string) => action.startsWith('password_policy.'))

async function startImpatientLoop({ service, sandbox, config }: RunningService) {
  const account = await openAccount(service.store.db, {
    region: 'us-east-1',
    endpoints: endpointsAt(sandbox.url),
    rate: 1000,
    credentials: sandbox.credentials,
    metering: meterCalls(new Registry()),
    log: silentLog,
  })
  const loop = startPasswordPolicyLoop({
    store: service.store,
    account,
    wanted: config.passwordPolicy,
    mode: 'enforce',
    announce: async () => {},
    clock: systemClock,
    log: silentLog,
    retryMs: 20,
  })
  return {
    async stop() {
      await loop.stop()
      account.close()
    },
  }
}

forEachEngine((_name, open) => {
  test('an account without a policy gets one, every field of it', async () => {
    const muster = await open()
    await stands(muster, 'applied')
    assert.deepEqual(muster.sandbox.state.passwordPolicy, wanted)
    assert.deepEqual(await actions(muster), ['password_policy.applied'])
    const again = await muster.api('POST', '/v1/password-policy/apply')
    assert.equal(again.type, 'urn:muster:problem:not-waiting')
    await muster.close()
  })

  test('a policy that somebody weakened is restored, and that is on record; what is stricter stands', async () => {
    const account = await openSandbox()
    const muster = await open({ account })
    await stands(muster, 'applied')
    // All that is left out returns to IAM's default.
    weaken(account, { MinimumPasswordLength: 20 })
    await muster.close()
    const later = await open({
      account,
      settings: { MUSTER_DATABASE_URL: muster.config.databaseUrl ?? '' },
    })
    await eventually(() => account.state.passwordPolicy?.passwordReusePrevention === 24)
    assert.deepEqual(account.state.passwordPolicy, { ...wanted, minimumPasswordLength: 20 })
    // The embedded database of the second service begins empty: to it, this is the first time.
    const onRecord = muster.config.databaseUrl
      ? ['password_policy.restored', 'password_policy.applied']
      : ['password_policy.applied']
    // It is recorded after the call.
    await eventually(async () => isDeepStrictEqual(await actions(later), onRecord), { what: `${onRecord}` })
    await later.close()
    await account.close()
  })

  test('asked to apply what is applied, it says when it looked, and looks again', async () => {
    const muster = await open()
    const { checkedAt } = await stands(muster, 'applied')
    // The next look by itself is minutes away.
    weaken(muster.sandbox, { MinimumPasswordLength: 8 })
    const answer = await muster.api('POST', '/v1/password-policy/apply')
    assert.equal(answer.type, 'urn:muster:problem:not-waiting')
    assert.ok(answer.detail.includes(checkedAt), answer.detail)
    await eventually(() => muster.sandbox.state.passwordPolicy?.minimumPasswordLength === 14)
    assert.deepEqual(muster.sandbox.state.passwordPolicy, wanted)
    await muster.close()
  })

  test('where passwords of others would expire, it says whose and waits for a word', async () => {
    const account = await openSandbox()
    giveOldPassword(account, 'old.hand', 91)
    giveOldPassword(account, 'new.hand', 89)
    const muster = await open({ account })
    const look = await stands(muster, 'waiting')
    assert.deepEqual(look.wouldExpire, ['old.hand'])
    assert.equal(account.state.passwordPolicy, undefined)

    const answer = await muster.api('POST', '/v1/password-policy/apply')
    assert.deepEqual(answer.wouldExpire, ['old.hand'])
    await stands(muster, 'applied')
    assert.deepEqual(account.state.passwordPolicy, wanted)
    assert.deepEqual(await actions(muster), ['password_policy.applied', 'password_policy.approved'])
    await muster.close()
    await account.close()
  })

  test('in observe mode it is planned and not set', async () => {
    const muster = await open({ settings: { MUSTER_MODE: 'observe' } })
    const look = await stands(muster, 'planned')
    assert.equal(look.observed, null)
    assert.equal(look.desired.minimumLength, 14)
    assert.equal(muster.sandbox.state.passwordPolicy, undefined)
    await muster.close()
  })

  test('a permission that is missing is named, and the policy is set once it is there', async () => {
    const account = await openSandbox()
    account.faults.add({
      action: 'UpdateAccountPasswordPolicy',
      times: 3,
      outcome: { code: 'AccessDenied' },
    })
    const muster = await open({ account })
    const look = await stands(muster, 'failed')
    assert.match(look.problem, /iam:UpdateAccountPasswordPolicy/)
    assert.equal(account.state.passwordPolicy, undefined)

    // Of a replica that does not wait for half a minute, and is refused as well before it is let.
    const replica = await startImpatientLoop(muster)
    const later = await stands(muster, 'applied')
    assert.equal(later.problem, null)
    assert.deepEqual(account.state.passwordPolicy, wanted)
    assert.equal(account.calls.of('UpdateAccountPasswordPolicy').length, 4)
    assert.deepEqual(await actions(muster), ['password_policy.applied'])
    await replica.stop()
    await muster.close()
    await account.close()
  })
})
