/** Whether a trail logs, what it logs, whether it delivers, and the keys that its digests are signed with. */
import { required } from '../fields.ts'
import { moment } from '../iam/account-state.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { beginDigests, keysBetween, latestDigest } from './digests.ts'
import { deliveryErrorOf } from './log-delivery.ts'
import type { AdvancedSelector, BasicSelector, Trail } from './trail-data.ts'
import { managementEvents, trailAtHome, trailNamed } from './trails.ts'

const text = { type: 'text' } as const
const structure = { type: 'structure' } as const
const seconds = (epochMs: number | undefined) => (epochMs === undefined ? undefined : epochMs / 1000)
const text8601 = (epochMs: number | undefined) => (epochMs === undefined ? '' : moment(new Date(epochMs)))

export const loggingOperations: OperationTable = {
  GetTrailStatus: reads({ Name: required(text) }, (account, { Name: name }, context) => {
    const trail = trailNamed(account, name, context.region)
    const error = deliveryErrorOf(trail, context.buckets)
    const { cloudWatchLogsDeliveryError: logsError } = trail
    return {
      IsLogging: trail.isLogging,
      LatestDeliveryTime: seconds(trail.deliveredAt),
      LatestDeliveryError: error,
      LatestDigestDeliveryTime: seconds(latestDigest(trail, context.now.getTime())),
      LatestDigestDeliveryError: trail.logFileValidationEnabled ? error : undefined,
      LatestCloudWatchLogsDeliveryTime: seconds(latestCloudWatchLogsDelivery(trail, context.now)),
      LatestCloudWatchLogsDeliveryError: logsError,
      StartLoggingTime: seconds(trail.startedAt),
      StopLoggingTime: seconds(trail.stoppedAt),
      TimeLoggingStarted: text8601(trail.startedAt),
      TimeLoggingStopped: text8601(trail.stoppedAt),
      // Out of use at AWS, and still answered.
      LatestDeliveryAttemptTime: text8601(trail.deliveredAt),
      LatestDeliveryAttemptSucceeded: text8601(trail.deliveredAt),
      LatestNotificationAttemptTime: '',
      LatestNotificationAttemptSucceeded: '',
    }
  }),
  StartLogging: writes({ Name: required(text) }, (account, { Name: name }, { region, now }) => {
    const trail = trailAtHome(account, name, region)
    if (trail.isLogging) return
    trail.startedAt = now.getTime()
    trail.isLogging = true
    if (trail.logFileValidationEnabled) beginDigests(trail, now.getTime())
  }),
  StopLogging: writes({ Name: required(text) }, (account, { Name: name }, { region, now }) => {
    const trail = trailAtHome(account, name, region)
    if (trail.isLogging) trail.stoppedAt = now.getTime()
    trail.isLogging = false
  }),
  GetEventSelectors: reads({ TrailName: required(text) }, (account, { TrailName: name }, { region }) =>
    selectors(trailNamed(account, name, region)),
  ),
  PutEventSelectors: writes(
    { TrailName: required(text), EventSelectors: structure, AdvancedEventSelectors: structure },
    (account, params, { region }) => {
      const trail = trailAtHome(account, params.TrailName, region)
      const basic = params.EventSelectors as readonly BasicSelector[] | undefined
      const advanced = params.AdvancedEventSelectors as readonly AdvancedSelector[] | undefined
      if ((basic?.length ?? 0) > 0 === (advanced?.length ?? 0) > 0) {
        const message = 'Specify either EventSelectors or AdvancedEventSelectors, not both and not neither.'
        throw new Refusal('InvalidEventSelectorsException', message)
      }
      if (advanced?.some(({ FieldSelectors: fields }) => !fields?.some(({ Field }) => Field === category))) {
        const message = 'Each advanced event selector must say of which eventCategory it selects.'
        throw new Refusal('InvalidEventSelectorsException', message)
      }
      // Each kind overwrites the other.
      trail.eventSelectors = (basic ?? []).map((selector) => ({ ...managementEvents, ...selector }))
      trail.advancedEventSelectors = advanced ?? []
      return selectors(trail)
    },
  ),
  ListPublicKeys: reads(
    { StartTime: structure, EndTime: structure, NextToken: text },
    (account, params, { region, now }) => {
      const to = epochMs(params.EndTime) ?? now.getTime()
      const from = epochMs(params.StartTime) ?? to - 86_400_000
      if (from > to) {
        throw new Refusal('InvalidTimeRangeException', 'The start time must not be after the end time.')
      }
      return { PublicKeyList: keysBetween(account, region, from, to) }
    },
  ),
}

const category = 'eventCategory'

/** CloudWatch Logs get events within minutes. */
function latestCloudWatchLogsDelivery(trail: Trail, now: Date): number | undefined {
  const { startedAt, stoppedAt, cloudWatchLogsLogGroupArn, cloudWatchLogsDeliveryError } = trail
  if (!cloudWatchLogsLogGroupArn || cloudWatchLogsDeliveryError || startedAt === undefined) return undefined
  const newest = (trail.isLogging ? now.getTime() : (stoppedAt ?? startedAt)) - 60_000
  if (newest > startedAt) return newest
  // Nothing since it was started again: the last one was before it was stopped.
  return trail.isLogging && stoppedAt !== undefined ? stoppedAt - 60_000 : undefined
}

const selectors = (trail: Trail) => ({
  TrailARN: trail.arn,
  EventSelectors: trail.eventSelectors.length > 0 ? trail.eventSelectors : undefined,
  AdvancedEventSelectors: trail.advancedEventSelectors.length > 0 ? trail.advancedEventSelectors : undefined,
})

/** JSON 1.1 gives moments as seconds. */
export function epochMs(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'number' ? value * 1000 : Date.parse(String(value))
}
