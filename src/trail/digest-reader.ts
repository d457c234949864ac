/**
 * Follows the digest chain: new digest files as they come, each with the log files that it lists; and those of the last
 * day over and over, for a file may be deleted after it was verified.
 */
import { AwsCallError } from '../aws/errors.ts'
import { listObjects } from './bucket-calls.ts'
import type { DigestProgress } from './canary-progress.ts'
import { type Digest, type DigestLink, linkOf, verifyDigest, verifyLink } from './digest.ts'
import { lookAtFaultsAgain, readAgain } from './digest-again.ts'
import { type ChainContext, isRefused, publicKeys, readDigestFile } from './digest-calls.ts'
import { forgetOldFaults, withFault } from './digest-faults.ts'
import { type Budget, checkLogFiles, isSpent, unreadOf, withChecked } from './digest-log-files.ts'
import {
  forgetOldUnread,
  lastVerified,
  missingDigest,
  mostUnread,
  rememberedMs,
  withGap,
  withUnread,
  withVerified,
} from './digest-state.ts'
import { lookAtUnreadAgain } from './digest-unread.ts'
import { type Refusal, refusalOf } from './log-access.ts'
import { type DigestKey, digestFolder, digestKeyBefore, readDigestKey } from './log-keys.ts'
import { openRefusals, UnreadableObject } from './unreadable.ts'

/** How far back the first look goes: one digest is there in every full hour. */
const firstLookMs = 3 * 3_600_000
/** What one look came to, and where the next one goes on. */
export interface ChainLook {
  readonly progress: DigestProgress
  /** Of single files. */
  readonly refusals: readonly Refusal[]
  /** What kept the rest from being read; null when all is verified, or the limits are reached. */
  readonly endedBy: Refusal | null
}

/** One look. @throws whatever is no matter of AWS */
export async function followDigests(context: ChainContext, before: DigestProgress): Promise<ChainLook> {
  const { account, trail, place, limits, now } = context
  const refusals = openRefusals()
  const budget: Budget = {
    left: limits.files,
    maxBytes: limits.bytes,
    inflated: { bytes: 0 },
    deadline: performance.now() + limits.ms,
    refusals,
  }
  let progress = forgetOldUnread(forgetOldFaults(before, now), now)
  try {
    for await (const step of steps(context, progress, budget)) progress = step
    const endedBy = (refusals.isGeneral && refusals.all.at(-1)) || null
    return { progress, refusals: refusals.all, endedBy }
  } catch (error) {
    const [cause, key] = error instanceof UnreadableObject ? [error.cause, error.key] : [error]
    if (!(cause instanceof AwsCallError)) throw cause
    const endedBy = refusalOf(cause, account.partition, trail, place, key)
    return { progress, refusals: refusals.all, endedBy }
  }
}

/** What is known after each step: one that fails takes nothing of the others away. */
async function* steps(context: ChainContext, before: DigestProgress, budget: Budget) {
  const listed = await listDigests(context, before)
  let progress = missingOnes(before, listed, context.now)
  yield progress
  progress = await lookAtFaultsAgain(context, progress, budget)
  yield progress
  progress = await lookAtUnreadAgain(context, progress, budget)
  yield progress
  for (const entry of newOnes(listed, progress)) {
    if (isSpent(budget)) return
    progress = await takeDigest(context, progress, entry, budget)
    yield progress
  }
  yield await readAgain(context, progress, budget)
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
      (after, link) =>
        withFault(after, missingDigest(link), {
          since: new Date(Date.parse(link.endedAt) - 3_600_000),
          now,
        }),
      progress,
    )
}

function newOnes(listed: readonly DigestKey[], progress: DigestProgress): readonly DigestKey[] {
  const last = lastVerified(progress)
  return listed.filter(({ key, endedAt, isBackfill }) =>
    isBackfill
      ? !progress.backfills.includes(key)
      : (!last || endedAt.getTime() > Date.parse(last.endedAt)) &&
        ![...progress.faults, ...progress.unread].some((one) => one.key === key),
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
  budget.left -= 1
  const file = await readDigestFile(context, place.bucket, key, budget.inflated)
  const since = new Date(endedAt.getTime() - 3_600_000)
  const done = (progress: DigestProgress, link: DigestLink) =>
    isBackfill
      ? { ...progress, begun: null, backfills: [...progress.backfills, key].slice(-100) }
      : withVerified(progress, link, now)
  // The chain goes on after one that is not as it should be: what comes next says what should have been here. But
  // whoever can write to the bucket can name a file after next year, and the chain does not wait for that.
  const passed = (progress: DigestProgress) =>
    endedAt > now
      ? progress
      : done(progress, { bucket: place.bucket, key, endedAt: endedAt.toISOString(), hash: '', signature: '' })
  if (isRefused(file)) {
    const { reason } = file.refusal
    budget.refusals.add(file.refusal, true)
    if (before.unread.length >= mostUnread) {
      budget.refusals.stop()
      return before
    }
    const entry = unreadOf(
      { bucket: place.bucket, key },
      { startedAt: since, endedAt, listed: null, reason, now },
    )
    return passed(withUnread(before, entry))
  }
  // Deleted since it was listed.
  if (!file) return withFault(before, missingDigest({ bucket: place.bucket, key }), { since, now })
  const verdict = verifyDigest(file, await publicKeys(context, endedAt))
  if (!verdict.ok) return passed(withFault(before, verdict.fault, { since, now }))
  const { digest } = verdict
  let progress = isBackfill ? before : withGap(await checkLink(context, before, digest), digest)
  const filesRead = before.begun?.key === key ? before.begun.filesRead : 0
  const rest = await checkLogFiles(context, digest, { from: filesRead, before: progress.unread }, budget)
  progress = withChecked(progress, rest, digest, now)
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
    if (last.hash === '') return withHashOfUnread(progress, last, digest)
    const fault = verifyLink(digest, last)
    return fault
      ? withFault(progress, fault, { since: new Date(Date.parse(last.endedAt) - 3_600_000), now })
      : progress
  }
  const isThere = await readDigestFile(context, previous.bucket, previous.key)
  const since = new Date(last.endedAt)
  if (isRefused(isThere)) {
    const { reason } = isThere.refusal
    const hours = { startedAt: since, endedAt: digest.startedAt }
    return withUnread(progress, unreadOf(previous, { ...hours, listed: null, reason, now }))
  }
  return isThere ? progress : withFault(progress, missingDigest(previous), { since, now })
}

/** One that could not be read is held against this once it can. */
function withHashOfUnread(
  progress: DigestProgress,
  last: DigestLink,
  { previous, previousSignature }: Digest,
): DigestProgress {
  if (!previous || !progress.unread.some(({ key }) => key === last.key)) return progress
  const known = { ...last, hash: previous.hash.toLowerCase(), signature: previousSignature ?? '' }
  return { ...progress, verified: progress.verified.map((link) => (link === last ? known : link)) }
}
