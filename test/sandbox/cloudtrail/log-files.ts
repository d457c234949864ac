/** The log files of a bucket, read as anybody would: over S3. */
import { gunzipSync } from 'node:zlib'
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'

export const sandboxBucket = 'muster-sandbox-trail-123456789012'

export interface LogRecord {
  readonly eventName: string
  readonly eventSource: string
  readonly eventTime: string
  readonly awsRegion: string
  readonly requestID: string
  readonly eventID: string
  readonly errorCode?: string
  readonly readOnly: boolean
  readonly userIdentity: Readonly<Record<string, unknown>>
}

export async function keysIn(
  s3: S3Client,
  Prefix: string,
  Bucket = sandboxBucket,
): Promise<readonly string[]> {
  const { Contents: found = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }))
  return found.map(({ Key = '' }) => Key)
}

export async function recordsIn(
  s3: S3Client,
  Key: string,
  Bucket = sandboxBucket,
): Promise<readonly LogRecord[]> {
  const { Body: body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
  const bytes = (await body?.transformToByteArray()) ?? new Uint8Array()
  return JSON.parse(gunzipSync(bytes).toString()).Records
}

/** The names of all events in the log files below a prefix, in the order of delivery. */
export async function eventNamesIn(s3: S3Client, Prefix = 'AWSLogs/', Bucket = sandboxBucket) {
  const keys = (await keysIn(s3, Prefix, Bucket)).filter((key) => key.includes('/CloudTrail/'))
  const records = await Promise.all(keys.map((key) => recordsIn(s3, key, Bucket)))
  return records.flat().map(({ eventName }) => eventName)
}
