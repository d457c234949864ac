/**
 * CloudTrail: trails, their selectors and status, and the Event history.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/Welcome.html
 */

import { eventOf, type LookupAttribute, matches } from './event-history.ts'
import { required } from './fields.ts'
import { type Account, moment } from './iam/account-state.ts'
import { page } from './iam/pages.ts'
import { type CallContext, type OperationTable, reads, writes } from './operation.ts'
import { Refusal } from './refusal.ts'
import type { Trail } from './trails.ts'

const text = { type: 'text' } as const
const flag = { type: 'flag' } as const
const structure = { type: 'structure' } as const
const seconds = (epochMs: number | undefined) => (epochMs === undefined ? undefined : epochMs / 1000)
const text8601 = (epochMs: number | undefined) => (epochMs === undefined ? '' : moment(new Date(epochMs)))

export const cloudTrailOperations: OperationTable = {
  CreateTrail: writes(
    {
      Name: required(text),
      S3BucketName: required(text),
      S3KeyPrefix: text,
      IncludeGlobalServiceEvents: flag,
      IsMultiRegionTrail: flag,
      EnableLogFileValidation: flag,
    },
    (account, params, { region }) => {
      mustBeTrailName(params.Name)
      const arn = `arn:aws:cloudtrail:${region}:${account.accountId}:trail/${params.Name}`
      if (account.trails.has(arn)) {
        const message = `Trail ${params.Name} already exists for customer: ${account.accountId}`
        throw new Refusal('TrailAlreadyExistsException', message)
      }
      const trail: Trail = {
        name: params.Name,
        arn,
        homeRegion: region,
        s3BucketName: params.S3BucketName,
        ...(params.S3KeyPrefix === undefined ? {} : { s3KeyPrefix: params.S3KeyPrefix }),
        isMultiRegionTrail: params.IsMultiRegionTrail ?? false,
        includeGlobalServiceEvents: params.IncludeGlobalServiceEvents ?? true,
        logFileValidationEnabled: params.EnableLogFileValidation ?? false,
        isLogging: false,
        eventSelectors: [{ ...managementEvents }],
        advancedEventSelectors: [],
      }
      account.trails.set(arn, trail)
      const {
        HomeRegion: _,
        HasCustomEventSelectors: __,
        HasInsightSelectors: ___,
        ...made
      } = described(trail)
      return made
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
  GetTrail: reads({ Name: required(text) }, (account, { Name: name }, context) => ({
    Trail: described(trailNamed(account, name, context)),
  })),
  GetTrailStatus: reads({ Name: required(text) }, (account, { Name: name }, context) => {
    const trail = trailNamed(account, name, context)
    const delivered = latestDelivery(trail, context.now)
    return {
      IsLogging: trail.isLogging,
      LatestDeliveryTime: seconds(delivered),
      LatestDigestDeliveryTime: trail.logFileValidationEnabled ? seconds(delivered) : undefined,
      StartLoggingTime: seconds(trail.startedAt),
      StopLoggingTime: seconds(trail.stoppedAt),
      TimeLoggingStarted: text8601(trail.startedAt),
      TimeLoggingStopped: text8601(trail.stoppedAt),
      // Out of use at AWS, and still answered.
      LatestDeliveryAttemptTime: text8601(delivered),
      LatestDeliveryAttemptSucceeded: text8601(delivered),
      LatestNotificationAttemptTime: '',
      LatestNotificationAttemptSucceeded: '',
    }
  }),
  StartLogging: writes({ Name: required(text) }, (account, { Name: name }, context) => {
    const trail = trailNamed(account, name, context)
    if (!trail.isLogging) trail.startedAt = context.now.getTime()
    trail.isLogging = true
  }),
  StopLogging: writes({ Name: required(text) }, (account, { Name: name }, context) => {
    const trail = trailNamed(account, name, context)
    if (trail.isLogging) trail.stoppedAt = context.now.getTime()
    trail.isLogging = false
  }),
  DeleteTrail: writes({ Name: required(text) }, (account, { Name: name }, context) => {
    account.trails.delete(trailNamed(account, name, context).arn)
  }),
  GetEventSelectors: reads({ TrailName: required(text) }, (account, { TrailName: name }, context) =>
    selectors(trailNamed(account, name, context)),
  ),
  PutEventSelectors: writes(
    { TrailName: required(text), EventSelectors: structure, AdvancedEventSelectors: structure },
    (account, params, context) => {
      const trail = trailNamed(account, params.TrailName, context)
      const basic = params.EventSelectors as readonly object[] | undefined
      const advanced = params.AdvancedEventSelectors as readonly object[] | undefined
      if ((basic?.length ?? 0) > 0 === (advanced?.length ?? 0) > 0) {
        const message = 'Specify either EventSelectors or AdvancedEventSelectors, not both and not neither.'
        throw new Refusal('InvalidEventSelectorsException', message)
      }
      // Each kind overwrites the other.
      trail.eventSelectors = (basic ?? []).map((selector) => ({ ...managementEvents, ...selector }))
      trail.advancedEventSelectors = advanced ?? []
      return selectors(trail)
    },
  ),
  LookupEvents: reads(
    {
      LookupAttributes: structure,
      StartTime: structure,
      EndTime: structure,
      MaxResults: { type: 'integer', min: 1, max: 50 },
      NextToken: text,
    },
    (account, params, { pastCalls, region, now }) => {
      const attributes = (params.LookupAttributes ?? []) as readonly LookupAttribute[]
      if (attributes.length > 1) {
        const message = 'You can only use one lookup attribute in a request.'
        throw new Refusal('InvalidLookupAttributesException', message)
      }
      const from = epochMs(params.StartTime) ?? now.getTime() - historyMs
      const to = epochMs(params.EndTime) ?? Number.POSITIVE_INFINITY
      const found: object[] = []
      for (const call of pastCalls?.() ?? []) {
        const at = call.at.getTime()
        if (call.region !== region || at < from || at > to) continue
        const event = eventOf(account, call)
        if (attributes.every((attribute) => matches(event, attribute))) found.push(event)
      }
      // Newest first; the token is the place in the list.
      const keyed = found.map((event, index) => ({ event, key: String(index).padStart(9, '0') }))
      const result = page(keyed, ({ key }) => key, {
        MaxItems: params.MaxResults ?? 50,
        Marker: params.NextToken,
      })
      return { Events: result.items.map(({ event }) => event), NextToken: result.Marker }
    },
  ),
}

const managementEvents = {
  ReadWriteType: 'All',
  IncludeManagementEvents: true,
  DataResources: [],
  ExcludeManagementEventSources: [],
}
/** Event history reaches back 90 days. */
const historyMs = 90 * 86_400_000
const deliveryEveryMs = 5 * 60_000

/** @throws Refusal `InvalidTrailNameException`; https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html */
function mustBeTrailName(name: string): void {
  if (/^[A-Za-z0-9](?!.*[._-]{2})[A-Za-z0-9._-]{1,126}[A-Za-z0-9]$/.test(name)) return
  const message = `Trail name must be 3 to 128 letters, digits, and single . _ - between them: ${name}`
  throw new Refusal('InvalidTrailNameException', message)
}

/** By ARN anywhere, by name in its home Region, and everywhere when it is multi-Region. */
function trailNamed(account: Account, name: string, { region }: CallContext): Trail {
  const found = [...account.trails.values()].find(
    (trail) =>
      trail.arn === name ||
      (trail.name === name && (trail.homeRegion === region || trail.isMultiRegionTrail)),
  )
  if (found) return found
  throw new Refusal('TrailNotFoundException', `Unknown trail: ${name} for the user: ${account.accountId}`)
}

/** Trails deliver every five minutes or so; log files into a bucket belong here, too. */
function latestDelivery({ startedAt, stoppedAt, isLogging }: Trail, now: Date): number | undefined {
  if (startedAt === undefined) return undefined
  const until = isLogging ? now.getTime() : (stoppedAt ?? startedAt)
  const delivered = startedAt + Math.floor((until - startedAt) / deliveryEveryMs) * deliveryEveryMs
  return delivered > startedAt ? delivered : undefined
}

const described = (trail: Trail) => ({
  Name: trail.name,
  S3BucketName: trail.s3BucketName,
  S3KeyPrefix: trail.s3KeyPrefix,
  IncludeGlobalServiceEvents: trail.includeGlobalServiceEvents,
  IsMultiRegionTrail: trail.isMultiRegionTrail,
  HomeRegion: trail.homeRegion,
  TrailARN: trail.arn,
  LogFileValidationEnabled: trail.logFileValidationEnabled,
  HasCustomEventSelectors: JSON.stringify(trail.eventSelectors) !== JSON.stringify([managementEvents]),
  HasInsightSelectors: false,
  IsOrganizationTrail: false,
})

const selectors = (trail: Trail) => ({
  TrailARN: trail.arn,
  EventSelectors: trail.eventSelectors.length > 0 ? trail.eventSelectors : undefined,
  AdvancedEventSelectors: trail.advancedEventSelectors.length > 0 ? trail.advancedEventSelectors : undefined,
})

/** JSON 1.1 gives moments as seconds. */
function epochMs(value: unknown): number | undefined {
  if (value === undefined) return undefined
  return typeof value === 'number' ? value * 1000 : Date.parse(String(value))
}

/** The trail that a new sandbox has: multi-Region, and logging since the day before. */
export function createDefaultTrail(account: Account, now: Date): void {
  const homeRegion = 'us-east-1'
  const name = 'muster-sandbox'
  const arn = `arn:aws:cloudtrail:${homeRegion}:${account.accountId}:trail/${name}`
  account.trails.set(arn, {
    name,
    arn,
    homeRegion,
    s3BucketName: `muster-sandbox-trail-${account.accountId}`,
    isMultiRegionTrail: true,
    includeGlobalServiceEvents: true,
    logFileValidationEnabled: true,
    isLogging: true,
    startedAt: now.getTime() - 86_400_000,
    eventSelectors: [{ ...managementEvents }],
    advancedEventSelectors: [],
  })
}
