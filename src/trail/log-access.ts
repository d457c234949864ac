/** What Muster needs to read log files, and what it says when AWS does not let it. */
import type { AwsCallError } from '../aws/errors.ts'
import type { TrailPlace } from './facts.ts'
import { accountFolder, type LogPlace, organizationsBelow } from './log-keys.ts'

export type Statement = Readonly<Record<string, unknown>>

/** Why log files could not be read. */
export interface Refusal {
  readonly kind: 'no-bucket' | 's3-denied' | 'kms-denied' | 'other'
  /** AWS's own. */
  readonly code: string
  /** One sentence. */
  readonly reason: string
  /** To be added to Muster's role; empty where that would not help. */
  readonly statementsToAdd: readonly Statement[]
}

/** @param object the key of what was asked for; undefined for a listing. The reason names it. */
export function refusalOf(
  error: AwsCallError,
  partition: string,
  trail: TrailPlace,
  place: LogPlace,
  object?: string,
): Refusal {
  const { bucket } = place
  const { code } = error
  const message = shortened(error.message)
  // A trail's key may have been another one when the object was written.
  const kmsKeyId = kmsKeyIn(message) ?? trail.kmsKeyId
  const of = object ?? 'the log files'
  if (code === 'NoSuchBucket') {
    return { kind: 'no-bucket', code, reason: `the bucket ${bucket} does not exist`, statementsToAdd: [] }
  }
  // S3 answers for KMS, and only the message says so; a key that is disabled or gone has codes of its own.
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
  if (code.startsWith('KMS.')) {
    const reason = `the key ${kmsKeyId} of ${of} cannot be used: ${message}`
    return { kind: 'other', code, reason, statementsToAdd: [] }
  }
  if (error.class !== 'denied') {
    return { kind: 'other', code, reason: object ? `${object}: ${message}` : message, statementsToAdd: [] }
  }
  if (error.action === 'ListPublicKeys') {
    return {
      kind: 'other',
      code,
      reason:
        'Muster may not call cloudtrail:ListPublicKeys: without the keys no digest file can be verified',
      statementsToAdd: [publicKeysStatement],
    }
  }
  if (/\bkms:/i.test(message)) {
    const elsewhere = hintForOtherAccounts([trail.arn, kmsKeyId], place.accountId)
    const withKey = kmsKeyId ? ` with the key ${kmsKeyId}` : ''
    const reason = `Muster may not call kms:Decrypt${withKey} for ${of} in ${bucket}${elsewhere}`
    return { kind: 'kms-denied', code, reason, statementsToAdd: keyStatements(partition, kmsKeyId) }
  }
  const action = object === undefined ? 's3:ListBucket' : 's3:GetObject'
  const elsewhere = hintForOtherAccounts([trail.arn, trail.kmsKeyId], place.accountId)
  return {
    kind: 's3-denied',
    code,
    reason: `Muster may not call ${action} on the bucket ${bucket}${object ? ` for ${object}` : ''}${elsewhere}`,
    statementsToAdd: [
      ...bucketStatements(partition, trail, place),
      ...keyStatements(partition, trail.kmsKeyId),
    ],
  }
}

/** Each once, and under a name of its own, so that they fit into one policy. */
export function uniqueStatements(refusals: readonly Refusal[]): readonly Statement[] {
  const unique = new Map(
    refusals.flatMap(({ statementsToAdd }) => statementsToAdd.map((one) => [JSON.stringify(one), one])),
  )
  const used = new Map<unknown, number>()
  return [...unique.values()].map((statement) => {
    const times = (used.get(statement.Sid) ?? 0) + 1
    used.set(statement.Sid, times)
    return times === 1 ? statement : { ...statement, Sid: `${statement.Sid}${times}` }
  })
}

/** Some of AWS's messages quote what was asked for at any length, and reasons are kept for each object. */
const shortened = (message: string): string => (message.length > 500 ? `${message.slice(0, 500)}…` : message)

/** `... is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:...`, where the policy is an identity's. */
const kmsKeyIn = (message: string): string | undefined =>
  /\barn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+/.exec(message)?.[0]

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

/** The action knows no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html */
const publicKeysStatement: Statement = {
  Sid: 'ReadThePublicKeys',
  Effect: 'Allow',
  Action: 'cloudtrail:ListPublicKeys',
  Resource: '*',
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service */
function keyStatements(partition: string, kmsKeyId: string | null): readonly Statement[] {
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
function hintForOtherAccounts(arns: readonly (string | null)[], accountId: string): string {
  const owners = arns.flatMap((arn) => arn?.split(':')[4] ?? [])
  return owners.some((owner) => owner !== accountId)
    ? '; it is another account’s: the policies of the bucket and of its key must allow it, too'
    : '; if the bucket is another account’s, its own policy must allow it, too'
}
