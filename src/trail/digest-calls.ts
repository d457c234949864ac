/** What following the digest chain asks of S3 and CloudTrail. */
import { ListPublicKeysCommand } from '@aws-sdk/client-cloudtrail'
import type { Account } from '../aws/account.ts'
import { getObject, isMissingObject } from './bucket-calls.ts'
import type { DigestFile, ListedLogFile, PublicKeys } from './digest.ts'
import type { TrailPlace } from './facts.ts'
import { hashInflated, inflateWhole, LogFileError } from './log-file.ts'
import type { LogPlace } from './log-keys.ts'
import { type LookLimits, UnreadableObject } from './log-reader.ts'

export interface ChainContext {
  readonly account: Account
  readonly trail: TrailPlace
  readonly place: LogPlace
  readonly limits: LookLimits
  readonly now: Date
}

/** Late digests cover more than an hour. What an unverified one says of its own time is not gone by. */
const keysFromMs = 86_400_000
const maxDigestBytes = 64 * 1024 * 1024

/** Undefined where it is not there. What cannot be inflated is given as it is: it fails the verification. */
export async function readDigestFile(
  { account, trail }: ChainContext,
  bucket: string,
  key: string,
): Promise<DigestFile | undefined> {
  try {
    const { body, metadata } = await getObject(account, trail.homeRegion, bucket, key)
    const content = await inflateWhole(body, maxDigestBytes).catch((error) => {
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
    if (isMissingObject(error)) return undefined
    throw new UnreadableObject(key, error)
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

/** Undefined where nothing is; something that is no hash where it is no log file. */
export async function hashOf(
  { account, trail }: ChainContext,
  { bucket, key }: ListedLogFile,
): Promise<string | undefined> {
  try {
    const { body } = await getObject(account, trail.homeRegion, bucket, key)
    return await hashInflated(body)
  } catch (error) {
    if (error instanceof LogFileError) return error.message
    if (isMissingObject(error)) return undefined
    throw new UnreadableObject(key, error)
  }
}
