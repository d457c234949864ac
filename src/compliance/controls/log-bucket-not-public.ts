import { mapFact } from '../../aws/fact.ts'
import type { Control } from '../control.ts'
import { everyLogBucket } from '../log-buckets.ts'

export const logBucketNotPublic: Control = {
  id: 'log-bucket-not-public',
  title: 'Log files are not public',
  practice: 'cloudtrail',
  severity: 'critical',
  remedy:
    "Block public access to the trail's bucket, and take grants to everybody out of its policy and its access control list.",
  checks: ['cloudtrail_logs_s3_bucket_is_not_publicly_accessible'],
  judge: everyLogBucket(
    ({ isPublic }) => mapFact(isPublic, (open) => !open),
    (name) => `Bucket ${name}, where a trail delivers, is open to everybody`,
  ),
}
