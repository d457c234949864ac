import type { Control } from '../control.ts'
import { everyTrail } from '../trails-that-count.ts'

export const trailLogFileValidation: Control = {
  id: 'trail-log-file-validation',
  title: 'Trails validate their log files',
  practice: 'cloudtrail',
  severity: 'medium',
  remedy: 'Run `aws cloudtrail update-trail --name <trail> --enable-log-file-validation`.',
  checks: ['cloudtrail_log_file_validation_enabled'],
  judge: everyTrail(
    (trail) =>
      trail.logFileValidation ? null : { message: `Trail ${trail.name} does not validate its log files` },
    'There is no trail that validates its log files',
  ),
}
