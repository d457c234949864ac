/** What an account remembers of a CloudTrail trail, how it is found, and the one that a new sandbox has. */
import type { Account } from '../iam/account-state.ts'
import { Refusal } from '../refusal.ts'
import type { Buckets } from '../s3/buckets.ts'

/** All moments are epoch milliseconds. */
export interface Trail {
  readonly name: string
  readonly arn: string
  readonly homeRegion: string
  s3BucketName: string
  s3KeyPrefix?: string | undefined
  snsTopicName?: string | undefined
  isMultiRegionTrail: boolean
  isOrganizationTrail?: boolean
  includeGlobalServiceEvents: boolean
  logFileValidationEnabled: boolean
  kmsKeyId?: string | undefined
  cloudWatchLogsLogGroupArn?: string | undefined
  cloudWatchLogsRoleArn?: string | undefined
  isLogging: boolean
  startedAt?: number
  stoppedAt?: number
  eventSelectors: readonly BasicSelector[]
  advancedEventSelectors: readonly AdvancedSelector[]
  /** Set by whoever wants to see the trail fail: what S3 says to its deliveries, `AccessDenied`. */
  deliveryError?: string | undefined
  /** The same for CloudWatch Logs. */
  cloudWatchLogsDeliveryError?: string | undefined
  /** The newest delivery that succeeded. */
  deliveredAt?: number
  /** Until when delivery was last seen to fail. */
  failedAt?: number
  /** Where the chain of digests begins; digests are made from here on. */
  digestsFrom?: number
  digestedAt?: number
  /** The end of the chain, by Region. */
  digestChains?: Readonly<Record<string, DigestLink>>
  /** Log files that no digest has yet. */
  undigested?: readonly DeliveredLogFile[]
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html */
export interface BasicSelector {
  readonly ReadWriteType?: string
  readonly IncludeManagementEvents?: boolean
  readonly DataResources?: readonly object[]
  readonly ExcludeManagementEventSources?: readonly string[]
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html */
export interface AdvancedSelector {
  readonly Name?: string
  readonly FieldSelectors?: readonly FieldSelector[]
}
export interface FieldSelector {
  readonly Field: string
  readonly Equals?: readonly string[]
  readonly StartsWith?: readonly string[]
  readonly EndsWith?: readonly string[]
  readonly NotEquals?: readonly string[]
  readonly NotStartsWith?: readonly string[]
  readonly NotEndsWith?: readonly string[]
}

/** A digest as the next one refers to it. */
export interface DigestLink {
  readonly endsAt: number
  readonly bucket?: string
  readonly key?: string
  readonly hash?: string
  readonly signature?: string
}

export interface DeliveredLogFile {
  readonly region: string
  readonly at: number
  readonly bucket: string
  readonly key: string
  /** SHA-256 of the uncompressed content, in hexadecimal. */
  readonly hash: string
  readonly oldestEventTime: string
  readonly newestEventTime: string
}

/** What a trail records that nobody told otherwise. */
export const managementEvents: BasicSelector = {
  ReadWriteType: 'All',
  IncludeManagementEvents: true,
  DataResources: [],
  ExcludeManagementEventSources: [],
}

export const trailArn = ({ accountId }: Account, region: string, name: string) =>
  `arn:aws:cloudtrail:${region}:${accountId}:trail/${name}`

/**
 * By name or ARN; from other Regions only a multi-Region trail is seen.
 *
 * @throws Refusal `TrailNotFoundException`
 */
export function trailNamed(account: Account, name: string, region: string): Trail {
  const found = findTrail(account, name, region)
  if (found) return found
  throw new Refusal('TrailNotFoundException', `Unknown trail: ${name} for the user: ${account.accountId}`)
}

/**
 * A trail that is to be changed: that is done in its home Region only.
 *
 * @throws Refusal `TrailNotFoundException`, `InvalidHomeRegionException`
 */
export function trailAtHome(account: Account, name: string, region: string): Trail {
  const trail = trailNamed(account, name, region)
  if (trail.homeRegion === region) return trail
  const message = `Trail ${trail.arn} can only be changed in its home Region, ${trail.homeRegion}`
  throw new Refusal('InvalidHomeRegionException', message)
}

function findTrail(account: Account, name: string, region: string): Trail | undefined {
  const visible = [...account.trails.values()].filter(
    (trail) => trail.homeRegion === region || trail.isMultiRegionTrail,
  )
  return (
    visible.find((trail) => trail.arn === name) ??
    visible.find((trail) => trail.name === name && trail.homeRegion === region) ??
    visible.find((trail) => trail.name === name)
  )
}

/** Gives each trail its bucket, an empty one: from here on it delivers. */
export function beginDelivery(account: Account, buckets: Buckets, now: Date): void {
  for (const trail of account.trails.values()) {
    const { s3BucketName: bucket, homeRegion, isLogging } = trail
    if (!buckets.get(bucket)) buckets.create(bucket, homeRegion, now)
    // What it would have delivered before is not there, so a chain of digests begins now.
    if (isLogging) trail.digestsFrom = now.getTime()
    trail.digestChains = {}
    trail.undigested = []
  }
}

/** The trail that a new sandbox has: as auditors want it, and logging since the day before. */
export function createDefaultTrail(account: Account, now: Date): void {
  const { accountId } = account
  const homeRegion = 'us-east-1'
  const name = 'muster-sandbox'
  const arn = trailArn(account, homeRegion, name)
  account.trails.set(arn, {
    name,
    arn,
    homeRegion,
    s3BucketName: `muster-sandbox-trail-${accountId}`,
    isMultiRegionTrail: true,
    isOrganizationTrail: false,
    includeGlobalServiceEvents: true,
    logFileValidationEnabled: true,
    kmsKeyId: `arn:aws:kms:${homeRegion}:${accountId}:key/5b0ca1de-7a11-4f00-8000-6d7573746572`,
    cloudWatchLogsLogGroupArn: `arn:aws:logs:${homeRegion}:${accountId}:log-group:cloudtrail:*`,
    cloudWatchLogsRoleArn: `arn:aws:iam::${accountId}:role/cloudtrail-to-cloudwatch-logs`,
    isLogging: true,
    startedAt: now.getTime() - 86_400_000,
    deliveredAt: now.getTime(),
    digestedAt: now.getTime(),
    eventSelectors: [
      { ...managementEvents, DataResources: [{ Type: 'AWS::S3::Object', Values: ['arn:aws:s3'] }] },
    ],
    advancedEventSelectors: [],
  })
}
