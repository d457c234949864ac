import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  NoSuchBucket,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import { missing } from './moto-server.ts'
import { codeOf, openTestSandbox } from './sandbox.ts'

const Bucket = 'reports'

test('an object comes back as it was put: bytes, user metadata, type and ETag', async (t) => {
  const { s3 } = await openTestSandbox(t)
  await s3.send(new CreateBucketCommand({ Bucket }))
  const Key = 'a folder/Zoë+1 & <2>.bin'
  const Body = Uint8Array.from([0, 255, 13, 10, 128])
  const Metadata = { signature: 'abcdef', 'signature-algorithm': 'SHA256withRSA' }
  const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata, ContentType: 'text/x-odd' }))
  const got = await s3.send(new GetObjectCommand({ Bucket, Key }))
  assert.deepEqual(await got.Body?.transformToByteArray(), Body)
  assert.deepEqual(got.Metadata, Metadata)
  assert.equal(got.ETag, put.ETag)
  assert.match(put.ETag ?? '', /^"[0-9a-f]{32}"$/)
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }))
  assert.deepEqual([head.ContentLength, head.ContentType, head.Metadata], [5, 'text/x-odd', Metadata])
  assert.ok(head.LastModified instanceof Date && head.$metadata.requestId)
})

test('what is not there is refused in the words of S3, and deleted all the same', async (t) => {
  const { s3 } = await openTestSandbox(t)
  const nowhere = { Bucket, Key: 'x' }
  const caught = (call: Promise<unknown>) => call.catch((error) => error)
  assert.ok((await caught(s3.send(new GetObjectCommand(nowhere)))) instanceof NoSuchBucket)
  assert.equal(await codeOf(s3.send(new ListObjectsV2Command({ Bucket }))), 'NoSuchBucket')
  assert.equal(await codeOf(s3.send(new HeadBucketCommand({ Bucket }))), 'NotFound')
  await s3.send(new CreateBucketCommand({ Bucket }))
  const error = await caught(s3.send(new GetObjectCommand(nowhere)))
  assert.ok(error instanceof NoSuchKey)
  assert.equal(error.$metadata.httpStatusCode, 404)
  assert.equal(await codeOf(s3.send(new HeadObjectCommand(nowhere))), 'NotFound')
  await s3.send(new DeleteObjectCommand(nowhere))
  await s3.send(new PutObjectCommand({ ...nowhere, Body: 'x' }))
  assert.equal(await codeOf(s3.send(new DeleteBucketCommand({ Bucket }))), 'BucketNotEmpty')
  await s3.send(new DeleteObjectCommand(nowhere))
  await s3.send(new DeleteBucketCommand({ Bucket }))
  assert.equal(await codeOf(s3.send(new GetObjectCommand(nowhere))), 'NoSuchBucket')
  const bad = s3.send(new CreateBucketCommand({ Bucket: 'Not-A-Name' }))
  assert.equal(await codeOf(bad), 'InvalidBucketName')
})

test('keys are listed in order, by prefix, after a key, page by page, and rolled up at a delimiter', async (t) => {
  const { s3 } = await openTestSandbox(t)
  await s3.send(new CreateBucketCommand({ Bucket }))
  const keys = ['a/2', 'a/1/x', 'a/1/y', 'a/3', 'b/1', 'c d&<']
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
  const list = async (request: object) => {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, ...request }))
    return {
      keys: page.Contents?.map(({ Key }) => Key) ?? [],
      prefixes: page.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? [],
      count: page.KeyCount,
    }
  }
  assert.deepEqual((await list({})).keys, [...keys].sort())
  assert.deepEqual((await list({ Prefix: 'a/', StartAfter: 'a/1/y' })).keys, ['a/2', 'a/3'])
  assert.deepEqual(await list({ Delimiter: '/' }), { keys: ['c d&<'], prefixes: ['a/', 'b/'], count: 3 })
  assert.deepEqual(await list({ Prefix: 'a/', Delimiter: '/' }), {
    keys: ['a/2', 'a/3'],
    prefixes: ['a/1/'],
    count: 3,
  })
  const pages: string[][] = []
  const request = { Bucket, Delimiter: '/', MaxKeys: 1 }
  for await (const page of paginateListObjectsV2({ client: s3 }, request)) {
    pages.push(
      [...(page.CommonPrefixes ?? []).map((p) => p.Prefix), ...(page.Contents ?? []).map((c) => c.Key)].map(
        String,
      ),
    )
  }
  assert.deepEqual(pages, [['a/'], ['b/'], ['c d&<']])
  const encoded = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'c', EncodingType: 'url' }))
  assert.equal(encoded.Contents?.[0]?.Key, 'c%20d%26%3C')
})

test('buckets are listed, and say where they are', async (t) => {
  const { sandbox, s3, clientsWith } = await openTestSandbox(t, { trail: false })
  await clientsWith(sandbox.administrator, 'eu-west-1').s3.send(new CreateBucketCommand({ Bucket }))
  const { Buckets: buckets } = await s3.send(new ListBucketsCommand({}))
  assert.deepEqual(
    buckets?.map(({ Name }) => Name),
    [Bucket],
  )
  const { LocationConstraint } = await s3.send(new GetBucketLocationCommand({ Bucket }))
  assert.equal(LocationConstraint, 'eu-west-1')
})

test('calls of S3 can be made to fail, are in the call log without bodies, and are no management events', async (t) => {
  const { sandbox, s3, cloudtrail } = await openTestSandbox(t)
  await s3.send(new CreateBucketCommand({ Bucket }))
  await s3.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'hush' }))
  sandbox.faults.add({ action: 'GetObject', params: { Key: 'x' }, outcome: { code: 'AccessDenied' } })
  const read = () => s3.send(new GetObjectCommand({ Bucket, Key: 'x' }))
  const denied = await read().catch((error) => error)
  assert.deepEqual([denied.name, denied.$metadata.httpStatusCode], ['AccessDenied', 403])
  await read()
  assert.deepEqual(sandbox.calls.actions(), ['CreateBucket', 'PutObject', 'GetObject', 'GetObject'])
  assert.deepEqual(sandbox.calls.actions('writes'), ['CreateBucket', 'PutObject'])
  assert.equal(sandbox.calls.of('GetObject')[0]?.service, 's3')
  assert.doesNotMatch(JSON.stringify(sandbox.calls.entries), /hush|104,117/)
  assert.deepEqual((await cloudtrail.send(new LookupEventsCommand({}))).Events, [])
})

test('the aws command line copies, lists and removes objects', { skip: missing('aws') }, async (t) => {
  const { sandbox } = await openTestSandbox(t)
  const folder = mkdtempSync(join(tmpdir(), 'muster-s3-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_ACCESS_KEY_ID: sandbox.administrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandbox.administrator.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  }
  const aws = async (...command: string[]) => {
    const { stdout } = await promisify(execFile)('aws', ['s3', ...command], { env })
    return stdout
  }
  const there = `s3://${Bucket}/a folder/file+1.txt`
  writeFileSync(join(folder, 'up'), 'some bytes')
  await aws('mb', `s3://${Bucket}`)
  await aws('cp', join(folder, 'up'), there)
  assert.match(await aws('ls', `s3://${Bucket}/`), /PRE a folder\//)
  assert.match(await aws('ls', '--recursive', `s3://${Bucket}`), /10 a folder\/file\+1\.txt/)
  await aws('cp', there, join(folder, 'down'))
  assert.equal(readFileSync(join(folder, 'down'), 'utf8'), 'some bytes')
  await aws('rb', '--force', `s3://${Bucket}`)
  assert.doesNotMatch(await aws('ls'), new RegExp(Bucket))
})
