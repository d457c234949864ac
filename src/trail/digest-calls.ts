/** What following the digest chain asks of S3 and CloudTrail. */
import { ListPublicKeysCommand } from '@aws-sdk/client-cloudtrail'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { getObject, isListed, isMissingObject } from './bucket-calls.ts'
import type { DigestFile, ListedLogFile, PublicKeys } from './digest.ts'
import type { TrailPlace } from './facts.ts'
import { type Refusal, refusalOf } from './log-access.ts'
import { hashInflated, type Inflated, inflateWhole, LogFileError } from './log-file.ts'
import type { LogPlace } from './log-keys.ts'
import type { LookLimits } from './log-reader.ts'
import { isOfOneObject, UnreadableObject } from './unreadable.ts'

export interface ChainContext {
  readonly account: Account
  readonly trail: TrailPlace
  readonly place: LogPlace
  readonly limits: LookLimits
  readonly now: Date
}

/** Late digests cover more than an hour. What an unverified one says of its own time is not gone by. */
const keysFromMs = 86_400_000
/** An entry of a log file takes about 400 bytes, and nobody has ten thousand of them in an hour and a Region. */
const maxDigestBytes = 4 * 1024 * 1024

/** What AWS does not let Muster read, though it is there. */
export interface Refused {
  readonly refusal: Refusal
}

export const isRefused = (asked: DigestFile | string | Refused | undefined): asked is Refused =>
  typeof asked === 'object' && 'refusal' in asked

/**
 * Undefined where it is not there. What cannot be inflated is given as it is: it fails the verification.
 *
 * @throws UnreadableObject where nothing can be read right now
 */
export async function readDigestFile(
  context: ChainContext,
  bucket: string,
  key: string,
  inflated?: Inflated,
): Promise<DigestFile | Refused | undefined> {
  const { account, trail } = context
  try {
    const { body, metadata } = await getObject(account, trail.homeRegion, bucket, key)
    const content = await inflateWhole(body, maxDigestBytes, inflated).catch((error) => {
      if (error instanceof LogFileError) return Buffer.alloc(0)
      throw error
    })
    return {
      bucket,
      key,
      content,
      signature: metadata.signature,
      signatureAlgorithm: metadata['signature-algorithm'],
    }
  } catch (error) {
    return await missingOrRefused(context, bucket, key, error)
  }
}

/**
 * Each Region signs with keys of its own: they are asked for where the digest comes from, not in the trail's home
 * Region. A backfill is signed when it is made, long after the time that it covers: so all keys up to now are asked
 * for.
 */
export async function publicKeys({ account, place, now }: ChainContext, endedAt: Date): Promise<PublicKeys> {
  const latest = Math.min(endedAt.getTime(), now.getTime())
  const keys = new Map<string, Uint8Array>()
  let token: string | undefined
  do {
    const { output } = await account.callTrail(
      place.region,
      new ListPublicKeysCommand({
        StartTime: new Date(latest - keysFromMs),
        EndTime: now,
        ...(token ? { NextToken: token } : {}),
      }),
    )
    for (const { Fingerprint, Value } of output.PublicKeyList ?? []) {
      if (Fingerprint && Value) keys.set(Fingerprint, Value)
    }
    token = output.NextToken
  } while (token)
  return keys
}

/**
 * Undefined where nothing is; something that is no hash where it is no log file.
 *
 * @throws UnreadableObject where nothing can be read right now
 */
export async function hashOf(
  context: ChainContext,
  { bucket, key }: ListedLogFile,
  inflated?: Inflated,
): Promise<string | Refused | undefined> {
  const { account, trail } = context
  try {
    const { body } = await getObject(account, trail.homeRegion, bucket, key)
    return await hashInflated(body, inflated)
  } catch (error) {
    if (error instanceof LogFileError) return error.message
    return await missingOrRefused(context, bucket, key, error)
  }
}

/**
 * For an object that is not there S3 answers 404 to those who may list the bucket, and 403 to all others: also to
 * whoever may list some prefixes only, since a GetObject names none. What is listed is there.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 *
 * @throws UnreadableObject
 */
async function missingOrRefused(
  { account, trail, place }: ChainContext,
  bucket: string,
  key: string,
  error: unknown,
): Promise<Refused | undefined> {
  if (isMissingObject(error)) return undefined
  const isElsewhere = bucket !== place.bucket
  // A trail that delivers elsewhere by now names digests of a bucket that may be gone, with all that was in it.
  if (isElsewhere && error instanceof AwsCallError && error.code === 'NoSuchBucket') return undefined
  if (!isOfOneObject(error) && !(isElsewhere && isInvalid(error))) throw new UnreadableObject(key, error)
  const refusal = refusalOf(error, account.partition, trail, { ...place, bucket }, key)
  // KMS is asked only for what is there.
  if (refusal.kind !== 's3-denied') return { refusal }
  try {
    return (await isListed(account, trail.homeRegion, bucket, key)) ? { refusal } : undefined
  } catch (listing) {
    if (isOfOneObject(listing)) return { refusal }
    throw new UnreadableObject(key, listing)
  }
}

/** What is wrong with another bucket says nothing of the one that is looked at. */
const isInvalid = (error: unknown): error is AwsCallError =>
  error instanceof AwsCallError && error.class === 'invalid'
