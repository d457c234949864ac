/**
 * CloudTrail's trails: made, changed, looked at, deleted.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/Welcome.html
 */

import { required } from '../fields.ts'
import { type CallContext, type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { beginDigests } from './digests.ts'
import type { Trail } from './trail-data.ts'
import { managementEvents, trailArn, trailAtHome, trailNamed } from './trails.ts'

const text = { type: 'text' } as const
const flag = { type: 'flag' } as const

/** What CreateTrail and UpdateTrail have in common. */
const settings = {
  S3KeyPrefix: text,
  SnsTopicName: text,
  IncludeGlobalServiceEvents: flag,
  IsMultiRegionTrail: flag,
  EnableLogFileValidation: flag,
  CloudWatchLogsLogGroupArn: text,
  CloudWatchLogsRoleArn: text,
  KmsKeyId: text,
  IsOrganizationTrail: flag,
} as const

export const trailOperations: OperationTable = {
  CreateTrail: writes(
    { Name: required(text), S3BucketName: required(text), ...settings },
    (account, params, context) => {
      const { region } = context
      mustBeTrailName(params.Name)
      const arn = trailArn(account, region, params.Name)
      if (account.trails.has(arn)) {
        const message = `Trail ${params.Name} already exists for customer: ${account.accountId}`
        throw new Refusal('TrailAlreadyExistsException', message)
      }
      mustBeBucket(params.S3BucketName, context)
      mustGoTogether(params.IsMultiRegionTrail ?? false, params.IncludeGlobalServiceEvents ?? true)
      const trail: Trail = {
        name: params.Name,
        arn,
        homeRegion: region,
        s3BucketName: params.S3BucketName,
        isMultiRegionTrail: false,
        includeGlobalServiceEvents: true,
        logFileValidationEnabled: false,
        isLogging: false,
        eventSelectors: [{ ...managementEvents }],
        advancedEventSelectors: [],
      }
      change(trail, params)
      account.trails.set(arn, trail)
      return answered(trail)
    },
  ),
  UpdateTrail: writes(
    { Name: required(text), S3BucketName: text, ...settings },
    (account, params, context) => {
      const trail = trailAtHome(account, params.Name, context.region)
      if (params.S3BucketName !== undefined) mustBeBucket(params.S3BucketName, context)
      mustGoTogether(
        params.IsMultiRegionTrail ?? trail.isMultiRegionTrail,
        params.IncludeGlobalServiceEvents ?? trail.includeGlobalServiceEvents,
      )
      const wasValidated = trail.logFileValidationEnabled
      change(trail, params)
      if (!wasValidated && trail.logFileValidationEnabled && trail.isLogging) {
        beginDigests(trail, context.now.getTime())
      }
      return answered(trail)
    },
  ),
  DescribeTrails: reads(
    { trailNameList: { type: 'textList', of: text }, includeShadowTrails: flag },
    (account, { trailNameList: names, includeShadowTrails: shadows = true }, { region }) => {
      const visible = [...account.trails.values()].filter(
        (trail) =>
          (trail.homeRegion === region || (shadows && trail.isMultiRegionTrail)) &&
          (!names?.length || names.includes(trail.arn) || names.includes(trail.name)),
      )
      return { trailList: visible.map(described) }
    },
  ),
  ListTrails: reads({ NextToken: text }, (account) => ({
    Trails: [...account.trails.values()].map(({ name, arn, homeRegion }) => ({
      Name: name,
      TrailARN: arn,
      HomeRegion: homeRegion,
    })),
  })),
  GetTrail: reads({ Name: required(text) }, (account, { Name: name }, { region }) => ({
    Trail: described(trailNamed(account, name, region)),
  })),
  DeleteTrail: writes({ Name: required(text) }, (account, { Name: name }, { region }) => {
    account.trails.delete(trailAtHome(account, name, region).arn)
  }),
}

interface Settings {
  readonly S3BucketName?: string | undefined
  readonly S3KeyPrefix: string | undefined
  readonly SnsTopicName: string | undefined
  readonly IncludeGlobalServiceEvents: boolean | undefined
  readonly IsMultiRegionTrail: boolean | undefined
  readonly EnableLogFileValidation: boolean | undefined
  readonly CloudWatchLogsLogGroupArn: string | undefined
  readonly CloudWatchLogsRoleArn: string | undefined
  readonly KmsKeyId: string | undefined
  readonly IsOrganizationTrail: boolean | undefined
}

/** What is not named stays; what is named and empty goes. */
function change(trail: Trail, params: Settings): void {
  const texts = {
    s3KeyPrefix: params.S3KeyPrefix,
    snsTopicName: params.SnsTopicName,
    cloudWatchLogsLogGroupArn: params.CloudWatchLogsLogGroupArn,
    cloudWatchLogsRoleArn: params.CloudWatchLogsRoleArn,
    kmsKeyId: params.KmsKeyId,
  } as const
  for (const [name, value] of Object.entries(texts) as [keyof typeof texts, string | undefined][]) {
    if (value === '') delete trail[name]
    else if (value !== undefined) trail[name] = value
  }
  trail.s3BucketName = params.S3BucketName ?? trail.s3BucketName
  trail.isMultiRegionTrail = params.IsMultiRegionTrail ?? trail.isMultiRegionTrail
  trail.isOrganizationTrail = params.IsOrganizationTrail ?? trail.isOrganizationTrail ?? false
  trail.includeGlobalServiceEvents = params.IncludeGlobalServiceEvents ?? trail.includeGlobalServiceEvents
  trail.logFileValidationEnabled = params.EnableLogFileValidation ?? trail.logFileValidationEnabled
}

/** @throws Refusal `InvalidTrailNameException`; https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html */
function mustBeTrailName(name: string): void {
  if (/^[A-Za-z0-9](?!.*[._-]{2})[A-Za-z0-9._-]{1,126}[A-Za-z0-9]$/.test(name)) return
  const message = `Trail name must be 3 to 128 letters, digits, and single . _ - between them: ${name}`
  throw new Refusal('InvalidTrailNameException', message)
}

/** @throws Refusal `S3BucketDoesNotExistException` */
function mustBeBucket(name: string, { buckets }: CallContext): void {
  if (!buckets.get(name)) {
    throw new Refusal('S3BucketDoesNotExistException', `S3 bucket ${name} does not exist!`)
  }
}

/** @throws Refusal `InvalidParameterCombinationException` for a trail of all Regions without global services */
function mustGoTogether(isMultiRegion: boolean, includesGlobalServices: boolean): void {
  if (!isMultiRegion || includesGlobalServices) return
  const message = 'Multi-Region trail must include global service events.'
  throw new Refusal('InvalidParameterCombinationException', message)
}

/** What CreateTrail and UpdateTrail answer. */
const answered = (trail: Trail) => ({
  Name: trail.name,
  S3BucketName: trail.s3BucketName,
  S3KeyPrefix: trail.s3KeyPrefix,
  SnsTopicName: trail.snsTopicName,
  IncludeGlobalServiceEvents: trail.includeGlobalServiceEvents,
  IsMultiRegionTrail: trail.isMultiRegionTrail,
  TrailARN: trail.arn,
  LogFileValidationEnabled: trail.logFileValidationEnabled,
  CloudWatchLogsLogGroupArn: trail.cloudWatchLogsLogGroupArn,
  CloudWatchLogsRoleArn: trail.cloudWatchLogsRoleArn,
  KmsKeyId: trail.kmsKeyId,
  IsOrganizationTrail: trail.isOrganizationTrail ?? false,
})

/** What DescribeTrails and GetTrail answer. */
const described = (trail: Trail) => ({
  ...answered(trail),
  HomeRegion: trail.homeRegion,
  HasCustomEventSelectors: JSON.stringify(trail.eventSelectors) !== JSON.stringify([managementEvents]),
  HasInsightSelectors: false,
})
