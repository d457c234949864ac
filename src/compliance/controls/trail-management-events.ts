import { known, mapFact } from '../../aws/fact.ts'
import { recordsIam } from '../../trail/selectors.ts'
import type { Control } from '../control.ts'
import { all, isLogging, someTrail } from '../trails-that-count.ts'

/** One trail must have it all: a trail that is stopped, with good selectors, records nothing. */
export const trailManagementEvents: Control = {
  id: 'trail-management-events',
  title: 'A logging multi-Region trail records management events, read and write, of IAM and STS too',
  practice: 'cloudtrail',
  severity: 'critical',
  remedy:
    'Give the trail a management event selector with read and write, and take IAM and STS out of what it excludes: `aws cloudtrail put-event-selectors`.',
  checks: ['cloudtrail_multi_region_enabled'],
  judge: someTrail(
    (trail) =>
      all(
        known(trail.isMultiRegion),
        isLogging(trail),
        mapFact(trail.selectors, (selectors) => recordsIam(selectors).blindTo.length === 0),
      ),
    'No logging multi-Region trail records all management events of IAM and STS',
  ),
}
