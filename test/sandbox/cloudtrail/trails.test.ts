import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  LookupEventsCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail'
import { CreateLoginProfileCommand, CreateUserCommand } from '@aws-sdk/client-iam'
import { codeOf, openTestSandbox } from '../sandbox.ts'

test('a new sandbox has one multi-Region trail that logs and delivers', async (t) => {
  const { cloudtrail } = await openTestSandbox(t)
  const { trailList: trails = [] } = await cloudtrail.send(new DescribeTrailsCommand({}))
  assert.equal(trails.length, 1)
  assert.equal(trails[0]?.IsMultiRegionTrail, true)
  assert.equal(trails[0]?.HomeRegion, 'us-east-1')
  const status = await cloudtrail.send(new GetTrailStatusCommand({ Name: trails[0]?.TrailARN ?? '' }))
  assert.equal(status.IsLogging, true)
  assert.ok(status.LatestDeliveryTime && Date.now() - status.LatestDeliveryTime.getTime() < 600_000)
})

test('a sandbox can begin without a trail', async (t) => {
  const { cloudtrail } = await openTestSandbox(t, { trail: false })
  assert.deepEqual((await cloudtrail.send(new DescribeTrailsCommand({}))).trailList, [])
})

test('a trail that was stopped delivers no more, until it is started', async (t) => {
  let now = new Date('2026-11-23T09:00:00Z')
  const { cloudtrail } = await openTestSandbox(t, { now: () => now })
  const trail = { Name: 'muster-sandbox' }
  const status = async () => {
    const { IsLogging, LatestDeliveryTime } = await cloudtrail.send(new GetTrailStatusCommand(trail))
    return [IsLogging, LatestDeliveryTime?.toISOString()]
  }
  await cloudtrail.send(new StopLoggingCommand(trail))
  now = new Date('2026-11-23T12:00:00Z')
  // The stopping itself is recorded, and delivered with the next log file.
  assert.deepEqual(await status(), [false, '2026-11-23T09:05:00.000Z'])
  await cloudtrail.send(new StartLoggingCommand(trail))
  now = new Date('2026-11-23T12:06:00Z')
  assert.deepEqual(await status(), [true, '2026-11-23T12:05:00.000Z'])
})

test('selectors of one kind take the place of the other', async (t) => {
  const { cloudtrail } = await openTestSandbox(t)
  const trail = { TrailName: 'muster-sandbox' }
  const management = { Field: 'eventCategory', Equals: ['Management'] }
  const advanced = [{ Name: 'management', FieldSelectors: [management] }]
  await cloudtrail.send(new PutEventSelectorsCommand({ ...trail, AdvancedEventSelectors: advanced }))
  const read = await cloudtrail.send(new GetEventSelectorsCommand(trail))
  assert.equal(read.EventSelectors, undefined)
  assert.deepEqual(read.AdvancedEventSelectors?.[0]?.FieldSelectors?.[0]?.Equals, ['Management'])
  const neither = cloudtrail.send(new PutEventSelectorsCommand(trail))
  assert.equal(await codeOf(neither), 'InvalidEventSelectorsException')
})

test('the Event history tells who did what, with or without a trail, newest first', async (t) => {
  const { iam, cloudtrail } = await openTestSandbox(t, { trail: false })
  const { $metadata } = await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await codeOf(iam.send(new CreateUserCommand({ UserName: 'ada' })))
  await iam.send(new CreateUserCommand({ UserName: 'grace' }))
  await iam.send(new CreateLoginProfileCommand({ UserName: 'ada', Password: 'Analytical-1843' }))
  const lookUp = (AttributeKey: 'EventName' | 'ResourceName', AttributeValue: string, more: object = {}) =>
    cloudtrail.send(
      new LookupEventsCommand({ LookupAttributes: [{ AttributeKey, AttributeValue }], ...more }),
    )
  const { Events: made = [] } = await lookUp('EventName', 'CreateUser')
  assert.deepEqual(
    made.map(({ Resources }) => Resources?.[0]?.ResourceName),
    ['grace', 'ada', 'ada'],
  )
  const records = made.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent ?? '{}'))
  assert.equal(records[1].errorCode, 'EntityAlreadyExists')
  assert.equal(records[2].requestID, $metadata.requestId)
  assert.equal(records[2].requestParameters.userName, 'ada')
  const { Events: adas = [] } = await lookUp('ResourceName', 'ada')
  assert.equal(adas.length, 3)
  assert.doesNotMatch(JSON.stringify(adas), /Analytical/)
  const first = await lookUp('ResourceName', 'ada', { MaxResults: 2 })
  const second = await lookUp('ResourceName', 'ada', { MaxResults: 2, NextToken: first.NextToken })
  assert.deepEqual([first.Events?.length, second.Events?.length], [2, 1])
  const { Events: none } = await lookUp('ResourceName', 'ada', { EndTime: new Date(0) })
  assert.deepEqual(none, [])
})
