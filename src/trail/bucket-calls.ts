/** Listing and reading objects. */
import { addAbortSignal, type Readable } from 'node:stream'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'

export interface ListedObject {
  readonly key: string
  readonly bytes: number
}

/** Of a thousand each. No account has so many files within the hours that are looked at. */
const mostPages = 200

/**
 * The objects whose key begins with `prefix` and sorts after `startAfter`, in the order of their keys. Whoever can write
 * to the bucket can put millions of them in the way: a listing does not go on for as long as that takes.
 *
 * @throws AwsCallError, also where there are more than can be listed
 */
export async function* listObjects(
  account: Account,
  region: string,
  { bucket, prefix, startAfter }: { bucket: string; prefix: string; startAfter: string },
): AsyncGenerator<ListedObject> {
  let token: string | undefined
  let pages = 0
  do {
    if (++pages > mostPages) throw new AwsCallError('ListObjectsV2', tooMany(bucket, prefix))
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

const tooMany = (bucket: string, prefix: string) =>
  Object.assign(
    new Error(`more objects lie in the way below ${prefix} of the bucket ${bucket} than can be listed`),
    {
      name: 'TooManyObjects',
      $metadata: { httpStatusCode: 400 },
    },
  )

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
