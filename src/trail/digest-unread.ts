/**
 * What of the digest chain AWS does not let Muster read: it is neither broken nor verified, the chain goes on after it,
 * and it is looked at again for as long as digests are remembered.
 */
import type { DigestProgress, UnreadOfChain } from './canary-progress.ts'
import { type DigestFile, linkOf, replacedDigest, verifyDigest, verifyLogFile } from './digest.ts'
import { type ChainContext, hashOf, isRefused, publicKeys, readDigestFile } from './digest-calls.ts'
import { withFault } from './digest-faults.ts'
import { type Budget, checkLogFiles, isSpent, withChecked } from './digest-log-files.ts'
import { missingDigest, withoutUnread, withUnread } from './digest-state.ts'
import { longestUnasked, refusalsInARow } from './unreadable.ts'

/** Those that wait longest, until some are refused again. */
export async function lookAtUnreadAgain(
  context: ChainContext,
  before: DigestProgress,
  budget: Budget,
): Promise<DigestProgress> {
  const { now } = context
  let progress = before
  let refusalsLeft = refusalsInARow
  for (const entry of longestUnasked(before.unread)) {
    if (isSpent(budget) || refusalsLeft === 0) break
    budget.left -= 1
    const found = entry.listed
      ? await hashOf(context, entry.listed, budget.inflated)
      : await readDigestFile(context, entry.bucket, entry.key, budget.inflated)
    if (isRefused(found)) {
      const { refusal } = found
      refusalsLeft -= 1
      budget.refusals.add(refusal, false)
      progress = withUnread(progress, { ...entry, reason: refusal.reason, askedAt: now.toISOString() })
    } else if (typeof found === 'object') {
      progress = await digestThatIsRead(context, progress, entry, found, budget)
    } else {
      progress = afterRead(progress, entry, found, now)
    }
  }
  return progress
}

/** @param hash of a log file; undefined where the log file, or the digest file, is not there any more */
function afterRead(
  before: DigestProgress,
  { bucket, key, since, until, listed }: UnreadOfChain,
  hash: string | undefined,
  now: Date,
): DigestProgress {
  const progress = withoutUnread(before, key)
  const place = { since: new Date(since), now, listed }
  const fault = listed ? verifyLogFile(listed, hash) : missingDigest({ bucket, key })
  // A digest that was named after now was none of CloudTrail's.
  const isOurs = listed || since < until
  return fault && isOurs ? withFault(progress, fault, place) : progress
}

/** Its log files are verified before it counts as read. */
async function digestThatIsRead(
  context: ChainContext,
  before: DigestProgress,
  entry: UnreadOfChain,
  file: DigestFile,
  budget: Budget,
): Promise<DigestProgress> {
  const { now } = context
  const { key } = entry
  const read = withoutUnread(before, key)
  const place = { since: new Date(entry.since), now }
  const verdict = verifyDigest(file, await publicKeys(context, new Date(entry.until)))
  if (!verdict.ok) return withFault(read, verdict.fault, place)
  const { digest } = verdict
  const link = linkOf(digest, file)
  const remembered = before.verified.find((one) => one.key === key)
  // What the next digest said of it is known by now.
  if (remembered?.hash && remembered.hash !== link.hash) return withFault(read, replacedDigest(link), place)
  const rest = await checkLogFiles(context, digest, { from: entry.filesRead, before: read.unread }, budget)
  const isDone = rest.filesRead >= digest.logFiles.length
  const progress = withChecked(isDone ? read : before, rest, digest, now)
  if (!isDone)
    return withUnread(progress, { ...entry, filesRead: rest.filesRead, askedAt: now.toISOString() })
  return { ...progress, verified: progress.verified.map((one) => (one.key === key ? link : one)) }
}
