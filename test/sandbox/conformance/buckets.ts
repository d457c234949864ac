/** S3, asked of both. */
import { bucketStep, type Step } from './step.ts'
import { trailBucket } from './trails.ts'

const bucket = { Bucket: trailBucket }
const other = { Bucket: 'muster-other-bucket' }
const nowhere = { Bucket: 'muster-no-such-bucket' }
const logFile = { ...bucket, Key: 'AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/23/a log+file.json.gz' }
const none = { ...bucket, Key: 'AWSLogs/none' }
const folder = 'AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/'

export const buckets: readonly Step[] = [
  bucketStep('list objects of no bucket', 'ListObjectsV2Command', nowhere),
  bucketStep('read from no bucket', 'GetObjectCommand', { ...nowhere, Key: 'x' }),
  bucketStep('ask for no bucket', 'HeadBucketCommand', nowhere),
  bucketStep('make a bucket', 'CreateBucketCommand', bucket),
  bucketStep('make another bucket', 'CreateBucketCommand', other),
  bucketStep('where is a bucket', 'GetBucketLocationCommand', bucket),
  bucketStep('list objects of an empty bucket', 'ListObjectsV2Command', bucket),
  bucketStep('put an object', 'PutObjectCommand', {
    ...logFile,
    Body: 'some bytes',
    ContentType: 'application/json',
    Metadata: { signature: 'abcdef', 'signature-algorithm': 'SHA256withRSA' },
  }),
  bucketStep('read an object', 'GetObjectCommand', logFile),
  bucketStep('ask for an object', 'HeadObjectCommand', logFile),
  bucketStep('read no object', 'GetObjectCommand', none),
  bucketStep('ask for no object', 'HeadObjectCommand', none),
  ...['22/b', '22/a', '24/a', 'c'].map((name) =>
    bucketStep(`put ${name}`, 'PutObjectCommand', { ...bucket, Key: folder + name, Body: name }),
  ),
  bucketStep('list all objects', 'ListObjectsV2Command', bucket),
  bucketStep('list by prefix', 'ListObjectsV2Command', { ...bucket, Prefix: `${folder}22/` }),
  bucketStep('list days', 'ListObjectsV2Command', { ...bucket, Prefix: folder, Delimiter: '/' }),
  bucketStep('list after a key', 'ListObjectsV2Command', {
    ...bucket,
    Prefix: folder,
    StartAfter: `${folder}22/b`,
  }),
  bucketStep('list the first two', 'ListObjectsV2Command', { ...bucket, MaxKeys: 2 }),
  bucketStep('list for a url', 'ListObjectsV2Command', { ...bucket, EncodingType: 'url' }),
  bucketStep('list the old way', 'ListObjectsCommand', { ...bucket, Marker: `${folder}22/a` }),
  bucketStep('delete an object', 'DeleteObjectCommand', logFile),
  bucketStep('delete an object again', 'DeleteObjectCommand', logFile),
  bucketStep('delete a bucket that is not empty', 'DeleteBucketCommand', bucket),
  bucketStep('delete an empty bucket', 'DeleteBucketCommand', other),
  bucketStep('delete no bucket', 'DeleteBucketCommand', other),
]
