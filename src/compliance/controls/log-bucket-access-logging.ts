import type { Control } from '../control.ts'
import { everyLogBucket } from '../log-buckets.ts'

export const logBucketAccessLogging: Control = {
  id: 'log-bucket-access-logging',
  title: 'Requests for log files are logged themselves',
  practice: 'cloudtrail',
  severity: 'low',
  remedy: "Turn on server access logging of the trail's bucket, into another bucket.",
  checks: ['cloudtrail_logs_s3_bucket_access_logging_enabled'],
  judge: everyLogBucket(
    ({ accessLogging }) => accessLogging,
    (name) => `Bucket ${name}, where a trail delivers, has no server access logging`,
  ),
}
