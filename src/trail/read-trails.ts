/** Asking CloudTrail about its trails: one call for all, and two for each. */
import {
  type AdvancedFieldSelector,
  DescribeTrailsCommand,
  type EventSelector,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail'
import type { Account } from '../aws/account.ts'
import { type Fact, factOf } from '../aws/fact.ts'
import type { AdvancedField, BasicSelector, TrailFacts, TrailSelectors, TrailStatus } from './facts.ts'

/**
 * Every trail that may record IAM: those of the IAM Region, and those of other Regions that reach into it. Each is
 * asked by its ARN in its home Region, since elsewhere only its shadow answers. 1 + 2 T calls.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
 */
export async function readTrails(account: Account): Promise<Fact<readonly TrailFacts[]>> {
  return await factOf('cloudtrail:DescribeTrails', async () => {
    const command = new DescribeTrailsCommand({ includeShadowTrails: true })
    const { output } = await account.callTrail(account.iamRegion, command)
    return await Promise.all((output.trailList ?? []).map((trail) => readTrail(account, trail)))
  })
}

async function readTrail(account: Account, trail: Trail): Promise<TrailFacts> {
  const arn = trail.TrailARN ?? ''
  const homeRegion = trail.HomeRegion ?? arn.split(':')[3] ?? account.iamRegion
  const [status, selectors] = await Promise.all([
    readTrailStatus(account, homeRegion, arn),
    factOf('cloudtrail:GetEventSelectors', () => readSelectors(account, homeRegion, arn)),
  ])
  return {
    arn,
    name: trail.Name ?? arn,
    homeRegion,
    isMultiRegion: trail.IsMultiRegionTrail ?? false,
    isOrganization: trail.IsOrganizationTrail ?? false,
    includesGlobalServices: trail.IncludeGlobalServiceEvents ?? false,
    bucket: trail.S3BucketName ?? '',
    keyPrefix: trail.S3KeyPrefix ?? null,
    kmsKeyId: trail.KmsKeyId ?? null,
    logFileValidation: trail.LogFileValidationEnabled ?? false,
    cloudWatchLogsGroupArn: trail.CloudWatchLogsLogGroupArn ?? null,
    status,
    selectors,
  }
}

/**
 * What one Region says of a trail: its deliveries are those of that Region alone.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
 */
export async function readTrailStatus(
  account: Account,
  region: string,
  trailArn: string,
): Promise<Fact<TrailStatus>> {
  return await factOf('cloudtrail:GetTrailStatus', () => readStatus(account, region, trailArn))
}

async function readStatus(account: Account, region: string, Name: string): Promise<TrailStatus> {
  const { output } = await account.callTrail(region, new GetTrailStatusCommand({ Name }))
  return {
    isLogging: output.IsLogging ?? false,
    startedAt: output.StartLoggingTime ?? null,
    stoppedAt: output.StopLoggingTime ?? null,
    latestDeliveryAt: output.LatestDeliveryTime ?? null,
    latestDeliveryError: output.LatestDeliveryError || null,
    latestDigestAt: output.LatestDigestDeliveryTime ?? null,
    latestDigestError: output.LatestDigestDeliveryError || null,
    latestCloudWatchLogsDeliveryAt: output.LatestCloudWatchLogsDeliveryTime ?? null,
  }
}

async function readSelectors(account: Account, region: string, TrailName: string): Promise<TrailSelectors> {
  const { output } = await account.callTrail(region, new GetEventSelectorsCommand({ TrailName }))
  return {
    basic: (output.EventSelectors ?? []).map(basicOf),
    advanced: (output.AdvancedEventSelectors ?? []).map(({ FieldSelectors = [] }) => ({
      fields: FieldSelectors.map(fieldOf),
    })),
  }
}

function basicOf(selector: EventSelector): BasicSelector {
  return {
    readWriteType: selector.ReadWriteType ?? 'All',
    includeManagementEvents: selector.IncludeManagementEvents ?? true,
    excludedSources: selector.ExcludeManagementEventSources ?? [],
    dataResources: (selector.DataResources ?? []).map(({ Type = '', Values = [] }) => ({
      type: Type,
      values: Values,
    })),
  }
}

function fieldOf(test: AdvancedFieldSelector): AdvancedField {
  return {
    field: test.Field ?? '',
    equals: test.Equals ?? [],
    startsWith: test.StartsWith ?? [],
    endsWith: test.EndsWith ?? [],
    notEquals: test.NotEquals ?? [],
    notStartsWith: test.NotStartsWith ?? [],
    notEndsWith: test.NotEndsWith ?? [],
  }
}
