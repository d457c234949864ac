import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateTrailCommand,
  DeleteTrailCommand,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailCommand,
  GetTrailStatusCommand,
  LookupEventsCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import { CreateLoginProfileCommand, CreateUserCommand } from '@aws-sdk/client-iam'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { openAtNine } from '../moved-clock.ts'
import { codeOf, openTestSandbox } from '../sandbox.ts'
import { eventNamesIn, keysIn } from './log-files.ts'

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

const trailName = 'muster-sandbox'
const bucket = 'muster-sandbox-trail-123456789012'

test('the trail of a new sandbox is as auditors want it', async (t) => {
  const { cloudtrail } = await openTestSandbox(t)
  const { Trail: trail } = await cloudtrail.send(new GetTrailCommand({ Name: trailName }))
  assert.equal(trail?.IncludeGlobalServiceEvents, true)
  assert.equal(trail?.LogFileValidationEnabled, true)
  assert.match(trail?.KmsKeyId ?? '', /^arn:aws:kms:/)
  assert.match(trail?.CloudWatchLogsLogGroupArn ?? '', /^arn:aws:logs:/)
  const status = await cloudtrail.send(new GetTrailStatusCommand({ Name: trailName }))
  const moments = [
    status.LatestDeliveryTime,
    status.LatestDigestDeliveryTime,
    status.LatestCloudWatchLogsDeliveryTime,
  ]
  for (const moment of moments) assert.ok(moment && Date.now() - moment.getTime() < 3_600_000)
  assert.deepEqual(
    [status.LatestDeliveryError, status.LatestDigestDeliveryError, status.LatestCloudWatchLogsDeliveryError],
    [undefined, undefined, undefined],
  )
  const { EventSelectors: selectors } = await cloudtrail.send(
    new GetEventSelectorsCommand({ TrailName: trailName }),
  )
  assert.deepEqual(selectors, [
    {
      ReadWriteType: 'All',
      IncludeManagementEvents: true,
      DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3'] }],
      ExcludeManagementEventSources: [],
    },
  ])
})

test('each setting of a trail can be changed, what is not named stays, and what is emptied goes', async (t) => {
  const { cloudtrail, s3 } = await openTestSandbox(t)
  await s3.send(new CreateBucketCommand({ Bucket: 'elsewhere' }))
  const changes = {
    S3BucketName: 'elsewhere',
    S3KeyPrefix: 'audit',
    SnsTopicName: 'trail-news',
    IsMultiRegionTrail: false,
    IncludeGlobalServiceEvents: false,
    EnableLogFileValidation: false,
    IsOrganizationTrail: true,
    CloudWatchLogsLogGroupArn: '',
    CloudWatchLogsRoleArn: '',
    KmsKeyId: '',
  }
  const before = (await cloudtrail.send(new GetTrailCommand({ Name: trailName }))).Trail
  await cloudtrail.send(new UpdateTrailCommand({ Name: trailName }))
  assert.deepEqual((await cloudtrail.send(new GetTrailCommand({ Name: trailName }))).Trail, before)
  await cloudtrail.send(new UpdateTrailCommand({ Name: trailName, ...changes }))
  const after = (await cloudtrail.send(new GetTrailCommand({ Name: trailName }))).Trail
  const { EnableLogFileValidation: _, CloudWatchLogsLogGroupArn: __, ...named } = changes
  const { CloudWatchLogsRoleArn: ___, KmsKeyId: ____, ...expected } = named
  for (const [name, value] of Object.entries(expected)) {
    assert.equal((after as unknown as Record<string, unknown>)[name], value, name)
  }
  assert.equal(after?.LogFileValidationEnabled, false)
  assert.equal(after?.KmsKeyId, undefined)
  assert.equal(after?.CloudWatchLogsLogGroupArn, undefined)
  const update = (more: object) =>
    codeOf(cloudtrail.send(new UpdateTrailCommand({ Name: trailName, ...more })))
  assert.equal(await update({ S3BucketName: 'nowhere' }), 'S3BucketDoesNotExistException')
  assert.equal(await update({ IsMultiRegionTrail: true }), 'InvalidParameterCombinationException')
  assert.equal(await update({ Name: 'unknown-trail' }), 'TrailNotFoundException')
})

test('log files go to the bucket, the prefix and the organization that the trail has', async (t) => {
  const { cloudtrail, s3, passMinutes } = await openAtNine(t)
  await s3.send(new CreateBucketCommand({ Bucket: 'elsewhere' }))
  await cloudtrail.send(
    new UpdateTrailCommand({
      Name: trailName,
      S3BucketName: 'elsewhere',
      S3KeyPrefix: 'audit/all',
      IsOrganizationTrail: true,
    }),
  )
  passMinutes(5)
  const keys = await keysIn(s3, '', 'elsewhere')
  assert.equal(keys.length, 1)
  assert.match(
    keys[0] ?? '',
    /^audit\/all\/AWSLogs\/o-[a-z0-9]{10,32}\/123456789012\/CloudTrail\/us-east-1\//,
  )
})

test('a trail of another Region is seen everywhere when it is multi-Region, and changed at home only', async (t) => {
  const { sandbox, s3, cloudtrail, clientsWith } = await openTestSandbox(t, { trail: false })
  const inFrankfurt = clientsWith(sandbox.administrator, 'eu-central-1').cloudtrail
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  const make = (Name: string, IsMultiRegionTrail: boolean) =>
    inFrankfurt.send(new CreateTrailCommand({ Name, S3BucketName: bucket, IsMultiRegionTrail }))
  await make('everywhere', true)
  const { TrailARN: localArn = '' } = await make('local', false)
  const names = async (client: typeof cloudtrail, request: object = {}) =>
    (await client.send(new DescribeTrailsCommand(request))).trailList?.map(({ Name }) => Name)
  assert.deepEqual(await names(inFrankfurt), ['everywhere', 'local'])
  assert.deepEqual(await names(cloudtrail), ['everywhere'])
  assert.deepEqual(await names(cloudtrail, { includeShadowTrails: false }), [])
  const { trailList: shadows } = await cloudtrail.send(new DescribeTrailsCommand({}))
  assert.equal(shadows?.[0]?.HomeRegion, 'eu-central-1')
  const arn = shadows?.[0]?.TrailARN ?? ''
  for (const client of [cloudtrail, inFrankfurt]) {
    const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name: arn }))
    assert.equal(IsLogging, false)
  }
  const lost = cloudtrail.send(new GetTrailStatusCommand({ Name: localArn }))
  assert.equal(await codeOf(lost), 'TrailNotFoundException')
  for (const command of [
    new StartLoggingCommand({ Name: arn }),
    new DeleteTrailCommand({ Name: arn }),
    new UpdateTrailCommand({ Name: arn, KmsKeyId: 'alias/other' }),
  ]) {
    assert.equal(await codeOf(cloudtrail.send(command as StartLoggingCommand)), 'InvalidHomeRegionException')
  }
  await inFrankfurt.send(new StartLoggingCommand({ Name: 'everywhere' }))
  await inFrankfurt.send(new DeleteTrailCommand({ Name: localArn }))
})

test('a single-Region trail has the events of IAM in its own Region only, and only if it wants them', async (t) => {
  const { sandbox, iam, s3, cloudtrail, clientsWith, passMinutes } = await openAtNine(t, { trail: false })
  const inFrankfurt = clientsWith(sandbox.administrator, 'eu-central-1')
  const trails = [
    { client: cloudtrail, name: 'virginia', global: true },
    { client: cloudtrail, name: 'virginia-blind', global: false },
    { client: inFrankfurt.cloudtrail, name: 'frankfurt', global: true },
  ]
  for (const { client, name, global } of trails) {
    await s3.send(new CreateBucketCommand({ Bucket: name }))
    const request = { Name: name, S3BucketName: name, IncludeGlobalServiceEvents: global }
    await client.send(new CreateTrailCommand(request))
    await client.send(new StartLoggingCommand({ Name: name }))
  }
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await inFrankfurt.iam.send(new CreateUserCommand({ UserName: 'grace' }))
  passMinutes(5)
  const created = async (name: string) =>
    (await eventNamesIn(s3, '', name)).filter((event) => event === 'CreateUser').length
  assert.deepEqual(
    [await created('virginia'), await created('virginia-blind'), await created('frankfurt')],
    [2, 0, 0],
  )
  const lookUp = (client: typeof cloudtrail) =>
    client.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'CreateUser' }],
      }),
    )
  assert.equal((await lookUp(cloudtrail)).Events?.length, 2)
  assert.equal((await lookUp(inFrankfurt.cloudtrail)).Events?.length, 0)
})

test('what a trail recorded before it was deleted is delivered', async (t) => {
  const { iam, s3, cloudtrail, passMinutes } = await openAtNine(t)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  passMinutes(1)
  await cloudtrail.send(new DeleteTrailCommand({ Name: trailName }))
  await iam.send(new CreateUserCommand({ UserName: 'mallory' }))
  passMinutes(10)
  assert.deepEqual(await eventNamesIn(s3), ['CreateUser'])
})

test('advanced selectors without a category are refused', async (t) => {
  const { cloudtrail } = await openTestSandbox(t)
  const selector = { FieldSelectors: [{ Field: 'readOnly', Equals: ['false'] }] }
  const put = new PutEventSelectorsCommand({ TrailName: trailName, AdvancedEventSelectors: [selector] })
  assert.equal(await codeOf(cloudtrail.send(put)), 'InvalidEventSelectorsException')
})
