import type { Control } from '../control.ts'
import { everyTrail } from '../trails-that-count.ts'

export const trailKmsEncryption: Control = {
  id: 'trail-kms-encryption',
  title: 'Log files of trails are encrypted with a KMS key',
  practice: 'cloudtrail',
  severity: 'medium',
  remedy:
    'Make a key that CloudTrail may use, let Muster decrypt with it, and run `aws cloudtrail update-trail --name <trail> --kms-key-id <key>`.',
  checks: ['cloudtrail_kms_encryption_enabled'],
  judge: everyTrail(
    (trail) =>
      trail.kmsKeyId === null
        ? { message: `Trail ${trail.name} does not encrypt its log files with a KMS key` }
        : null,
    'There is no trail that encrypts its log files with a KMS key',
  ),
}
