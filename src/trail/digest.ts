/**
 * Digest files: each hour's log files with their hashes, signed by CloudTrail, chained to the hour before.
 *
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 * Where these are silent, `aws cloudtrail validate-logs` decides (awscli/customizations/cloudtrail/validation.py).
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { jsonOutline } from './json-outline.ts'

/** A digest file as it lies in the bucket. */
export interface DigestFile {
  readonly bucket: string
  readonly key: string
  /** Inflated: that is what is hashed and signed. */
  readonly content: Buffer
  /** Hexadecimal, from the object's metadata. */
  readonly signature: string | undefined
  readonly signatureAlgorithm: string | undefined
}

/** What is signed beside the hash of it all, and with which key. */
export interface DigestHead {
  readonly bucket: string
  readonly key: string
  /** As it is written there: it is signed so. */
  readonly endTime: string
  readonly fingerprint: string
  readonly previousSignature: string | null
}

export interface Digest extends DigestHead {
  readonly startedAt: Date
  readonly endedAt: Date
  /** Null in the first of a chain: after validation, or logging, was started. */
  readonly previous: PreviousDigest | null
  readonly logFiles: readonly ListedLogFile[]
}

export interface PreviousDigest {
  readonly bucket: string
  readonly key: string
  /** Of its inflated content, in hexadecimal. */
  readonly hash: string
}

export interface ListedLogFile {
  readonly bucket: string
  readonly key: string
  readonly hash: string
}

/** What a digest that was verified is remembered by. */
export interface DigestLink {
  readonly bucket: string
  readonly key: string
  /** RFC 3339. */
  readonly endedAt: string
  readonly hash: string
  readonly signature: string
}

/** By fingerprint; DER, PKCS #1. */
export type PublicKeys = ReadonlyMap<string, Uint8Array>

export type DigestFaultKind =
  | 'digest-unreadable'
  | 'digest-moved'
  | 'digest-unsigned'
  | 'digest-key-unknown'
  | 'digest-signature'
  | 'digest-missing'
  | 'digest-altered'
  | 'digest-replaced'
  | 'log-file-missing'
  | 'log-file-altered'

/** What is wrong, and with which object. */
export interface DigestFault {
  readonly kind: DigestFaultKind
  readonly bucket: string
  readonly key: string
  /** One sentence. */
  readonly message: string
}

type Verdict =
  | { readonly ok: true; readonly digest: Digest }
  | { readonly ok: false; readonly fault: DigestFault }

/**
 * Judges one digest file by itself: is it CloudTrail's, is it whole, and in its place? A fault quotes nothing of its
 * content: until the signature fits, anybody may have written that.
 */
export function verifyDigest(file: DigestFile, keys: PublicKeys): Verdict {
  const wrong = (kind: DigestFaultKind, what: string): Verdict => ({
    ok: false,
    fault: { kind, bucket: file.bucket, key: file.key, message: `the digest file ${file.key} ${what}` },
  })
  const unreadable = () => wrong('digest-unreadable', 'is not what CloudTrail delivers')
  const head = readHead(file.content)
  if (!head) return unreadable()
  if (head.bucket !== file.bucket || head.key !== file.key) {
    return wrong('digest-moved', 'was written for another place')
  }
  if (!file.signature) return wrong('digest-unsigned', 'has lost its signature')
  if (file.signatureAlgorithm !== 'SHA256withRSA') {
    return wrong('digest-unsigned', 'is signed by another algorithm than CloudTrail’s')
  }
  const der = keys.get(head.fingerprint)
  const key = der && publicKeyOf(der)
  if (!key) return wrong('digest-key-unknown', 'is signed with a key that is not CloudTrail’s')
  const signed = Buffer.from(stringToSign(head, file.content))
  if (!/^([0-9a-f]{2})+$/i.test(file.signature)) return wrong('digest-signature', 'has a broken signature')
  if (!verify('sha256', signed, key, Buffer.from(file.signature, 'hex'))) {
    return wrong('digest-signature', 'was altered: its signature does not fit')
  }
  const digest = readDigest(file.content)
  return digest ? { ok: true, digest } : unreadable()
}

/** Judges the digest before it, by what this one says of it; undefined when all is well. */
export function verifyLink(digest: Digest, before: DigestLink): DigestFault | undefined {
  const { previous, previousSignature } = digest
  if (!previous || previous.key !== before.key || previous.bucket !== before.bucket) return undefined
  const isSame =
    previous.hash.toLowerCase() === before.hash &&
    previousSignature?.toLowerCase() === before.signature.toLowerCase()
  if (isSame) return undefined
  return replacedDigest(before)
}

export const replacedDigest = ({ bucket, key }: Pick<DigestLink, 'bucket' | 'key'>): DigestFault => ({
  kind: 'digest-replaced',
  bucket,
  key,
  message: `the digest file ${key} was replaced: the next one was written after another`,
})

/** @param found the hash of what is there now, in hexadecimal; undefined when nothing is */
export function verifyLogFile(listed: ListedLogFile, found: string | undefined): DigestFault | undefined {
  const { bucket, key, hash } = listed
  if (found === undefined) {
    return { kind: 'log-file-missing', bucket, key, message: `the log file ${key} was deleted` }
  }
  if (found === hash.toLowerCase()) return undefined
  return { kind: 'log-file-altered', bucket, key, message: `the log file ${key} was altered` }
}

export const linkOf = (digest: Digest, file: DigestFile): DigestLink => ({
  bucket: digest.bucket,
  key: digest.key,
  endedAt: digest.endedAt.toISOString(),
  hash: digestHash(file),
  signature: file.signature ?? '',
})

/** By which the next one names it. */
export const digestHash = ({ content }: DigestFile): string => sha256(content)

/** The first digest of a chain signs the word `null` in the place of a signature, as the AWS CLI knows. */
function stringToSign(head: DigestHead, content: Buffer): string {
  const { endTime, bucket, key, previousSignature } = head
  return [endTime, `${bucket}/${key}`, sha256(content), previousSignature ?? 'null'].join('\n')
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

/** PKCS #1 as documented; the example in the documentation has one that is an SPKI. */
function publicKeyOf(der: Uint8Array): KeyObject | undefined {
  for (const type of ['pkcs1', 'spki'] as const) {
    try {
      return createPublicKey({ key: Buffer.from(der), format: 'der', type })
    } catch {
      // The other form, or neither.
    }
  }
  return undefined
}

/** All that has to be known of a digest before it is known to be one: the list of its log files may be anything yet. */
function readHead(content: Buffer): DigestHead | undefined {
  return headIn((jsonOutline(content, 1) ?? {}) as Readonly<Record<string, unknown>>)
}

/** Of content that is verified. Undefined for what no digest file looks like. */
export function readDigest(content: Buffer): Digest | undefined {
  let raw: Readonly<Record<string, unknown>>
  try {
    raw = JSON.parse(content.toString()) ?? {}
  } catch {
    return undefined
  }
  const head = headIn(raw)
  const startedAt = new Date(text(raw.digestStartTime) ?? Number.NaN)
  const endedAt = new Date(head?.endTime ?? Number.NaN)
  if (!head || Number.isNaN(+startedAt) || Number.isNaN(+endedAt)) return undefined
  if (!Array.isArray(raw.logFiles)) return undefined
  const listed = raw.logFiles.map(listedLogFile)
  if (listed.some((file) => file === undefined)) return undefined
  const logFiles = listed as ListedLogFile[]
  return { ...head, startedAt, endedAt, previous: previousOf(raw), logFiles }
}

function headIn(raw: Readonly<Record<string, unknown>>): DigestHead | undefined {
  const endTime = text(raw.digestEndTime)
  const bucket = text(raw.digestS3Bucket)
  const key = text(raw.digestS3Object)
  const fingerprint = text(raw.digestPublicKeyFingerprint)
  const { previousDigestSignature } = raw
  if (!endTime || !bucket || !key || !fingerprint || previousDigestSignature === undefined) return undefined
  return { bucket, key, endTime, fingerprint, previousSignature: text(previousDigestSignature) ?? null }
}

function previousOf(raw: Readonly<Record<string, unknown>>): PreviousDigest | null {
  const bucket = text(raw.previousDigestS3Bucket)
  const key = text(raw.previousDigestS3Object)
  const hash = text(raw.previousDigestHashValue)
  return bucket && key && hash ? { bucket, key, hash } : null
}

function listedLogFile(raw: unknown): ListedLogFile | undefined {
  const { s3Bucket, s3Object, hashValue, hashAlgorithm } = (raw ?? {}) as Readonly<Record<string, unknown>>
  const [bucket, key, hash] = [text(s3Bucket), text(s3Object), text(hashValue)]
  return bucket && key && hash && hashAlgorithm === 'SHA-256' ? { bucket, key, hash } : undefined
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
