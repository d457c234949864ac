/** Tampering right after Muster has done something: an event tells it from a read that only lags behind. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { ownerOf } from '../credentials/link-owner.ts'
import { call, forEachEngine, withMovedClock } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const eventsKey = 'the-key-of-event-bridge-in-these-tests'
const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
const quarantine = 'muster-quarantine'

forEachEngine((_name, openAny) => {
  const settings = { MUSTER_AWS_EVENTS_KEY: eventsKey }
  const { move, running, clock } = withMovedClock((options) => openAny({ ...options, settings }))

  /** By hand, at that moment, with the event that AWS sends of it. */
  async function byHand(eventName: string, params: Readonly<Record<string, unknown>>) {
    const { sandbox, service } = await running()
    call(sandbox, eventName, params)
    const named = Object.entries(params).map(([name, value]) => [
      name[0]?.toLowerCase() + name.slice(1),
      value,
    ])
    const event = {
      account: sandbox.accountId,
      detail: {
        eventID: randomUUID(),
        eventSource: 'iam.amazonaws.com',
        eventName,
        eventTime: `${clock().toISOString().slice(0, 19)}Z`,
        userIdentity: { type: 'IAMUser', principalId: 'AIDAMALLORY', userName: 'mallory' },
        requestParameters: Object.fromEntries(named),
      },
    }
    const headers = { 'x-api-key': eventsKey, 'content-type': 'application/json' }
    const payload = JSON.stringify(event)
    const { statusCode } = await service.app.inject({
      method: 'POST',
      url: '/webhooks/aws-events',
      headers,
      payload,
    })
    assert.equal(statusCode, 202)
    // IAM's reads show it by then.
    move(15_000)
  }

  const driftsOf = async (employeeId: string, kind: string) => {
    const { api } = await running()
    return (await api('GET', `/v1/drifts?employeeId=${employeeId}&kind=${kind}`)).items ?? []
  }
  const driftsOfKind = async (kind: string) => {
    const { api } = await running()
    return (await api('GET', `/v1/drifts?kind=${kind}`)).items ?? []
  }

  test('whoever does it again as soon as it is set right is told of each time', async () => {
    const { hire, until, sandbox } = await running()
    await hire('A1')
    const { user_name: UserName } = await until('A1', 'awaiting_mfa')
    const attached = () => sandbox.state.users.get(UserName)?.attachedPolicies.length
    move(10 * 60_000)
    for (const times of [1, 2, 3]) {
      await byHand('AttachUserPolicy', { UserName, PolicyArn })
      await eventually(async () => (await driftsOf('A1', 'policy-attached')).length === times)
      await eventually(() => attached() === 0)
      move(2000)
    }
  })

  test('whoever changes a group or the password policy again at once is told of each time', async () => {
    const { sandbox } = await running()
    move(10 * 60_000)
    for (const times of [1, 2]) {
      await byHand('AttachGroupPolicy', { GroupName: 'engineering', PolicyArn })
      await eventually(async () => (await driftsOfKind('group-policy-attached')).length === times)
      await byHand('UpdateAccountPasswordPolicy', { MinimumPasswordLength: 8 })
      await eventually(async () => (await driftsOfKind('password-policy-weakened')).length === times)
      await eventually(() => sandbox.state.passwordPolicy?.minimumPasswordLength === 14)
    }
  })

  test('a leaver who is taken out of the quarantine within seconds is put back, and it is told', async () => {
    const { hire, until, tell, groupsOf } = await running()
    await hire('A2')
    const { user_name: UserName } = await until('A2', 'awaiting_mfa')
    move(10 * 60_000)
    await tell('employee.terminated', 'A2')
    await until('A2', 'locked')
    move(2000)
    await byHand('RemoveUserFromGroup', { UserName, GroupName: quarantine })
    await eventually(async () => (await driftsOf('A2', 'quarantine-left')).length === 1)
    await eventually(() => groupsOf(UserName)?.includes(quarantine))
  })

  test('a device that is taken away a minute after it was enabled takes the password with it', async () => {
    const { hire, until, api, service, sandbox } = await running()
    await hire('A3')
    const { user_name: UserName } = await until('A3', 'awaiting_mfa')
    const { link } = await api('POST', '/v1/employees/A3/enrollments')
    const me = ownerOf({ service, clock }, link)
    const scan = await me.start()
    assert.equal((await me.send(me.codes(scan.seed), scan.device)).status, 200)
    await until('A3', 'active')
    const user = () => sandbox.state.users.get(UserName)
    const SerialNumber = user()?.mfaDevices[0]?.serialNumber ?? assert.fail('no device')
    move(60_000)
    await byHand('DeactivateMFADevice', { UserName, SerialNumber })
    await eventually(() => user()?.loginProfile === undefined)
    await until('A3', 'awaiting_mfa')
    assert.equal((await driftsOf('A3', 'mfa-removed')).length, 1)
  })
})
