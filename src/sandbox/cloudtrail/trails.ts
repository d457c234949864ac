/** How a CloudTrail trail is named and found, and the one that a new sandbox has. */
import type { Account } from '../iam/account-data.ts'
import { Refusal } from '../refusal.ts'
import type { Buckets } from '../s3/buckets.ts'
import type { BasicSelector, Trail } from './trail-data.ts'

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
