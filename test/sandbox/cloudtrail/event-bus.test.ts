import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import {
  LookupEventsCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail'
import { CreateUserCommand, GetUserCommand, ListUsersCommand } from '@aws-sdk/client-iam'
import { eventually } from '../../harness/waiting.ts'
import { codeOf, openTestSandbox } from '../sandbox.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: an event as it came
  readonly event: any
}

/** Somebody who takes events; `answers` are given first, and then 202. */
async function openReceiver(t: TestContext, answers: number[] = []) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const body = await new Response(request as unknown as ReadableStream).text()
    received.push({ headers: request.headers, event: JSON.parse(body) })
    response.writeHead(answers.shift() ?? 202).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const target = { url: `http://127.0.0.1:${port}/events`, apiKeyHeader: 'x-api-key', apiKey: 'sesame' }
  const names = () => received.map(({ event }) => event.detail.eventName)
  return { received, target, names }
}

test('while a trail logs, what writes is sent as EventBridge sends it, and what reads is not', async (t) => {
  const { received, target, names } = await openReceiver(t)
  const { iam, cloudtrail } = await openTestSandbox(t, { events: target })
  await iam.send(new ListUsersCommand({}))
  await codeOf(iam.send(new GetUserCommand({ UserName: 'nobody' })))
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await codeOf(iam.send(new CreateUserCommand({ UserName: 'ada' })))
  await eventually(() => received.length === 2, { what: 'the events of two calls' })
  assert.deepEqual(names(), ['CreateUser', 'CreateUser'])
  const made = received.find(({ event }) => event.detail.errorCode === undefined)
  assert.ok(made)
  assert.equal(made.headers['x-api-key'], 'sesame')
  assert.match(String(made.headers['content-type']), /^application\/json/)
  const { detail, id, time, ...envelope } = made.event
  assert.deepEqual(envelope, {
    version: '0',
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.iam',
    account: '123456789012',
    region: 'us-east-1',
    resources: [],
  })
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal(time, detail.eventTime)
  const attribute = { AttributeKey: 'EventId', AttributeValue: detail.eventID } as const
  const { Events: events } = await cloudtrail.send(new LookupEventsCommand({ LookupAttributes: [attribute] }))
  assert.deepEqual(JSON.parse(events?.[0]?.CloudTrailEvent ?? '{}'), detail)
})

test('nothing is sent while no trail records writes: the stopping is the last event, the starting the first', async (t) => {
  const { target, names } = await openReceiver(t)
  const { sandbox, iam, cloudtrail } = await openTestSandbox(t)
  sandbox.sendEventsTo(target)
  await cloudtrail.send(new StopLoggingCommand({ Name: 'muster-sandbox' }))
  await iam.send(new CreateUserCommand({ UserName: 'mallory' }))
  await cloudtrail.send(new StartLoggingCommand({ Name: 'muster-sandbox' }))
  await eventually(() => names().length === 2, { what: 'two events' })
  const blind = [{ ReadWriteType: 'ReadOnly' as const, IncludeManagementEvents: true }]
  await cloudtrail.send(new PutEventSelectorsCommand({ TrailName: 'muster-sandbox', EventSelectors: blind }))
  await iam.send(new CreateUserCommand({ UserName: 'eve' }))
  const wide = [{ ReadWriteType: 'All' as const, IncludeManagementEvents: true }]
  await cloudtrail.send(new PutEventSelectorsCommand({ TrailName: 'muster-sandbox', EventSelectors: wide }))
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await eventually(() => names().includes('CreateUser'), { what: 'the event of a call that is recorded' })
  assert.deepEqual(names().slice(0, 2), ['StopLogging', 'StartLogging'])
  assert.equal(names().filter((name) => name === 'CreateUser').length, 1)
})

test('an event that is not taken is sent again, and is the same event', async (t) => {
  const { received, target } = await openReceiver(t, [503, 401])
  const { iam } = await openTestSandbox(t, { events: target })
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await eventually(() => received.length === 3, { what: 'the third try' })
  assert.equal(new Set(received.map(({ event }) => event.id)).size, 1)
})

test('calls never wait for whoever takes events, and a closed sandbox sends none', async (t) => {
  const nobody = { url: 'http://127.0.0.1:9/', apiKeyHeader: 'x-api-key', apiKey: 'sesame' }
  const { received, target } = await openReceiver(t)
  const { sandbox, iam } = await openTestSandbox(t, { events: nobody, eventLagMs: 100 })
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  sandbox.sendEventsTo(target)
  await iam.send(new CreateUserCommand({ UserName: 'grace' }))
  await eventually(() => received.length === 1, { what: "the event of grace's creation" })
  await iam.send(new CreateUserCommand({ UserName: 'joan' }))
  await sandbox.close()
  // Another's event, sent later and as late: joan's would have come before it.
  const other = await openTestSandbox(t, { events: target, eventLagMs: 100 })
  await other.iam.send(new CreateUserCommand({ UserName: 'eve' }))
  await eventually(() => received.length > 1, { what: "the event of eve's creation" })
  assert.deepEqual(
    received.map(({ event }) => event.detail.requestParameters.userName),
    ['grace', 'eve'],
  )
})

test('an event appears in the Event history after its lag, and lookups beyond two a second are throttled', async (t) => {
  let nowMs = Date.parse('2026-11-23T09:00:00Z')
  const { iam, cloudtrail } = await openTestSandbox(t, {
    now: () => new Date(nowMs),
    trail: false,
    eventLagMs: 120_000,
    lookupRateLimit: { perSecond: 0.001, burst: 2 },
  })
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  const lookUp = () => cloudtrail.send(new LookupEventsCommand({}))
  assert.deepEqual((await lookUp()).Events, [])
  nowMs += 120_000
  assert.deepEqual(
    (await lookUp()).Events?.map(({ EventName }) => EventName),
    ['LookupEvents', 'CreateUser'],
  )
  assert.equal(await codeOf(lookUp()), 'ThrottlingException')
})
