/**
 * New log files, read in order.
 *
 * Keys sort by the minute in their names, so one listing that starts after a made-up key goes on where the last one
 * ended, across midnight too. Within a minute they sort by chance, and a file may be delivered after one with a later
 * minute: so a listing begins some time before the newest file that was read, and what was read already is skipped.
 *
 * A file that AWS refuses is passed over, and asked for again while a listing comes by it: of those that were refused
 * before, some in each look, and those that come after one that can be read by now.
 */
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { getObject, isMissingObject, listObjects } from './bucket-calls.ts'
import { beforeCallMs, type Canary } from './canary.ts'
import type { UnreadFile } from './canary-progress.ts'
import type { TrailPlace } from './facts.ts'
import { type Refusal, refusalOf } from './log-access.ts'
import { type Inflated, LogFileError, type LogRecord, type RecordSearch, readRecords } from './log-file.ts'
import { type LogPlace, logFolder, logKeyBefore, timeOfLogKey } from './log-keys.ts'
import {
  isOfOneObject,
  longestUnasked,
  openRefusals,
  refusalsInARow,
  UnreadableObject,
} from './unreadable.ts'

/** What one look may take. */
export interface LookLimits {
  readonly files: number
  /** Inflated, or as they lie in the bucket where that is more. */
  readonly bytes: number
  readonly ms: number
}

export interface LogLook {
  /** `refused`: permission is missing for more than single files; `error`: nothing can be read right now. */
  readonly ending: { readonly kind: 'complete' | 'limit' | 'refused' } | FailedEnding
  readonly filesRead: number
  /** The key that was read last; null when none was. */
  readonly lastKey: string | null
  readonly records: readonly FoundRecord[]
  /** Keys of what was read: to be added to `seen` as soon as what was found is saved. */
  readonly read: readonly string[]
  /** Files that are none of CloudTrail's, by key. */
  readonly strange: readonly { readonly key: string; readonly fault: string }[]
  /** In the order of their keys. */
  readonly unread: readonly UnreadFile[]
  /** Whether the newest file that was listed is one of these. */
  readonly isNewestUnread: boolean
  readonly refusals: readonly Refusal[]
}

interface FailedEnding {
  readonly kind: 'error'
  readonly refusal: Refusal
}

export interface FoundRecord extends LogRecord {
  readonly key: string
}

/** Files may come this much later than others of the same minute. */
const lateMs = 30 * 60_000
/** How far back a call that is missing is looked for, again and again, and what was left off after a pause. */
const longestSearchMs = 3 * 3_600_000
/** For as long as calls are looked for. */
const unreadKeptMs = 25 * 3_600_000
const mostUnread = 500
/** Of one look: one more file is read up to here. */
const mostRecords = 10_000

/** Where a listing begins: never at the beginning of time, and further back than hours only within a backlog. */
export function searchFrom(
  { lastKey, isBehind }: { readonly lastKey: string | null; readonly isBehind: boolean },
  waiting: readonly Canary[],
  now: Date,
): Date {
  // Whoever can write to the bucket can name a file after next year: that must not be waited for.
  const last = Math.min((lastKey && timeOfLogKey(lastKey)?.getTime()) || now.getTime(), now.getTime())
  const earliest = now.getTime() - longestSearchMs
  const missing = waiting.map(({ calledAt }) => Math.max(calledAt.getTime() - beforeCallMs, earliest))
  const left = isBehind ? last - lateMs : Math.max(last - lateMs, earliest)
  return new Date(Math.min(left, ...missing))
}

export interface LogSearch {
  readonly from: Date
  readonly now: Date
  readonly wanted: RecordSearch
  /** Keys that were read. */
  readonly seen: ReadonlySet<string>
  /** What was refused before. */
  readonly unread: readonly UnreadFile[]
  readonly limits: LookLimits
}

/** Every file from `from` on that is not in `seen`, as far as AWS lets Muster. @throws whatever is no matter of AWS */
export async function readLogFiles(
  account: Account,
  trail: TrailPlace,
  place: LogPlace,
  search: LogSearch,
): Promise<LogLook> {
  const { wanted, seen, limits, now } = search
  const deadline = performance.now() + limits.ms
  const startAfter = logKeyBefore(place, search.from)
  const records: FoundRecord[] = []
  const read: string[] = []
  const strange: { key: string; fault: string }[] = []
  const refusals = openRefusals()
  const unread = new Map(search.unread.map((file) => [file.key, file]))
  const due = new Set(
    longestUnasked(search.unread.filter(({ key }) => key > startAfter))
      .slice(0, refusalsInARow)
      .map(({ key }) => key),
  )
  const listed = new Set<string>()
  let isGivenAgain = false
  let filesRead = 0
  let bytesRead = 0
  let lastKey: string | null = null
  let newestRead = ''
  const endWith = (ending: LogLook['ending']): LogLook => {
    const isGone = (key: string) => ending.kind === 'complete' && key > startAfter && !listed.has(key)
    const left = keptUnread(
      [...unread.values()].filter(({ key }) => !isGone(key)),
      startAfter,
      now,
    )
    const newest = left.at(-1)?.key ?? ''
    const isNewestUnread = newest > startAfter && newest > newestRead
    return {
      ending,
      filesRead,
      lastKey,
      records,
      read,
      strange,
      unread: left,
      isNewestUnread,
      refusals: refusals.all,
    }
  }
  try {
    const listing = { bucket: place.bucket, prefix: logFolder(place), startAfter }
    for await (const { key, bytes } of listObjects(account, trail.homeRegion, listing)) {
      const at = timeOfLogKey(key)
      if (!at) continue
      if (seen.has(key)) {
        newestRead = key
        continue
      }
      const wasRefused = unread.has(key)
      listed.add(key)
      if (wasRefused && !due.has(key) && !isGivenAgain) continue
      const isTooMuch =
        filesRead >= limits.files ||
        bytesRead >= limits.bytes ||
        records.length >= mostRecords ||
        performance.now() > deadline
      if (isTooMuch) return endWith({ kind: 'limit' })
      const inflated = { bytes: 0 }
      const found = await readOne(account, trail, { ...place, key }, wanted, inflated)
      filesRead += 1
      bytesRead += Math.max(bytes, inflated.bytes)
      if ('refusal' in found) {
        const { reason } = found.refusal
        isGivenAgain = false
        refusals.add(found.refusal, !wasRefused)
        // Nothing that is named so can be CloudTrail's: no call is lost in it.
        if (at.getTime() > now.getTime() + lateMs)
          strange.push({ key, fault: `it is of later than now, and ${reason}` })
        else unread.set(key, { key, reason, askedAt: now.toISOString() })
        if (refusals.isGeneral) return endWith({ kind: 'refused' })
        continue
      }
      if ('fault' in found) strange.push({ key, fault: found.fault })
      else for (const record of found.records) records.push({ ...record, key })
      if (unread.delete(key)) isGivenAgain = true
      refusals.endRow()
      read.push(key)
      newestRead = key
      lastKey = key
    }
    return endWith({ kind: 'complete' })
  } catch (error) {
    const [cause, key] = error instanceof UnreadableObject ? [error.cause, error.key] : [error]
    if (!(cause instanceof AwsCallError)) throw cause
    return endWith({ kind: 'error', refusal: refusalOf(cause, account.partition, trail, place, key) })
  }
}

/** Those that are listed again, and of the others the newest: whatever was called before may be in it. */
function keptUnread(files: readonly UnreadFile[], startAfter: string, now: Date): readonly UnreadFile[] {
  const oldest = now.getTime() - unreadKeptMs
  const kept = files
    .filter(({ key }) => (timeOfLogKey(key)?.getTime() ?? 0) > oldest)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const before = kept.filter(({ key }) => key <= startAfter)
  return [...before.slice(-1), ...kept.slice(before.length)].slice(-mostUnread)
}

type OneFile =
  | { readonly records: readonly LogRecord[] }
  | { readonly fault: string }
  | { readonly refusal: Refusal }

async function readOne(
  account: Account,
  trail: TrailPlace,
  { key, ...place }: LogPlace & { readonly key: string },
  wanted: RecordSearch,
  inflated: Inflated,
): Promise<OneFile> {
  try {
    const { body } = await getObject(account, trail.homeRegion, place.bucket, key)
    return { records: await readRecords(body, wanted, inflated) }
  } catch (error) {
    if (error instanceof LogFileError) return { fault: error.message }
    // Deleted since it was listed: the digest chain will tell.
    if (isMissingObject(error)) return { fault: 'it was deleted' }
    if (isOfOneObject(error)) return { refusal: refusalOf(error, account.partition, trail, place, key) }
    throw new UnreadableObject(key, error)
  }
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
