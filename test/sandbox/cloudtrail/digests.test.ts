import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  GetTrailStatusCommand,
  ListPublicKeysCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import { CreateUserCommand } from '@aws-sdk/client-iam'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { missing } from '../moto-server.ts'
import { openAtNine } from '../moved-clock.ts'
import { keysIn, sandboxBucket } from './log-files.ts'

const trail = { Name: 'muster-sandbox' }
const folder = 'AWSLogs/123456789012/CloudTrail-Digest/us-east-1/'
const Bucket = sandboxBucket

async function objectIn(s3: S3Client, Key: string) {
  const { Body: body, Metadata: metadata = {} } = await s3.send(new GetObjectCommand({ Bucket, Key }))
  const content = gunzipSync((await body?.transformToByteArray()) ?? new Uint8Array())
  return { content, metadata, json: JSON.parse(content.toString()) }
}

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

test('each hour a digest names the log files of that hour by the hash of what is in them', async (t) => {
  const { iam, s3, cloudtrail, passMinutes } = await openAtNine(t)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  passMinutes(59)
  assert.deepEqual(await keysIn(s3, folder), [])
  passMinutes(1)
  const [key = '', ...others] = await keysIn(s3, folder)
  assert.deepEqual(others, [])
  assert.equal(
    key,
    `${folder}2026/11/23/123456789012_CloudTrail-Digest_us-east-1_muster-sandbox_us-east-1_20261123T100000Z.json.gz`,
  )
  const { json: digest } = await objectIn(s3, key)
  const [logKey = ''] = await keysIn(s3, 'AWSLogs/123456789012/CloudTrail/')
  const log = await objectIn(s3, logKey)
  assert.deepEqual(
    { ...digest, digestPublicKeyFingerprint: undefined },
    {
      awsAccountId: '123456789012',
      digestStartTime: '2026-11-23T09:00:00Z',
      digestEndTime: '2026-11-23T10:00:00Z',
      digestS3Bucket: Bucket,
      digestS3Object: key,
      digestPublicKeyFingerprint: undefined,
      digestSignatureAlgorithm: 'SHA256withRSA',
      newestEventTime: '2026-11-23T09:00:00Z',
      oldestEventTime: '2026-11-23T09:00:00Z',
      previousDigestS3Bucket: null,
      previousDigestS3Object: null,
      previousDigestHashValue: null,
      previousDigestHashAlgorithm: null,
      previousDigestSignature: null,
      logFiles: [
        {
          s3Bucket: Bucket,
          s3Object: logKey,
          hashValue: sha256(log.content),
          hashAlgorithm: 'SHA-256',
          newestEventTime: '2026-11-23T09:00:00Z',
          oldestEventTime: '2026-11-23T09:00:00Z',
        },
      ],
    },
  )
  const status = await cloudtrail.send(new GetTrailStatusCommand(trail))
  assert.equal(status.LatestDigestDeliveryTime?.toISOString(), '2026-11-23T10:00:00.000Z')
})

test("a digest is signed with its Region's key, and names the digest before", async (t) => {
  const { s3, cloudtrail, passMinutes } = await openAtNine(t)
  passMinutes(180)
  const digests = await Promise.all((await keysIn(s3, folder)).map((key) => objectIn(s3, key)))
  assert.equal(digests.length, 3)
  const { PublicKeyList: keys = [] } = await cloudtrail.send(
    new ListPublicKeysCommand({
      StartTime: new Date('2026-11-23T09:00:00Z'),
      EndTime: new Date('2026-11-23T12:00:00Z'),
    }),
  )
  assert.equal(keys.length, 1)
  const [{ Value: der, Fingerprint: fingerprint } = {}] = keys
  const publicKey = createPublicKey({ key: Buffer.from(der ?? []), format: 'der', type: 'pkcs1' })
  for (const [index, { content, metadata, json }] of digests.entries()) {
    const before = digests[index - 1]
    assert.equal(json.digestPublicKeyFingerprint, fingerprint)
    assert.equal(json.previousDigestSignature, before?.metadata.signature ?? null)
    assert.equal(json.previousDigestS3Object, before?.json.digestS3Object ?? null)
    assert.equal(json.previousDigestHashValue, before ? sha256(before.content) : null)
    assert.equal(json.digestStartTime, before?.json.digestEndTime ?? '2026-11-23T09:00:00Z')
    assert.equal(metadata['signature-algorithm'], 'SHA256withRSA')
    const signed = `${json.digestEndTime}\n${Bucket}/${json.digestS3Object}\n${sha256(content)}\n${json.previousDigestSignature}`
    const signature = Buffer.from(metadata.signature ?? '', 'hex')
    assert.ok(verify('sha256', Buffer.from(signed), publicKey, signature))
  }
})

test('the chain ends when validation is switched off, and another begins when it is on again', async (t) => {
  const { s3, cloudtrail, passMinutes } = await openAtNine(t)
  passMinutes(61)
  await cloudtrail.send(new UpdateTrailCommand({ ...trail, EnableLogFileValidation: false }))
  passMinutes(180)
  assert.equal((await keysIn(s3, folder)).length, 1)
  await cloudtrail.send(new UpdateTrailCommand({ ...trail, EnableLogFileValidation: true }))
  passMinutes(60)
  const keys = await keysIn(s3, folder)
  assert.equal(keys.length, 2)
  assert.equal((await objectIn(s3, keys[1] ?? '')).json.previousDigestS3Object, null)
})

test('a trail that is stopped has one last digest, with what was still under way', async (t) => {
  const { iam, s3, cloudtrail, passMinutes } = await openAtNine(t)
  passMinutes(58)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await cloudtrail.send(new StopLoggingCommand(trail))
  passMinutes(600)
  const keys = await keysIn(s3, folder)
  assert.equal(keys.length, 1)
  assert.equal((await objectIn(s3, keys[0] ?? '')).json.logFiles.length, 1)
  await cloudtrail.send(new StartLoggingCommand(trail))
  passMinutes(60)
  assert.equal((await keysIn(s3, folder)).length, 2)
})

const aws = { skip: missing('aws') }

test('the aws command line finds the log files valid, until somebody touches one', aws, async (t) => {
  const { sandbox, iam, s3, passMinutes } = await openAtNine(t)
  for (const UserName of ['ada', 'grace', 'joan']) {
    await iam.send(new CreateUserCommand({ UserName }))
    passMinutes(61)
  }
  const validate = () =>
    new Promise<{ code: number; said: string }>((resolve) => {
      const command = [
        ...['cloudtrail', 'validate-logs', '--verbose', '--endpoint-url', sandbox.url],
        ...['--trail-arn', 'arn:aws:cloudtrail:us-east-1:123456789012:trail/muster-sandbox'],
        ...['--start-time', '2026-11-23T08:00:00Z', '--end-time', '2026-11-23T13:00:00Z'],
      ]
      const env = {
        ...process.env,
        AWS_ENDPOINT_URL: sandbox.url,
        AWS_ACCESS_KEY_ID: sandbox.administrator.accessKeyId,
        AWS_SECRET_ACCESS_KEY: sandbox.administrator.secretAccessKey,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_PAGER: '',
      }
      execFile('aws', command, { env }, (error, stdout, stderr) =>
        resolve({ code: error ? 1 : 0, said: `${stdout}\n${stderr}` }),
      )
    })
  const before = await validate()
  assert.match(before.said, /3\/3 digest files valid/)
  assert.match(before.said, /3\/3 log files valid/)
  assert.doesNotMatch(before.said, /INVALID|No log files/)
  assert.equal(before.code, 0)

  const [first = '', second = '', third = ''] = await keysIn(s3, 'AWSLogs/123456789012/CloudTrail/')
  const Body = gzipSync(JSON.stringify({ Records: [] }))
  await s3.send(new PutObjectCommand({ Bucket, Key: first, Body }))
  await s3.send(new DeleteObjectCommand({ Bucket, Key: second }))
  const tampered = await validate()
  assert.equal(tampered.code, 1)
  assert.match(tampered.said, /3\/3 digest files valid/)
  assert.ok(tampered.said.includes(`${first}\tINVALID: hash value doesn't match`))
  assert.ok(tampered.said.includes(`${second}\tINVALID: not found`))
  assert.ok(tampered.said.includes(`${third}\tvalid`))

  // A digest that was made up for the changed log file has no signature of CloudTrail's.
  const [, , digest = ''] = await keysIn(s3, folder)
  const { json, metadata } = await objectIn(s3, digest)
  const forged = gzipSync(JSON.stringify({ ...json, logFiles: [] }))
  await s3.send(new PutObjectCommand({ Bucket, Key: digest, Body: forged, Metadata: metadata }))
  const forgery = await validate()
  assert.ok(forgery.said.includes(`${digest}\tINVALID: signature verification failed`))
})
