import { known } from '../../aws/fact.ts'
import type { Control } from '../control.ts'
import { all, isLogging, someTrail } from '../trails-that-count.ts'

export const trailLogging: Control = {
  id: 'trail-logging',
  title: 'A multi-Region trail is logging',
  practice: 'cloudtrail',
  severity: 'critical',
  remedy: 'Run `aws cloudtrail start-logging --name <trail>`, and find out who stopped it.',
  checks: ['cloudtrail_multi_region_enabled'],
  judge: someTrail(
    (trail) => all(known(trail.isMultiRegion), isLogging(trail)),
    'No multi-Region trail is logging',
  ),
}
