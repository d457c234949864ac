/** Listing and reading objects. */
import { addAbortSignal, type Readable } from 'node:stream'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'

export interface ListedObject {
  readonly key: string
  readonly bytes: number
}

/**
 * The objects whose key begins with `prefix` and sorts after `startAfter`, in the order of their keys.
 *
 * @throws AwsCallError
 */
export async function* listObjects(
  account: Account,
  region: string,
  { bucket, prefix, startAfter }: { bucket: string; prefix: string; startAfter: string },
): AsyncGenerator<ListedObject> {
  let token: string | undefined
  do {
    const { output } = await account.callS3(
      region,
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token ? { ContinuationToken: token } : { StartAfter: startAfter }),
      }),
    )
    for (const { Key, Size } of output.Contents ?? []) {
      if (Key !== undefined) yield { key: Key, bytes: Size ?? 0 }
    }
    token = output.IsTruncated ? output.NextContinuationToken : undefined
  } while (token)
}

/**
 * The folders right below `prefix`, with the slashes at their ends; the first thousand of them.
 *
 * @throws AwsCallError
 */
export async function listFolders(
  account: Account,
  region: string,
  bucket: string,
  prefix: string,
): Promise<readonly string[]> {
  const { output } = await account.callS3(
    region,
    new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/' }),
  )
  return (output.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? [])
}

/**
 * Whether the bucket has an object of that key, whatever may be read of it.
 *
 * @throws AwsCallError
 */
export async function isListed(
  account: Account,
  region: string,
  bucket: string,
  key: string,
): Promise<boolean> {
  // Of all keys that begin with it, it is the first.
  const { output } = await account.callS3(
    region,
    new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 }),
  )
  return output.Contents?.[0]?.Key === key
}

export interface ReadObject {
  readonly body: AsyncIterable<Uint8Array>
  /** Without `x-amz-meta-`, in small letters. */
  readonly metadata: Readonly<Record<string, string>>
}

/** A body that trickles in does not hold up a look. */
const bodyTimeoutMs = 60_000

/** @throws AwsCallError, from the body too */
export async function getObject(
  account: Account,
  region: string,
  bucket: string,
  key: string,
): Promise<ReadObject> {
  const { output } = await account.callS3(region, new GetObjectCommand({ Bucket: bucket, Key: key }))
  return { body: bytesOf(output.Body as Readable | undefined), metadata: output.Metadata ?? {} }
}

async function* bytesOf(body: Readable | undefined): AsyncGenerator<Uint8Array> {
  if (!body) return
  addAbortSignal(AbortSignal.timeout(bodyTimeoutMs), body)
  try {
    yield* body
  } catch (error) {
    throw new AwsCallError('GetObject', error)
  }
}

export const isMissingObject = (error: unknown): error is AwsCallError =>
  error instanceof AwsCallError && (error.code === 'NoSuchKey' || error.code === 'NotFound')
