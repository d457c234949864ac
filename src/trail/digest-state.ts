/** What is remembered of the digest chain, and what it says. */
import type { DigestProgress, UnreadOfChain } from './canary-progress.ts'
import type { Digest, DigestFault, DigestLink } from './digest.ts'
import { faultCountOf, faultKeptMs } from './digest-faults.ts'
import { type DigestFacts, type DigestTold, noFaults } from './facts.ts'

/** How long verified digests are remembered, and read again. */
export const rememberedMs = 25 * 3_600_000
/** With so many the chain waits until some can be read, or are forgotten: it is not verified as it is. */
export const mostUnread = 100

/** A digest comes each hour, even if nothing happened. */
const overdueMs = 3 * 3_600_000
/** By how much what CloudTrail says it delivered may differ from what a Region has. */
const absentAfterMs = 2 * 3_600_000

export const lastVerified = ({ verified }: DigestProgress): DigestLink | undefined => verified.at(-1)

export function withVerified(progress: DigestProgress, link: DigestLink, now: Date): DigestProgress {
  const oldest = new Date(now.getTime() - rememberedMs).toISOString()
  const kept = progress.verified.filter(({ endedAt, key }) => endedAt >= oldest && key !== link.key)
  return { ...progress, verified: [...kept, link], begun: null }
}

export const withUnread = (progress: DigestProgress, entry: UnreadOfChain): DigestProgress => ({
  ...progress,
  unread: [...progress.unread.filter(({ key }) => key !== entry.key), entry],
})

export const withoutUnread = (progress: DigestProgress, wanted: string): DigestProgress => ({
  ...progress,
  unread: progress.unread.filter(({ key }) => key !== wanted),
})

export const forgetOldUnread = (progress: DigestProgress, now: Date): DigestProgress => ({
  ...progress,
  unread: progress.unread.filter(({ until }) => now.getTime() - Date.parse(until) <= rememberedMs),
})

/**
 * A first digest after others: CloudTrail writes one when logging, or validation, is started again. One that follows on
 * another of another place comes after a time in which the trail delivered there.
 */
export function withGap(progress: DigestProgress, digest: Digest): DigestProgress {
  const last = lastVerified(progress)
  if (!last || !isNewHere(digest) || digest.startedAt <= new Date(last.endedAt)) return progress
  return { ...progress, gap: { from: last.endedAt, until: digest.startedAt.toISOString() } }
}

function isNewHere({ bucket, key, previous }: Digest): boolean {
  const placeOf = (name: string) => name.slice(0, name.lastIndexOf('/CloudTrail-Digest/'))
  return previous === null || previous.bucket !== bucket || placeOf(previous.key) !== placeOf(key)
}

export interface ToldOfDigests {
  /** Whose digests these are. */
  readonly region: string
  /** What CloudTrail says it delivered last; null where it does not say. */
  readonly latestDigest: DigestTold | null
  readonly now: Date
}

export function digestFactsOf(
  progress: DigestProgress,
  { region, latestDigest, now }: ToldOfDigests,
): DigestFacts {
  const last = lastVerified(progress)
  if (faultCountOf(progress) > 0) return brokenFacts(progress)
  if (progress.unread.length > 0) return unreadFacts(progress.unread)
  const open = { validUntil: last?.endedAt ?? null, ...noFaults }
  if (!last) return { status: 'waiting', reason: 'no digest file has been delivered yet', ...open }
  const lastMs = Date.parse(last.endedAt)
  // Of a chain that was never seen, nobody knows that it began in this Region.
  const isHere = latestDigest && latestDigest.at.toISOString() > (progress.backAt ?? '')
  if (isHere && latestDigest.at.getTime() - lastMs > absentAfterMs && progress.begun === null) {
    const delivered = `CloudTrail delivered a digest file of ${latestDigest.region} at ${latestDigest.at.toISOString()}`
    // Each Region has a chain of its own, and its own delays.
    if (latestDigest.region !== region) {
      return { status: 'waiting', reason: `${delivered}, and none of ${region} has come yet`, ...open }
    }
    const reason = `${delivered}, and the bucket has none of that time`
    // It is known by the one before.
    const fault = { kind: 'digest-absent', bucket: last.bucket, key: last.key, message: reason }
    return { status: 'broken', reason, ...open, faults: [fault], faultCount: 1 }
  }
  if (now.getTime() - lastMs > overdueMs) {
    return { status: 'waiting', reason: `no digest file was delivered since ${last.endedAt}`, ...open }
  }
  return { status: 'valid', reason: gapReason(progress, now), ...open }
}

function brokenFacts(progress: DigestProgress): DigestFacts {
  const { faults, dropped } = progress
  const since = [...faults, ...(dropped ? [dropped] : [])].map((one) => one.since).sort()[0] ?? null
  const faultCount = faultCountOf(progress)
  const [first] = faults
  const others = faultCount - 1
  const reason = first
    ? `${first.message}${others > 0 ? ` (and ${others} others)` : ''}`
    : `${faultCount} files were missing or altered, more than could be listed; the last was found at ${dropped?.lastAt}`
  return {
    status: 'broken',
    reason,
    validUntil: since,
    faults: faults.map(({ kind, bucket, key, message }) => ({ kind, bucket, key, message })),
    faultCount,
  }
}

function unreadFacts(unread: readonly UnreadOfChain[]): DigestFacts {
  const byTime = [...unread].sort((a, b) => (a.since < b.since ? -1 : 1))
  const [first, last] = [byTime[0], byTime.at(-1)]
  const files = unread.length === 1 ? 'one file' : `${unread.length} files`
  const reason = `from ${first?.since} to ${last?.until} ${files} could not be verified: ${last?.reason}`
  return { status: 'unknown', reason, validUntil: first?.since ?? null, ...noFaults }
}

function gapReason({ gap }: DigestProgress, now: Date): string | null {
  if (!gap || now.getTime() - Date.parse(gap.until) > faultKeptMs) return null
  return `the chain began anew: nothing tells of log files that were delivered from ${gap.from} to ${gap.until}`
}

export const missingDigest = ({ bucket, key }: Pick<DigestLink, 'bucket' | 'key'>): DigestFault => ({
  kind: 'digest-missing',
  bucket,
  key,
  message: `the digest file ${key} was deleted`,
})
