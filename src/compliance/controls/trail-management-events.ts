import { known, mapFact } from '../../aws/fact.ts'
import { recordsAllManagement } from '../../trail/selectors.ts'
import type { Control } from '../control.ts'
import { all, isLogging, someTrail } from '../trails-that-count.ts'

/**
 * One trail must have it all: a trail that is stopped, with good selectors, records nothing. Stricter than the trail
 * gate, for which IAM and STS suffice: the published check takes no exclusion, of KMS or the RDS Data API neither.
 * https://docs.aws.amazon.com/config/latest/developerguide/multi-region-cloudtrail-enabled.html
 */
export const trailManagementEvents: Control = {
  id: 'trail-management-events',
  title: 'A logging multi-Region trail records all management events, read and write',
  practice: 'cloudtrail',
  severity: 'critical',
  remedy:
    'Give the trail a management event selector with read and write that excludes no event source: `aws cloudtrail put-event-selectors`.',
  checks: ['cloudtrail_multi_region_enabled'],
  judge: someTrail(
    (trail) =>
      all(known(trail.isMultiRegion), isLogging(trail), mapFact(trail.selectors, recordsAllManagement)),
    'No logging multi-Region trail records all management events',
  ),
}
