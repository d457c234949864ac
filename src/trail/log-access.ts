/** What Muster needs to read log files, and what it says when AWS does not let it. */
import type { AwsCallError } from '../aws/errors.ts'
import type { TrailPlace } from './facts.ts'
import { accountFolder, type LogPlace, organizationsBelow } from './log-keys.ts'

export type Statement = Readonly<Record<string, unknown>>

/** Why log files could not be read. */
export interface Refusal {
  readonly kind: 'no-bucket' | 's3-denied' | 'kms-denied' | 'other'
  /** One sentence. */
  readonly reason: string
  /** To be added to Muster's role; empty where that would not help. */
  readonly statementsToAdd: readonly Statement[]
}

/** @param key the object that was asked for; undefined for a listing */
export function refusalOf(
  error: AwsCallError,
  partition: string,
  trail: TrailPlace,
  place: LogPlace,
  key?: string,
): Refusal {
  const { bucket } = place
  const elsewhere = hintForOtherAccounts(trail, place.accountId)
  if (error.code === 'NoSuchBucket') {
    return { kind: 'no-bucket', reason: `the bucket ${bucket} does not exist`, statementsToAdd: [] }
  }
  // S3 answers for KMS, and only the message says so; a key that is disabled or gone has codes of its own.
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
  if (error.code.startsWith('KMS.')) {
    const reason = `the key ${trail.kmsKeyId} of the log files cannot be used: ${error.message}`
    return { kind: 'other', reason, statementsToAdd: [] }
  }
  if (error.class !== 'denied') return { kind: 'other', reason: error.message, statementsToAdd: [] }
  if (/\bkms:/i.test(error.message)) {
    const reason = `Muster may not call kms:Decrypt for the log files in ${bucket}${elsewhere}`
    return { kind: 'kms-denied', reason, statementsToAdd: keyStatements(partition, trail) }
  }
  const action = key === undefined ? 's3:ListBucket' : 's3:GetObject'
  return {
    kind: 's3-denied',
    reason: `Muster may not call ${action} on the bucket ${bucket}${key ? ` for ${key}` : ''}${elsewhere}`,
    statementsToAdd: [...bucketStatements(partition, trail, place), ...keyStatements(partition, trail)],
  }
}

function bucketStatements(partition: string, trail: TrailPlace, place: LogPlace): readonly Statement[] {
  const bucketArn = `arn:${partition}:s3:::${place.bucket}`
  const organizationId = trail.isOrganization ? (place.organizationId ?? 'o-*') : null
  const folder = accountFolder({ ...place, organizationId })
  return [
    {
      Sid: 'ListTheLogFiles',
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: bucketArn,
      Condition: {
        StringLike: {
          's3:prefix': [...(trail.isOrganization ? [organizationsBelow(place)] : []), `${folder}CloudTrail*`],
        },
      },
    },
    {
      Sid: 'ReadTheLogFiles',
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: `${bucketArn}/${folder}*`,
    },
  ]
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service */
function keyStatements(partition: string, { kmsKeyId }: TrailPlace): readonly Statement[] {
  if (kmsKeyId === null) return []
  const region = kmsKeyId.split(':')[3]
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
  return [
    {
      Sid: 'DecryptTheLogFiles',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: kmsKeyId,
      Condition: { StringEquals: { 'kms:ViaService': `s3.${region}.${domain}` } },
    },
  ]
}

/** Across accounts, both sides must allow it: the role's policy, and the bucket's or the key's. */
function hintForOtherAccounts({ arn, kmsKeyId }: TrailPlace, accountId: string): string {
  const owners = [arn, ...(kmsKeyId ? [kmsKeyId] : [])].map((name) => name.split(':')[4])
  return owners.some((owner) => owner !== accountId)
    ? '; it is another account’s: the policies of the bucket and of its key must allow it, too'
    : '; if the bucket is another account’s, its own policy must allow it, too'
}
