/**
 * S3, as much as log files need: objects are put, read, listed and deleted, and so are buckets.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
import { createHash } from 'node:crypto'
import { required } from '../fields.ts'
import type { Account } from '../iam/account-data.ts'
import { type CallContext, type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Bucket, StoredObject } from './buckets.ts'
import { listKeys } from './listing.ts'

const text = { type: 'text' } as const
const bucket = { Bucket: required(text) }
const object = { ...bucket, Key: required({ type: 'text', max: 1024 }) } as const
const read = { ...object, ChecksumMode: text }
const maxKeys = { type: 'integer', min: 0 } as const
const listing = { ...bucket, Prefix: text, Delimiter: text, MaxKeys: maxKeys, EncodingType: text } as const

export const s3Operations: OperationTable = {
  ListBuckets: reads({}, (account, _params, { buckets }) => ({
    Owner: { ID: ownerOf(account) },
    Buckets: buckets.all().map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt })),
  })),
  CreateBucket: writes(
    { ...bucket, LocationConstraint: text },
    (_account, params, { buckets, region, now }) => {
      const { Bucket: name, LocationConstraint: location } = params
      if (buckets.get(name)) {
        const message = 'Your previous request to create the named bucket succeeded and you already own it.'
        throw new Refusal('BucketAlreadyOwnedByYou', message)
      }
      mustBeBucketName(name)
      buckets.create(name, location ?? region, now)
      return { Location: `/${name}` }
    },
  ),
  DeleteBucket: writes(bucket, (_account, { Bucket: name }, context) => {
    if (bucketNamed(name, context).objects.size > 0) {
      throw new Refusal('BucketNotEmpty', 'The bucket you tried to delete is not empty')
    }
    context.buckets.delete(name)
  }),
  HeadBucket: reads(bucket, (_account, { Bucket: name }, context) => ({
    BucketRegion: bucketNamed(name, context).region,
  })),
  GetBucketLocation: reads(bucket, (_account, { Bucket: name }, context) => {
    const { region } = bucketNamed(name, context)
    return { LocationConstraint: region === 'us-east-1' ? '' : region }
  }),
  // Buckets here are as they should be: nobody else gets in, and whoever reads is on record.
  GetBucketLogging: reads(bucket, (_account, { Bucket: name }, context) => ({
    LoggingEnabled: { TargetBucket: `${bucketNamed(name, context).name}-access`, TargetPrefix: '' },
  })),
  GetBucketPolicyStatus: reads(bucket, (_account, { Bucket: name }, context) => {
    bucketNamed(name, context)
    return { IsPublic: 'FALSE' }
  }),
  GetBucketAcl: reads(bucket, (account, { Bucket: name }, context) => {
    bucketNamed(name, context)
    return { Owner: { ID: ownerOf(account) }, AccessControlList: {} }
  }),
  GetPublicAccessBlock: reads(bucket, (_account, { Bucket: name }, context) => {
    bucketNamed(name, context)
    return {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    }
  }),

  GetObject: reads(read, (_account, params, context) => {
    const found = objectNamed(params.Bucket, params.Key, context)
    return { ...headOf(found, params.ChecksumMode), Body: found.body }
  }),
  HeadObject: reads(read, (_account, params, context) =>
    headOf(objectNamed(params.Bucket, params.Key, context), params.ChecksumMode),
  ),
  PutObject: writes(
    {
      ...object,
      Body: { type: 'structure', secret: true },
      Metadata: { type: 'structure' },
      ContentType: text,
      ChecksumCRC32: text,
    },
    (_account, params, context) => {
      bucketNamed(params.Bucket, context)
      const { etag, crc32 } = context.buckets.put(params.Bucket, {
        key: params.Key,
        body: params.Body as Uint8Array,
        metadata: (params.Metadata ?? {}) as Readonly<Record<string, string>>,
        ...(params.ContentType === undefined ? {} : { contentType: params.ContentType }),
        crc32: params.ChecksumCRC32,
        at: context.now,
      })
      return { ETag: etag, ChecksumCRC32: crc32 }
    },
  ),
  // What is not there is deleted, too.
  DeleteObject: writes(object, (_account, { Bucket: name, Key: key }, context) => {
    bucketNamed(name, context)
    context.buckets.remove(name, key)
  }),

  ListObjectsV2: reads(
    { ...listing, StartAfter: text, ContinuationToken: text },
    (_account, params, context) => {
      const { ContinuationToken: token, StartAfter: startAfter } = params
      const { page, found } = listed(params, token === undefined ? startAfter : keyOfToken(token), context)
      return {
        ...page,
        StartAfter: startAfter,
        ContinuationToken: token,
        KeyCount: found.keys.length + found.commonPrefixes.length,
        NextContinuationToken:
          found.isTruncated && found.last !== undefined ? tokenOf(found.last) : undefined,
      }
    },
  ),
  // The first version: the aws command line's `validate-logs` still asks it.
  ListObjects: reads({ ...listing, Marker: text }, (account, params, context) => {
    const { page, found } = listed(params, params.Marker, context)
    const Owner = { ID: ownerOf(account) }
    const next = found.isTruncated && params.Delimiter !== undefined ? found.last : undefined
    const Contents = page.Contents.map((each) => ({ ...each, Owner }))
    return { ...page, Contents, Marker: params.Marker ?? '', NextMarker: next }
  }),
}

/** S3's own name for an account: 64 hexadecimal digits. */
const ownerOf = ({ accountId }: Account) => createHash('sha256').update(accountId).digest('hex')

interface ListingParams {
  readonly Bucket: string
  readonly Prefix: string | undefined
  readonly Delimiter: string | undefined
  readonly MaxKeys: number | undefined
  readonly EncodingType: string | undefined
}

function listed(params: ListingParams, after: string | undefined, context: CallContext) {
  const { Bucket: name, Prefix: prefix = '', Delimiter: delimiter } = params
  const { objects } = bucketNamed(name, context)
  const most = Math.min(params.MaxKeys ?? 1000, 1000)
  const found = listKeys(context.buckets.keysOf(name), { prefix, delimiter, after, maxKeys: most })
  const page = {
    Name: name,
    Prefix: prefix,
    Delimiter: delimiter,
    EncodingType: params.EncodingType,
    MaxKeys: most,
    IsTruncated: found.isTruncated,
    Contents: found.keys.map((key) => contentOf(objects.get(key))),
    CommonPrefixes: found.commonPrefixes.map((each) => ({ Prefix: each })),
  }
  return { page, found }
}

const contentOf = (object: StoredObject | undefined) => ({
  Key: object?.key,
  LastModified: object?.lastModified,
  ETag: object?.etag,
  ChecksumAlgorithm: object?.crc32 && 'CRC32',
  Size: object?.body.length,
  StorageClass: 'STANDARD',
})

const headOf = (
  { body, contentType, crc32, etag, lastModified, metadata }: StoredObject,
  checksumMode: string | undefined,
) => ({
  ContentLength: body.length,
  ContentType: contentType,
  ETag: etag,
  ChecksumCRC32: checksumMode === 'ENABLED' ? crc32 : undefined,
  LastModified: lastModified,
  Metadata: metadata,
})

/** @throws Refusal `NoSuchBucket` */
function bucketNamed(name: string, { buckets }: CallContext): Bucket {
  const found = buckets.get(name)
  if (!found) throw new Refusal('NoSuchBucket', 'The specified bucket does not exist')
  return found
}

/** @throws Refusal `NoSuchBucket`, `NoSuchKey` */
function objectNamed(name: string, key: string, context: CallContext): StoredObject {
  const found = bucketNamed(name, context).objects.get(key)
  if (!found) throw new Refusal('NoSuchKey', 'The specified key does not exist.')
  return found
}

/** @throws Refusal `InvalidBucketName`; https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function mustBeBucketName(name: string): void {
  if (/^[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) return
  throw new Refusal('InvalidBucketName', 'The specified bucket is not valid.')
}

const tokenOf = (key: string) => Buffer.from(key).toString('base64')

/** @throws Refusal `InvalidArgument` for a token that is none of ours */
function keyOfToken(token: string): string {
  const key = Buffer.from(token, 'base64').toString()
  if (tokenOf(key) !== token) {
    throw new Refusal('InvalidArgument', 'The continuation token provided is incorrect')
  }
  return key
}
