/** Access that a group of the catalog has lost comes back with the trail, and not before. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { CloudTrailClient, StartLoggingCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { call, forEachEngine, withMovedClock } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const Name = 'muster-sandbox'
const aMinute = 60_000
const eventsKey = 'the-key-of-event-bridge-in-these-tests'
const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'

forEachEngine((_name, openAny) => {
  const settings = { MUSTER_AWS_EVENTS_KEY: eventsKey }
  const { move, running } = withMovedClock((options) => openAny({ ...options, settings }))

  test('what was detached from a group by hand waits for the trail, what was attached does not', async () => {
    const { sandbox, service, api } = await running()
    const trail = new CloudTrailClient({
      endpoint: sandbox.url,
      credentials: sandbox.administrator,
      region: 'us-east-1',
    })
    const ours = `arn:aws:iam::${sandbox.accountId}:policy/muster/muster-engineering`
    const attached = () => sandbox.state.groups.get('engineering')?.attachedPolicies ?? []
    const readiness = async () => {
      const { checks } = await api('GET', '/readyz')
      return checks.find(({ name }: { name: string }) => name === 'catalog')
    }
    // Everything that Muster itself has done shows by now.
    move(10 * aMinute)
    await trail.send(new StopLoggingCommand({ Name }))
    move(aMinute)
    call(sandbox, 'AttachGroupPolicy', { GroupName: 'engineering', PolicyArn: administrator })
    call(sandbox, 'DetachGroupPolicy', { GroupName: 'engineering', PolicyArn: ours })
    const { statusCode } = await service.app.inject({
      method: 'POST',
      url: '/webhooks/aws-events',
      headers: { 'x-api-key': eventsKey, 'content-type': 'application/json' },
      payload: JSON.stringify(detached(sandbox.accountId, ours)),
    })
    assert.equal(statusCode, 202)
    move(aMinute / 4)
    await eventually(() => !attached().includes(administrator), { what: 'taking away' })
    const { detail } = await eventually(
      async () => {
        const found = await readiness()
        return found?.status === 'warning' && found
      },
      { what: 'telling that it waits' },
    )
    assert.match(detail, /the catalog is not wholly in the account/)
    const drift = async () => (await api('GET', '/v1/drifts?kind=group-policy-detached')).items[0]
    assert.deepEqual([(await drift()).status, attached().includes(ours)], ['open', false])

    await trail.send(new StartLoggingCommand({ Name }))
    await eventually(() => attached().includes(ours), { what: 'attaching it again' })
    await eventually(async () => (await drift()).status === 'repaired')
    await eventually(async () => (await readiness())?.status === 'ok')
    trail.destroy()
  })
})

/** As an EventBridge API destination sends it. */
function detached(account: string, policyArn: string) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.iam',
    account,
    region: 'us-east-1',
    detail: {
      eventID: randomUUID(),
      eventSource: 'iam.amazonaws.com',
      eventName: 'DetachGroupPolicy',
      eventTime: new Date().toISOString(),
      awsRegion: 'us-east-1',
      userIdentity: { type: 'IAMUser', arn: `arn:aws:iam::${account}:user/mallory`, userName: 'mallory' },
      requestParameters: { groupName: 'engineering', policyArn },
    },
  }
}
