import { known, mapFact } from '../../aws/fact.ts'
import type { Control } from '../control.ts'
import { recordsAllObjects } from '../s3-data-events.ts'
import { all, isLogging, someTrail } from '../trails-that-count.ts'

export const s3WriteEvents: Control = {
  id: 's3-write-events',
  title: 'A logging multi-Region trail records writing to the objects of all buckets',
  practice: 'cloudtrail',
  severity: 'low',
  remedy:
    'Add a data event selector for AWS::S3::Object on all buckets, mind what it costs: `aws cloudtrail put-event-selectors`.',
  checks: ['cloudtrail_s3_dataevents_write_enabled'],
  judge: someTrail(
    (trail) =>
      all(
        known(trail.isMultiRegion),
        isLogging(trail),
        mapFact(trail.selectors, (selectors) => recordsAllObjects(selectors, 'write')),
      ),
    'No logging multi-Region trail records writes to the objects of all buckets',
  ),
}
