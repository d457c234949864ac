/** CloudTrail, asked of both. */
import { type Step, trailStep } from './step.ts'

export const trailBucket = 'muster-trail-bucket'
const theTrail = { Name: 'muster-trail' }
const noTrail = { Name: 'unknown-trail' }

export const trails: readonly Step[] = [
  trailStep('no trails', 'DescribeTrailsCommand', {}),
  trailStep('make a trail', 'CreateTrailCommand', {
    ...theTrail,
    S3BucketName: trailBucket,
    IsMultiRegionTrail: true,
    EnableLogFileValidation: true,
  }),
  trailStep('make a trail of two letters', 'CreateTrailCommand', { Name: 'ab', S3BucketName: trailBucket }),
  trailStep('describe trails', 'DescribeTrailsCommand', {}),
  trailStep('get a trail', 'GetTrailCommand', theTrail),
  trailStep('get an unknown trail', 'GetTrailCommand', noTrail),
  trailStep('status of a trail that never logged', 'GetTrailStatusCommand', theTrail),
  trailStep('status of an unknown trail', 'GetTrailStatusCommand', noTrail),
  trailStep('make a trail without its bucket', 'CreateTrailCommand', {
    Name: 'bucketless',
    S3BucketName: 'muster-no-such-bucket',
  }),
  trailStep('change a trail', 'UpdateTrailCommand', {
    ...theTrail,
    S3KeyPrefix: 'audit',
    KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555',
    CloudWatchLogsLogGroupArn: 'arn:aws:logs:us-east-1:123456789012:log-group:trail:*',
    CloudWatchLogsRoleArn: 'arn:aws:iam::123456789012:role/trail',
    EnableLogFileValidation: false,
  }),
  trailStep('get a changed trail', 'GetTrailCommand', theTrail),
  trailStep('change an unknown trail', 'UpdateTrailCommand', { ...noTrail, S3KeyPrefix: 'audit' }),
  trailStep('start logging', 'StartLoggingCommand', theTrail),
  trailStep('status of a trail that logs', 'GetTrailStatusCommand', theTrail),
  trailStep('stop logging', 'StopLoggingCommand', theTrail),
  trailStep('status of a trail that stopped', 'GetTrailStatusCommand', theTrail),
  trailStep('selectors of a new trail', 'GetEventSelectorsCommand', { TrailName: 'muster-trail' }),
  trailStep('put selectors', 'PutEventSelectorsCommand', {
    TrailName: 'muster-trail',
    EventSelectors: [{ ReadWriteType: 'WriteOnly', IncludeManagementEvents: true, DataResources: [] }],
  }),
  trailStep('get selectors', 'GetEventSelectorsCommand', { TrailName: 'muster-trail' }),
  trailStep('put advanced selectors', 'PutEventSelectorsCommand', {
    TrailName: 'muster-trail',
    AdvancedEventSelectors: [
      {
        Name: 'writes of IAM',
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Management'] },
          { Field: 'readOnly', Equals: ['false'] },
        ],
      },
    ],
  }),
  trailStep('get advanced selectors', 'GetEventSelectorsCommand', { TrailName: 'muster-trail' }),
  trailStep('make a trail again', 'CreateTrailCommand', { ...theTrail, S3BucketName: trailBucket }),
  trailStep('delete a trail', 'DeleteTrailCommand', theTrail),
  trailStep('delete a trail again', 'DeleteTrailCommand', theTrail),
]
