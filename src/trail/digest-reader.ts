/**
 * Follows the digest chain: new digest files as they come, each with the log files that it lists; and those of the last
 * day over and over, for a file may be deleted after it was verified.
 */
import { listObjects } from './bucket-calls.ts'
import type { DigestProgress } from './canary-progress.ts'
import { type Digest, type DigestLink, linkOf, verifyDigest, verifyLink } from './digest.ts'
import { lookAtFaultsAgain, readAgain } from './digest-again.ts'
import { type ChainContext, publicKeys, readDigestFile } from './digest-calls.ts'
import { type Budget, checkLogFiles, isSpent, withFaults } from './digest-log-files.ts'
import {
  forgetOldFaults,
  lastVerified,
  missingDigest,
  rememberedMs,
  withFault,
  withGap,
  withVerified,
} from './digest-state.ts'
import { type DigestKey, digestFolder, digestKeyBefore, readDigestKey } from './log-keys.ts'

/** How far back the first look goes: one digest is there in every full hour. */
const firstLookMs = 3 * 3_600_000
/**
 * One look. It ends when all is verified or the limits are reached; what it returns is where the next one goes on.
 *
 * @throws AwsCallError, UnreadableObject
 */
export async function followDigests(context: ChainContext, before: DigestProgress): Promise<DigestProgress> {
  const { limits, now } = context
  const budget: Budget = { left: limits.files, deadline: performance.now() + limits.ms }
  const listed = await listDigests(context, before)
  let progress = missingOnes(forgetOldFaults(before, now), listed, now)
  progress = await lookAtFaultsAgain(context, progress)
  for (const entry of newOnes(listed, progress)) {
    if (isSpent(budget)) return progress
    progress = await takeDigest(context, progress, entry, budget)
  }
  return await readAgain(context, progress, budget)
}

async function listDigests(context: ChainContext, progress: DigestProgress): Promise<readonly DigestKey[]> {
  const { account, trail, place, now } = context
  const from = new Date(now.getTime() - (progress.verified.length > 0 ? rememberedMs : firstLookMs))
  const last = lastVerified(progress)
  const startAt = last && Date.parse(last.endedAt) < from.getTime() ? new Date(last.endedAt) : from
  const source = { trailName: trail.name, homeRegion: trail.homeRegion }
  const keys: DigestKey[] = []
  const listing = {
    bucket: place.bucket,
    prefix: digestFolder(place),
    startAfter: digestKeyBefore(place, source, startAt),
  }
  for await (const { key } of listObjects(account, trail.homeRegion, listing)) {
    const entry = readDigestKey(place, source, key)
    if (entry) keys.push(entry)
  }
  return keys.sort((a, b) => a.endedAt.getTime() - b.endedAt.getTime())
}

/** Verified digests that are in the bucket no more. */
function missingOnes(progress: DigestProgress, listed: readonly DigestKey[], now: Date): DigestProgress {
  const there = new Set(listed.map(({ key }) => key))
  const from = new Date(now.getTime() - rememberedMs + 60_000).toISOString()
  return progress.verified
    .filter(({ key, endedAt }) => endedAt > from && !there.has(key))
    .reduce(
      (after, { key, endedAt }) =>
        withFault(after, missingDigest(key), { since: new Date(Date.parse(endedAt) - 3_600_000), now }),
      progress,
    )
}

function newOnes(listed: readonly DigestKey[], progress: DigestProgress): readonly DigestKey[] {
  const last = lastVerified(progress)
  return listed.filter(({ key, endedAt, isBackfill }) =>
    isBackfill
      ? !progress.backfills.includes(key)
      : (!last || endedAt.getTime() > Date.parse(last.endedAt)) &&
        !progress.faults.some((one) => one.key === key),
  )
}

/** One digest file, its link to the one before, and its log files as far as the budget goes. */
async function takeDigest(
  context: ChainContext,
  before: DigestProgress,
  { key, endedAt, isBackfill }: DigestKey,
  budget: Budget,
): Promise<DigestProgress> {
  const { place, now } = context
  const file = await readDigestFile(context, place.bucket, key)
  const since = new Date(endedAt.getTime() - 3_600_000)
  // Deleted since it was listed.
  if (!file) return withFault(before, missingDigest(key), { since, now })
  const done = (progress: DigestProgress, link: DigestLink) =>
    isBackfill
      ? { ...progress, begun: null, backfills: [...progress.backfills, key].slice(-100) }
      : withVerified(progress, link, now)
  const verdict = verifyDigest(file, await publicKeys(context, endedAt))
  if (!verdict.ok) {
    const after = withFault(before, verdict.fault, { since, now })
    // Whoever can write to the bucket can name a file after next year: the chain does not wait for that.
    if (endedAt > now) return after
    // The chain goes on after it: what comes next says what should have been here.
    const link = { bucket: place.bucket, key, endedAt: endedAt.toISOString(), hash: '', signature: '' }
    return done(after, link)
  }
  const { digest } = verdict
  let progress = isBackfill ? before : withGap(await checkLink(context, before, digest), digest)
  const filesRead = before.begun?.key === key ? before.begun.filesRead : 0
  const rest = await checkLogFiles(context, digest, filesRead, budget)
  progress = withFaults(progress, rest.faults, digest, now)
  if (rest.filesRead < digest.logFiles.length)
    return { ...progress, begun: { key, filesRead: rest.filesRead } }
  return done(progress, linkOf(digest, file))
}

/** The listing has every digest that there is: one that is named and is not the last was deleted. */
async function checkLink(context: ChainContext, progress: DigestProgress, digest: Digest) {
  const { now } = context
  const last = lastVerified(progress)
  const { previous } = digest
  // The first that Muster ever saw has nothing to be held against.
  if (!last || !previous) return progress
  if (previous.key === last.key && previous.bucket === last.bucket) {
    const fault = last.hash === '' ? undefined : verifyLink(digest, last)
    return fault
      ? withFault(progress, fault, { since: new Date(Date.parse(last.endedAt) - 3_600_000), now })
      : progress
  }
  const isThere = await readDigestFile(context, previous.bucket, previous.key)
  const since = new Date(last.endedAt)
  return isThere ? progress : withFault(progress, missingDigest(previous.key), { since, now })
}
