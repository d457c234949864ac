/** What CloudTrail says of the trails that record an account: 1 + 2T calls for T trails. */
import {
  DescribeTrailsCommand,
  type EventSelector,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail'
import type { Account } from '../aws/account.ts'
import { type Fact, factOf } from '../aws/fact.ts'
import type { BasicSelector, TrailFacts, TrailSelectors, TrailStatus } from './facts.ts'

/** Every trail is asked by ARN in its home Region. */
export async function readTrails(account: Account): Promise<Fact<readonly TrailFacts[]>> {
  return await factOf('cloudtrail:DescribeTrails', async () => {
    const { output } = await account.callTrail(account.iamRegion, new DescribeTrailsCommand({}))
    const read: TrailFacts[] = []
    for (const trail of output.trailList ?? []) read.push(await factsOf(account, trail))
    return read
  })
}

async function factsOf(account: Account, trail: Trail): Promise<TrailFacts> {
  const arn = trail.TrailARN ?? ''
  const homeRegion = trail.HomeRegion ?? account.iamRegion
  return {
    arn,
    name: trail.Name ?? '',
    homeRegion,
    isMultiRegion: trail.IsMultiRegionTrail ?? false,
    isOrganization: trail.IsOrganizationTrail ?? false,
    includesGlobalServices: trail.IncludeGlobalServiceEvents ?? false,
    bucket: trail.S3BucketName ?? '',
    keyPrefix: trail.S3KeyPrefix ?? null,
    kmsKeyId: trail.KmsKeyId ?? null,
    logFileValidation: trail.LogFileValidationEnabled ?? false,
    cloudWatchLogsGroupArn: trail.CloudWatchLogsLogGroupArn ?? null,
    status: await factOf('cloudtrail:GetTrailStatus', () => statusOf(account, homeRegion, arn)),
    selectors: await factOf('cloudtrail:GetEventSelectors', () => selectorsOf(account, homeRegion, arn)),
  }
}

async function statusOf(account: Account, region: string, Name: string): Promise<TrailStatus> {
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

async function selectorsOf(account: Account, region: string, TrailName: string): Promise<TrailSelectors> {
  const { output } = await account.callTrail(region, new GetEventSelectorsCommand({ TrailName }))
  return {
    basic: (output.EventSelectors ?? []).map(basicOf),
    advanced: (output.AdvancedEventSelectors ?? []).map(({ FieldSelectors }) => ({
      fields: (FieldSelectors ?? []).map((it) => ({
        field: it.Field ?? '',
        equals: it.Equals ?? [],
        startsWith: it.StartsWith ?? [],
        endsWith: it.EndsWith ?? [],
        notEquals: it.NotEquals ?? [],
        notStartsWith: it.NotStartsWith ?? [],
        notEndsWith: it.NotEndsWith ?? [],
      })),
    })),
  }
}

function basicOf(selector: EventSelector): BasicSelector {
  return {
    readWriteType: selector.ReadWriteType ?? 'All',
    includeManagementEvents: selector.IncludeManagementEvents ?? true,
    excludedSources: selector.ExcludeManagementEventSources ?? [],
    dataResources: (selector.DataResources ?? []).map(({ Type, Values }) => ({
      type: Type ?? '',
      values: Values ?? [],
    })),
  }
}
