/** Log files and digest files as CloudTrail writes them, signed with a key of the tests. */
import { createHash, createSign, generateKeyPairSync } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { DigestFile } from '../../src/trail/digest.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

export const fingerprint = '31e8b5433410dfb61a9dc45cc65b22ff'
const publicKeyDer = publicKey.export({ format: 'der', type: 'pkcs1' })
export const spkiDer = publicKey.export({ format: 'der', type: 'spki' })
const ownSigner = {
  fingerprint,
  privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
}
export const keys = new Map<string, Uint8Array>([[fingerprint, publicKeyDer]])

export interface WrittenLogFile {
  readonly key: string
  readonly content: Buffer
}

export interface DigestToWrite {
  readonly bucket?: string
  readonly key?: string
  readonly endTime?: string
  readonly startTime?: string
  readonly logFiles?: readonly WrittenLogFile[]
  readonly previous?: DigestFile | null
  readonly signer?: { readonly fingerprint: string; readonly privateKeyPem: string }
}

export const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

export function writeDigest({
  bucket = 'logs',
  key = 'AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/12/01/a.json.gz',
  endTime = '2026-12-01T10:00:00Z',
  startTime = '2026-12-01T09:00:00Z',
  logFiles = [],
  previous = null,
  signer = ownSigner,
}: DigestToWrite = {}): DigestFile {
  const content = Buffer.from(
    JSON.stringify({
      awsAccountId: '123456789012',
      digestStartTime: startTime,
      digestEndTime: endTime,
      digestS3Bucket: bucket,
      digestS3Object: key,
      digestPublicKeyFingerprint: signer.fingerprint,
      digestSignatureAlgorithm: 'SHA256withRSA',
      newestEventTime: null,
      oldestEventTime: null,
      previousDigestS3Bucket: previous?.bucket ?? null,
      previousDigestS3Object: previous?.key ?? null,
      previousDigestHashValue: previous ? sha256(previous.content) : null,
      previousDigestHashAlgorithm: previous ? 'SHA-256' : null,
      previousDigestSignature: previous?.signature ?? null,
      logFiles: logFiles.map((file) => ({
        s3Bucket: bucket,
        s3Object: file.key,
        hashValue: sha256(file.content),
        hashAlgorithm: 'SHA-256',
        newestEventTime: endTime,
        oldestEventTime: startTime,
      })),
    }),
  )
  const signed = `${endTime}\n${bucket}/${key}\n${sha256(content)}\n${previous?.signature ?? 'null'}`
  const signature = createSign('RSA-SHA256').update(signed).sign(signer.privateKeyPem, 'hex')
  return { bucket, key, content, signature, signatureAlgorithm: 'SHA256withRSA' }
}

export interface EventToWrite {
  readonly requestID?: string
  readonly eventName?: string
  readonly principalId?: string
  readonly readOnly?: boolean
  readonly eventTime?: string
}

export function event({
  requestID = 'r-1',
  eventName = 'GetAccountSummary',
  principalId = 'AROAEXAMPLE:muster',
  readOnly = true,
  eventTime = '2026-12-01T09:00:00Z',
}: EventToWrite = {}) {
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'AssumedRole',
      principalId,
      arn: 'arn:aws:sts::123456789012:assumed-role/muster/muster',
    },
    eventTime,
    eventSource: 'iam.amazonaws.com',
    eventName,
    requestParameters: { text: 'a brace } and a quote \\" and a [bracket' },
    requestID,
    eventID: `e-${requestID}`,
    readOnly,
  }
}

export const logFileOf = (events: readonly unknown[]): Buffer =>
  Buffer.from(JSON.stringify({ Records: events }))

export const compressed = (content: Buffer | string): Uint8Array[] => [gzipSync(content)]
