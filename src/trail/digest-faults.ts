/** What is wrong with the digest chain, as far as it is remembered. */
import { createHash } from 'node:crypto'
import type { DigestProgress, DroppedFaults, KeptFault } from './canary-progress.ts'
import type { DigestFault, ListedLogFile } from './digest.ts'

/**
 * How long a fault is shown. What was deleted stays deleted, so nothing but time (or an object that comes back whole)
 * ends it: long enough for a week-end, and an exception acknowledges it sooner.
 */
export const faultKeptMs = 7 * 86_400_000
const mostFaults = 50
const mostDropped = 1000
const longestMessage = 1500

type ObjectName = Pick<DigestFault, 'bucket' | 'key'>

export const isSameObject = (one: ObjectName, other: ObjectName): boolean =>
  one.key === other.key && one.bucket === other.bucket

/**
 * One fault an object: the first that was found of it stays. Where there are too many, one is dropped and counted; what
 * is missing stays before what was altered, for who alters files by the dozen may do so to hide that one is gone.
 */
export function withFault(
  progress: DigestProgress,
  fault: DigestFault,
  { since, now, listed = null }: { since: Date; now: Date; listed?: ListedLogFile | null },
): DigestProgress {
  if (progress.faults.some((one) => isSameObject(one, fault))) return progress
  const message = fault.message.slice(0, longestMessage)
  const kept: KeptFault = {
    ...fault,
    message,
    foundAt: now.toISOString(),
    since: since.toISOString(),
    listed,
  }
  const faults = [...progress.faults, kept]
  const dropped = withoutId(progress.dropped, idOf(kept))
  if (faults.length <= mostFaults) return { ...progress, faults, dropped }
  const altered = isMissing(kept) ? progress.faults.findLast((one) => !isMissing(one)) : undefined
  const out = altered ?? kept
  return { ...progress, faults: faults.filter((one) => one !== out), dropped: withDropped(dropped, out, now) }
}

export const isMissing = ({ kind }: Pick<DigestFault, 'kind'>): boolean => kind.endsWith('-missing')

export const withoutFaults = (
  progress: DigestProgress,
  isOver: (fault: KeptFault) => boolean,
): DigestProgress => ({ ...progress, faults: progress.faults.filter((fault) => !isOver(fault)) })

export function forgetOldFaults(progress: DigestProgress, now: Date): DigestProgress {
  const isOld = (at: string) => now.getTime() - Date.parse(at) > faultKeptMs
  const kept = withoutFaults(progress, ({ foundAt }) => isOld(foundAt))
  return kept.dropped && isOld(kept.dropped.lastAt) ? { ...kept, dropped: null } : kept
}

/** Of all, whether they are kept or were dropped. */
export const faultCountOf = ({ faults, dropped }: DigestProgress): number =>
  faults.length + (dropped?.ids.length ?? 0)

/** An object is found wrong over and over, and counts once. */
function withDropped(before: DroppedFaults | null, fault: KeptFault, now: Date): DroppedFaults {
  const since = before && before.since < fault.since ? before.since : fault.since
  const ids = [...(before?.ids ?? []).slice(1 - mostDropped), idOf(fault)]
  return { ids, since, lastAt: now.toISOString() }
}

function withoutId(dropped: DroppedFaults | null, id: string): DroppedFaults | null {
  if (!dropped?.ids.includes(id)) return dropped
  const ids = dropped.ids.filter((one) => one !== id)
  return ids.length > 0 ? { ...dropped, ids } : null
}

const idOf = ({ bucket, key }: ObjectName): string =>
  createHash('sha256').update(`${bucket}/${key}`).digest('base64url').slice(0, 12)
