import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import {
  GetTrailStatusCommand,
  LookupEventsCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail'
import { CreateUserCommand, GetUserCommand, ListUsersCommand } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { createLogDelivery } from '../../../src/sandbox/cloudtrail/log-delivery.ts'
import { beginDelivery, createDefaultTrail } from '../../../src/sandbox/cloudtrail/trails.ts'
import { administratorOf, createAccount } from '../../../src/sandbox/iam/index.ts'
import { createBuckets } from '../../../src/sandbox/s3/buckets.ts'
import { openAtNine } from '../moved-clock.ts'
import { codeOf } from '../sandbox.ts'
import { eventNamesIn, keysIn, type LogRecord, recordsIn, sandboxBucket } from './log-files.ts'

const trail = { Name: 'muster-sandbox' }

test('a trail that logs delivers what was called, failed calls included, about five minutes later', async (t) => {
  const { iam, s3, cloudtrail, passMinutes } = await openAtNine(t)
  passMinutes(1)
  const { $metadata } = await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await codeOf(iam.send(new GetUserCommand({ UserName: 'nobody' })))
  assert.deepEqual(await keysIn(s3, ''), [])
  passMinutes(3.9)
  assert.deepEqual(await keysIn(s3, ''), [])
  passMinutes(0.1)
  const [key = '', ...others] = await keysIn(s3, '')
  assert.deepEqual(others, [])
  assert.match(
    key,
    /^AWSLogs\/123456789012\/CloudTrail\/us-east-1\/2026\/11\/23\/123456789012_CloudTrail_us-east-1_20261123T0905Z_[A-Za-z0-9]{16}\.json\.gz$/,
  )
  const records = await recordsIn(s3, key)
  assert.deepEqual(
    records.map(({ eventName, errorCode }) => [eventName, errorCode]),
    [
      ['CreateUser', undefined],
      ['GetUser', 'NoSuchEntity'],
    ],
  )
  assert.equal(records[0]?.requestID, $metadata.requestId)
  assert.equal(records[0]?.eventTime, '2026-11-23T09:01:00Z')
  const { Events: events = [] } = await cloudtrail.send(new LookupEventsCommand({}))
  const told = events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent ?? '{}'))
  assert.deepEqual(told.reverse().slice(0, 2), records)
})

test('log files tell each event once, however late and however often somebody looks', async (t) => {
  const { iam, s3, passMinutes } = await openAtNine(t)
  for (const UserName of ['ada', 'grace', 'joan']) {
    await iam.send(new CreateUserCommand({ UserName }))
    passMinutes(7)
  }
  const keys = await keysIn(s3, '')
  assert.deepEqual(
    keys.map((key) => /_(\d{8}T\d{4}Z)_/.exec(key)?.[1]),
    ['20261123T0905Z', '20261123T0910Z', '20261123T0915Z'],
  )
  passMinutes(60)
  assert.deepEqual(await eventNamesIn(s3), ['CreateUser', 'CreateUser', 'CreateUser'])
})

test('a log file that is full is delivered at once, and what several tell is told once', () => {
  const at = new Date('2026-11-23T09:00:00Z')
  const account = createAccount('123456789012', { now: at })
  const buckets = createBuckets()
  createDefaultTrail(account, at)
  beginDelivery(account, buckets, at)
  const [theTrail] = account.trails.values()
  assert.ok(theTrail)
  const delivery = createLogDelivery(account, buckets, 300_000)
  for (let call = 0; call < 3000; call += 1) {
    const caller = administratorOf(account)
    const told = { service: 'iam', action: 'ListUsers', params: {}, readOnly: true, region: 'us-east-1' }
    delivery.add(theTrail, { ...told, at, caller, requestId: `call-${call}` })
  }
  const requestIds = () =>
    buckets
      .keysOf(sandboxBucket)
      .flatMap((key) =>
        JSON.parse(
          gunzipSync(buckets.get(sandboxBucket)?.objects.get(key)?.body ?? '').toString(),
        ).Records.map((record: LogRecord) => record.requestID),
      )
  assert.equal(requestIds().length, 2500)
  delivery.catchUp(new Date('2026-11-23T09:05:00Z'))
  assert.deepEqual(requestIds().sort(), Array.from({ length: 3000 }, (_, call) => `call-${call}`).sort())
})

test('how often a trail delivers can be chosen, down to at once', async (t) => {
  const { iam, s3 } = await openAtNine(t, { deliverEveryMs: 0 })
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  assert.deepEqual(await eventNamesIn(s3), ['CreateUser'])
  await iam.send(new CreateUserCommand({ UserName: 'grace' }))
  assert.deepEqual(await eventNamesIn(s3), ['CreateUser', 'CreateUser'])
})

test('what happens while a trail does not log is in no log file, ever; the stopping and the starting are', async (t) => {
  const { iam, s3, cloudtrail, passMinutes } = await openAtNine(t)
  await cloudtrail.send(new StopLoggingCommand(trail))
  await iam.send(new CreateUserCommand({ UserName: 'mallory' }))
  passMinutes(10)
  await cloudtrail.send(new StartLoggingCommand(trail))
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  passMinutes(10)
  assert.deepEqual(await eventNamesIn(s3), ['StopLogging', 'StartLogging', 'CreateUser'])
  const { Events: events = [] } = await cloudtrail.send(new LookupEventsCommand({}))
  assert.equal(events.filter(({ EventName }) => EventName === 'CreateUser').length, 2)
})

test('where delivery fails the newest delivery stands still, and what waited comes when it works again', async (t) => {
  const { sandbox, iam, s3, cloudtrail, passMinutes } = await openAtNine(t)
  const status = async () => {
    const { LatestDeliveryTime: at, LatestDeliveryError: error } = await cloudtrail.send(
      new GetTrailStatusCommand(trail),
    )
    return [at?.toISOString().slice(11, 16), error]
  }
  assert.deepEqual(await status(), ['09:00', undefined])
  const [theTrail] = sandbox.state.trails.values()
  assert.ok(theTrail)
  theTrail.deliveryError = 'AccessDenied'
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  passMinutes(30)
  assert.deepEqual(await status(), ['09:00', 'AccessDenied'])
  assert.deepEqual(await eventNamesIn(s3), [])
  theTrail.deliveryError = undefined
  passMinutes(5)
  assert.deepEqual(await status(), ['09:35', undefined])
  assert.ok((await eventNamesIn(s3)).includes('CreateUser'))
  sandbox.buckets.delete(theTrail.s3BucketName)
  passMinutes(30)
  assert.deepEqual(await status(), ['09:35', 'NoSuchBucket'])
})

/** What a trail with these selectors has in its log files of four calls: two of IAM, one of STS, one of its own. */
async function recordedWith(t: TestContext, selectors: object): Promise<readonly string[]> {
  const { iam, sts, s3, cloudtrail, passMinutes } = await openAtNine(t)
  await cloudtrail.send(new PutEventSelectorsCommand({ TrailName: trail.Name, ...selectors }))
  passMinutes(5)
  await eventNamesIn(s3)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await iam.send(new ListUsersCommand({}))
  await sts.send(new GetCallerIdentityCommand({}))
  await cloudtrail.send(new GetTrailStatusCommand(trail))
  passMinutes(5)
  return (await eventNamesIn(s3)).filter((name) => name !== 'PutEventSelectors')
}

const all = ['CreateUser', 'ListUsers', 'GetCallerIdentity', 'GetTrailStatus']
const management = { Field: 'eventCategory', Equals: ['Management'] }
const advanced = (...fields: object[]) => ({ AdvancedEventSelectors: [{ FieldSelectors: fields }] })
const basic = (...EventSelectors: object[]) => ({ EventSelectors })

const selections: readonly (readonly [string, object, readonly string[]])[] = [
  ['everything', basic({ ReadWriteType: 'All' }), all],
  ['writes only', basic({ ReadWriteType: 'WriteOnly' }), ['CreateUser']],
  ['reads only', basic({ ReadWriteType: 'ReadOnly' }), all.slice(1)],
  ['no management events', basic({ IncludeManagementEvents: false }), []],
  ['an excluded source', basic({ ExcludeManagementEventSources: ['iam.amazonaws.com'] }), all.slice(2)],
  [
    'the union of two basic selectors',
    basic({ ReadWriteType: 'WriteOnly' }, { IncludeManagementEvents: false }),
    ['CreateUser'],
  ],
  ['all management events, the advanced way', advanced(management), all],
  ['data events only', advanced({ Field: 'eventCategory', Equals: ['Data'] }), []],
  [
    'writes, the advanced way',
    advanced(management, { Field: 'readOnly', Equals: ['false'] }),
    ['CreateUser'],
  ],
  [
    'all but IAM',
    advanced(management, { Field: 'eventSource', NotEquals: ['iam.amazonaws.com'] }),
    all.slice(2),
  ],
  ['names that begin so', advanced(management, { Field: 'eventName', StartsWith: ['List'] }), ['ListUsers']],
  [
    'names that end so, but for one',
    advanced(management, { Field: 'eventName', EndsWith: ['Users', 'User'], NotStartsWith: ['Create'] }),
    ['ListUsers'],
  ],
  [
    'names that do not end so',
    advanced(management, { Field: 'eventName', NotEndsWith: ['User', 'Users', 'Status'] }),
    ['GetCallerIdentity'],
  ],
]
for (const [name, selectors, expected] of selections) {
  test(`selectors truly blind a trail: ${name}`, async (t) => {
    assert.deepEqual(await recordedWith(t, selectors), expected)
  })
}
