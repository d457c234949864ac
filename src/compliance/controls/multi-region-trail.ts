import { known } from '../../aws/fact.ts'
import type { Control } from '../control.ts'
import { someTrail } from '../trails-that-count.ts'

export const multiRegionTrail: Control = {
  id: 'multi-region-trail',
  title: 'There is a multi-Region trail',
  practice: 'cloudtrail',
  severity: 'critical',
  remedy:
    'Create a trail with `--is-multi-region-trail`, or turn an existing one into such a trail with `aws cloudtrail update-trail`.',
  checks: ['cloudtrail_multi_region_enabled'],
  judge: someTrail((trail) => known(trail.isMultiRegion), 'No trail records all Regions'),
}
