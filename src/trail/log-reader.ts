/**
 * New log files, read in order.
 *
 * Keys sort by the minute in their names, so one listing that starts after a made-up key goes on where the last one
 * ended, across midnight too. Within a minute they sort by chance, and a file may be delivered after one with a later
 * minute: so a listing begins some time before the newest file that was read, and what was read already is skipped.
 */
import type { Account } from '../aws/account.ts'
import { getObject, isMissingObject, listFolders, listObjects } from './bucket-calls.ts'
import type { Canary } from './canary.ts'
import type { TrailPlace } from './facts.ts'
import { LogFileError, type LogRecord, readRecords } from './log-file.ts'
import {
  accountFolder,
  type LogPlace,
  logFolder,
  logKeyBefore,
  organizationsBelow,
  organizationsIn,
  timeOfLogKey,
} from './log-keys.ts'

/** What one look may take. */
export interface LookLimits {
  readonly files: number
  /** As they lie in the bucket. */
  readonly bytes: number
  readonly ms: number
}

export interface LogLook {
  /** False when a limit ended it. */
  readonly isComplete: boolean
  readonly filesRead: number
  /** The newest key that was read; null when none was. */
  readonly lastKey: string | null
  readonly records: readonly FoundRecord[]
  /** Files that are none of CloudTrail's, by key. */
  readonly strange: readonly { readonly key: string; readonly fault: string }[]
}

export interface FoundRecord extends LogRecord {
  readonly key: string
}

/** Files may come this much later than others of the same minute. */
export const lateMs = 30 * 60_000
/** How far back a call that is missing is looked for, again and again. */
const longestSearchMs = 3 * 3_600_000
/** Delivery takes minutes; the clocks of AWS and ours may differ. */
const beforeCallMs = 5 * 60_000

/** Where a listing begins: never at the beginning of time. */
export function searchFrom(lastKey: string | null, waiting: readonly Canary[], now: Date): Date {
  // Whoever can write to the bucket can name a file after next year: that must not be waited for.
  const last = Math.min((lastKey && timeOfLogKey(lastKey)?.getTime()) || now.getTime(), now.getTime())
  const missing = waiting.map(({ calledAt }) =>
    Math.max(calledAt.getTime() - beforeCallMs, now.getTime() - longestSearchMs),
  )
  return new Date(Math.min(last - lateMs, ...missing))
}

/**
 * Every file from `from` on that is not in `seen`; the keys that were read are added to `seen`.
 *
 * @param mention the principal whose records are wanted
 * @throws AwsCallError with the object's key in `UnreadableObject`
 */
export async function readLogFiles(
  account: Account,
  trail: TrailPlace,
  place: LogPlace,
  options: { from: Date; mention: string; seen: Set<string>; limits: LookLimits },
): Promise<LogLook> {
  const { from, mention, seen, limits } = options
  const deadline = performance.now() + limits.ms
  const records: FoundRecord[] = []
  const strange: { key: string; fault: string }[] = []
  let filesRead = 0
  let bytesRead = 0
  let lastKey: string | null = null
  const listing = { bucket: place.bucket, prefix: logFolder(place), startAfter: logKeyBefore(place, from) }
  for await (const { key, bytes } of listObjects(account, trail.homeRegion, listing)) {
    if (seen.has(key) || !timeOfLogKey(key)) continue
    const isTooMuch = filesRead >= limits.files || bytesRead >= limits.bytes || performance.now() > deadline
    if (isTooMuch) return { isComplete: false, filesRead, lastKey, records, strange }
    const found = await readOne(account, trail, place, key, mention)
    if ('fault' in found) strange.push({ key, fault: found.fault })
    else records.push(...found.records.map((record) => ({ ...record, key })))
    seen.add(key)
    filesRead += 1
    bytesRead += bytes
    lastKey = key
  }
  return { isComplete: true, filesRead, lastKey, records, strange }
}

/** An object that could not be read. `cause` is what AWS said. */
export class UnreadableObject extends Error {
  readonly key: string

  constructor(key: string, cause: unknown) {
    super(`${key} cannot be read`, { cause })
    this.key = key
  }
}

type OneFile = { readonly records: readonly LogRecord[] } | { readonly fault: string }

async function readOne(
  account: Account,
  trail: TrailPlace,
  place: LogPlace,
  key: string,
  mention: string,
): Promise<OneFile> {
  try {
    const { body } = await getObject(account, trail.homeRegion, place.bucket, key)
    return { records: await readRecords(body, mention) }
  } catch (error) {
    if (error instanceof LogFileError) return { fault: error.message }
    // Deleted since it was listed: the digest chain will tell.
    if (isMissingObject(error)) return { fault: 'it was deleted' }
    throw new UnreadableObject(key, error)
  }
}

/**
 * The organization whose folder has this account's files; null when there is none yet. What is listed here is what the
 * statement in `log-access.ts` allows to be listed, to the letter: S3 matches the prefix that a request names.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
 *
 * @throws AwsCallError
 */
export async function findOrganization(
  account: Account,
  trail: TrailPlace,
  place: LogPlace,
): Promise<string | null> {
  const folders = await listFolders(account, trail.homeRegion, place.bucket, organizationsBelow(place))
  for (const organizationId of organizationsIn(folders)) {
    const folders = `${accountFolder({ ...place, organizationId })}CloudTrail`
    const inside = await listFolders(account, trail.homeRegion, place.bucket, folders)
    if (inside.length > 0) return organizationId
  }
  return null
}

/** Forgets what a listing that begins at `from` does not bring up. */
export function forgetBefore(seen: Set<string>, from: Date): void {
  // Names tell the minute.
  const oldest = from.getTime() - 60_000
  for (const key of seen) {
    const at = timeOfLogKey(key)
    if (!at || at.getTime() < oldest) seen.delete(key)
  }
}
