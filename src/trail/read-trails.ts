/** Asking CloudTrail about its trails: one call for all, and two for each. */
import {
  type AdvancedFieldSelector,
  DescribeTrailsCommand,
  type EventSelector,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  ListTrailsCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail'
import type { Account } from '../aws/account.ts'
import { type Fact, factOf, unknown } from '../aws/fact.ts'
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

/**
 * The account's trails that none of those are: of one Region, another than IAM's. What they record is not asked, since
 * it cannot be IAM. One call, one more for each of their Regions, and one for each of them.
 *
 * @param others ARNs of those that `readTrails` read
 */
export async function readTrailsElsewhere(
  account: Account,
  others: readonly string[],
): Promise<Fact<readonly TrailFacts[]>> {
  return await factOf('cloudtrail:ListTrails', async () => {
    const arnsByRegion = Map.groupBy(
      (await listTrails(account)).filter(({ arn }) => !others.includes(arn)),
      ({ homeRegion }) => homeRegion,
    )
    const read = await Promise.all(
      [...arnsByRegion].map(async ([region, listed]) => {
        const arns = listed.map(({ arn }) => arn)
        const command = new DescribeTrailsCommand({ trailNameList: arns })
        const { output } = await account.callTrail(region, command)
        const trails = (output.trailList ?? []).filter(({ TrailARN = '' }) => arns.includes(TrailARN))
        return await Promise.all(trails.map((trail) => readTrailElsewhere(account, region, trail)))
      }),
    )
    return read.flat()
  })
}

async function listTrails(account: Account): Promise<{ arn: string; homeRegion: string }[]> {
  const listed: { arn: string; homeRegion: string }[] = []
  let NextToken: string | undefined
  do {
    const command = new ListTrailsCommand(NextToken ? { NextToken } : {})
    const { output } = await account.callTrail(account.iamRegion, command)
    for (const { TrailARN: arn = '', HomeRegion } of output.Trails ?? [])
      listed.push({ arn, homeRegion: HomeRegion ?? regionOf(arn) ?? account.iamRegion })
    NextToken = output.NextToken
  } while (NextToken)
  return listed
}

async function readTrailElsewhere(account: Account, region: string, trail: Trail): Promise<TrailFacts> {
  const arn = trail.TrailARN ?? ''
  const status = await factOf('cloudtrail:GetTrailStatus', () => readStatus(account, region, arn))
  const selectors = unknown('What a trail of another Region records is not asked for')
  return trailFacts(trail, region, status, selectors)
}

async function readTrail(account: Account, trail: Trail): Promise<TrailFacts> {
  const arn = trail.TrailARN ?? ''
  const homeRegion = trail.HomeRegion ?? regionOf(arn) ?? account.iamRegion
  const [status, selectors] = await Promise.all([
    readTrailStatus(account, homeRegion, arn),
    factOf('cloudtrail:GetEventSelectors', () => readSelectors(account, homeRegion, arn)),
  ])
  return trailFacts(trail, homeRegion, status, selectors)
}

const regionOf = (arn: string): string | undefined => arn.split(':')[3]

function trailFacts(
  trail: Trail,
  homeRegion: string,
  status: TrailFacts['status'],
  selectors: TrailFacts['selectors'],
): TrailFacts {
  const arn = trail.TrailARN ?? ''
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
