/**
 * Digest files: each hour one for each Region, signed, naming the log files of that hour and the digest before.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 *
 * Hashes are of the uncompressed content, of log files and of digests alike:
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
 * (and so does `aws cloudtrail validate-logs`, awscli/customizations/cloudtrail/validation.py).
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Account } from '../iam/account-data.ts'
import { moment } from '../iam/account-state.ts'
import type { Buckets } from '../s3/buckets.ts'
import { compact, deliveryErrorOf, folderOf } from './log-delivery.ts'
import type { DeliveredLogFile, DigestKey, DigestLink, Trail } from './trail-data.ts'

const hourMs = 3_600_000

/** Writes the digests that are due. To be called after the log files that are due have been delivered. */
export function writeDigests(account: Account, buckets: Buckets, now: Date): void {
  for (const trail of account.trails.values()) {
    if (!trail.logFileValidationEnabled || trail.digestsFrom === undefined) continue
    if (deliveryErrorOf(trail, buckets) !== undefined) continue
    for (const region of regionsOf(trail)) continueChain(account, buckets, trail, region, now.getTime())
  }
}

/** When the chain of a trail that begins to log, or to be validated, begins. */
export function beginDigests(trail: Trail, nowMs: number): void {
  const isUnbroken = Object.values(trail.digestChains ?? {}).some(({ endsAt }) => endsAt + hourMs > nowMs)
  if (isUnbroken) return
  trail.digestsFrom = nowMs
  trail.digestChains = {}
}

/** The newest digest there should be by now, whether or not it was written yet. */
export function latestDigest(trail: Trail, nowMs: number): number | undefined {
  const { digestsFrom, digestedAt, isLogging } = trail
  if (!trail.logFileValidationEnabled || digestsFrom === undefined || !isLogging) return digestedAt
  const until = trail.failedAt === undefined ? nowMs : Math.min(nowMs, trail.deliveredAt ?? nowMs)
  const hours = Math.floor((until - digestsFrom) / hourMs)
  return hours < 1 ? digestedAt : Math.max(digestedAt ?? 0, digestsFrom + hours * hourMs)
}

function regionsOf(trail: Trail): readonly string[] {
  const seen = [
    ...Object.keys(trail.digestChains ?? {}),
    ...(trail.undigested ?? []).map(({ region }) => region),
  ]
  return [...new Set([trail.homeRegion, ...seen])]
}

function continueChain(
  account: Account,
  buckets: Buckets,
  trail: Trail,
  region: string,
  nowMs: number,
): void {
  const { digestsFrom = nowMs } = trail
  let chain = trail.digestChains?.[region] ?? startOf(trail, region, digestsFrom)
  while (chain.endsAt + hourMs <= nowMs) {
    const endsAt = chain.endsAt + hourMs
    const mine = (trail.undigested ?? []).filter((file) => file.region === region && file.at <= endsAt)
    // A stopped trail's chain ends with the hour in which it stopped, and with what was still under way.
    if (!trail.isLogging && mine.length === 0 && chain.endsAt >= (trail.stoppedAt ?? 0)) return
    const written = writeDigest(account, buckets, trail, region, chain, endsAt, mine)
    trail.undigested = (trail.undigested ?? []).filter((file) => !mine.includes(file))
    trail.digestChains = { ...trail.digestChains, [region]: written }
    trail.digestedAt = Math.max(trail.digestedAt ?? 0, endsAt)
    chain = written
  }
}

/** A Region that wakes up late begins with the hour of its first log file. */
function startOf(trail: Trail, region: string, digestsFrom: number): DigestLink {
  if (region === trail.homeRegion) return { endsAt: digestsFrom }
  const first = Math.min(...(trail.undigested ?? []).filter((f) => f.region === region).map(({ at }) => at))
  return { endsAt: digestsFrom + Math.max(0, Math.ceil((first - digestsFrom) / hourMs) - 1) * hourMs }
}

function writeDigest(
  account: Account,
  buckets: Buckets,
  trail: Trail,
  region: string,
  previous: DigestLink,
  endsAt: number,
  files: readonly DeliveredLogFile[],
): DigestLink {
  const { accountId } = account
  const signer = digestKeyOf(account, region)
  const bucket = trail.s3BucketName
  const name = `${accountId}_CloudTrail-Digest_${region}_${trail.name}_${trail.homeRegion}_${compact(endsAt)}.json.gz`
  const key = `${folderOf(account, trail, 'CloudTrail-Digest', region, endsAt)}/${name}`
  const content = JSON.stringify({
    awsAccountId: accountId,
    digestStartTime: moment(new Date(previous.endsAt)),
    digestEndTime: moment(new Date(endsAt)),
    digestS3Bucket: bucket,
    digestS3Object: key,
    digestPublicKeyFingerprint: signer.fingerprint,
    digestSignatureAlgorithm: 'SHA256withRSA',
    newestEventTime:
      files
        .map(({ newestEventTime }) => newestEventTime)
        .sort()
        .at(-1) ?? null,
    oldestEventTime: files.map(({ oldestEventTime }) => oldestEventTime).sort()[0] ?? null,
    // All null in the first of a chain.
    previousDigestS3Bucket: previous.bucket ?? null,
    previousDigestS3Object: previous.key ?? null,
    previousDigestHashValue: previous.hash ?? null,
    previousDigestHashAlgorithm: previous.hash === undefined ? null : 'SHA-256',
    previousDigestSignature: previous.signature ?? null,
    logFiles: files.map((file) => ({
      s3Bucket: file.bucket,
      s3Object: file.key,
      hashValue: file.hash,
      hashAlgorithm: 'SHA-256',
      newestEventTime: file.newestEventTime,
      oldestEventTime: file.oldestEventTime,
    })),
  })
  const hash = createHash('sha256').update(content).digest('hex')
  const signed = [moment(new Date(endsAt)), `${bucket}/${key}`, hash, previous.signature ?? 'null'].join('\n')
  const signature = sign('sha256', Buffer.from(signed), privateKeyOf(signer)).toString('hex')
  buckets.put(bucket, {
    key,
    body: gzipSync(content),
    metadata: { signature, 'signature-algorithm': 'SHA256withRSA' },
    contentType: 'application/json',
    at: new Date(endsAt),
  })
  return { endsAt, bucket, key, hash, signature }
}

const privateKeys = new WeakMap<DigestKey, KeyObject>()

/** Reading a key takes longer than signing with it, and a month has 720 digests. */
function privateKeyOf(key: DigestKey): KeyObject {
  const read = privateKeys.get(key) ?? createPrivateKey(key.privateKeyPem)
  privateKeys.set(key, read)
  return read
}

/** Each Region signs with a key of its own. */
function digestKeyOf(account: Account, region: string): DigestKey {
  const found = account.digestKeys?.find((key) => key.region === region)
  if (found) return found
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const der = createPublicKey(privateKey).export({ type: 'pkcs1', format: 'der' })
  const createdAt = Date.parse(account.createDate)
  const made: DigestKey = {
    region,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: der.toString('base64'),
    fingerprint: createHash('md5').update(der).digest('hex'),
    // For as long as this account may live, and for digests of the days before it was opened.
    validFrom: createdAt - 30 * 86_400_000,
    validUntil: createdAt + 20 * 365 * 86_400_000,
  }
  account.digestKeys = [...(account.digestKeys ?? []), made]
  return made
}

/** The keys of a Region that were valid at some time between two moments. */
export function keysBetween(account: Account, region: string, fromMs: number, toMs: number) {
  return (account.digestKeys ?? [])
    .filter((key) => key.region === region && key.validFrom <= toMs && key.validUntil >= fromMs)
    .map(({ publicKey, fingerprint, validFrom, validUntil }) => ({
      Value: publicKey,
      ValidityStartTime: validFrom / 1000,
      ValidityEndTime: validUntil / 1000,
      Fingerprint: fingerprint,
    }))
}
