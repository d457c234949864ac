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
  trailStep('make a trail again', 'CreateTrailCommand', { ...theTrail, S3BucketName: trailBucket }),
  trailStep('delete a trail', 'DeleteTrailCommand', theTrail),
  trailStep('delete a trail again', 'DeleteTrailCommand', theTrail),
]
