/** What was verified, or found broken, is looked at again: files may be deleted later, and may be put back. */
import type { DigestProgress, KeptFault } from './canary-progress.ts'
import { type DigestLink, digestHash, linkOf, readDigest, verifyDigest, verifyLogFile } from './digest.ts'
import { type ChainContext, hashOf, isRefused, publicKeys, readDigestFile } from './digest-calls.ts'
import { isMissing, isSameObject, withFault, withoutFaults } from './digest-faults.ts'
import { type Budget, checkLogFiles, isSpent, unreadOf, withChecked } from './digest-log-files.ts'
import { missingDigest, mostUnread, withUnread } from './digest-state.ts'

/** With what the budget has left: the verified digest after the one that was read again last. */
export async function readAgain(
  context: ChainContext,
  before: DigestProgress,
  budget: Budget,
): Promise<DigestProgress> {
  const { now } = context
  const { again, verified } = before
  if (isSpent(budget)) return before
  const at = again ? verified.findIndex(({ key }) => key === again.key) : -1
  const isGoingOn = at >= 0 && again !== null && again.filesRead > 0
  const link = verified[isGoingOn ? at : (at + 1) % Math.max(verified.length, 1)]
  if (!link) return { ...before, again: null }
  const next = { ...before, again: { key: link.key, filesRead: 0 } }
  // One that never was valid is left out, and one that cannot be read is asked for elsewhere.
  if (link.hash === '' || before.unread.some(({ key }) => key === link.key)) return next
  const file = await readDigestFile(context, link.bucket, link.key, budget.inflated)
  const endedAt = new Date(link.endedAt)
  const since = new Date(endedAt.getTime() - 3_600_000)
  if (isRefused(file)) {
    const { refusal } = file
    budget.refusals.add(refusal, true)
    if (before.unread.length >= mostUnread) return next
    const { reason } = refusal
    return withUnread(next, unreadOf(link, { startedAt: since, endedAt, listed: null, reason, now }))
  }
  if (!file) return withFault(before, missingDigest(link), { since, now })
  // Nothing is made of what is not known to be the same.
  const digest = digestHash(file) === link.hash ? readDigest(file.content) : undefined
  if (!digest) {
    const message = `the digest file ${link.key} was altered after it was verified`
    const { bucket, key } = link
    return withFault(next, { kind: 'digest-altered', bucket, key, message }, { since, now })
  }
  const place = { from: isGoingOn ? again.filesRead : 0, before: before.unread }
  const checked = await checkLogFiles(context, digest, place, budget)
  const { filesRead } = checked
  const isDone = filesRead >= digest.logFiles.length
  const pointer = { key: link.key, filesRead: isDone ? 0 : filesRead }
  return withChecked({ ...before, again: pointer }, checked, digest, now)
}

/** What was put back whole is no fault any more. What is missing costs little to ask for; of the rest one a look. */
export async function lookAtFaultsAgain(
  context: ChainContext,
  before: DigestProgress,
  budget: Budget,
): Promise<DigestProgress> {
  const there = before.faults.filter((fault) => !isMissing(fault))
  const turn = there[Math.floor(context.now.getTime() / 120_000) % Math.max(there.length, 1)]
  let progress = before
  for (const fault of before.faults) {
    if (isSpent(budget)) break
    if (fault !== turn && !isMissing(fault)) continue
    progress = fault.listed
      ? await logFileAgain(context, progress, fault.listed, budget)
      : await digestAgain(context, progress, fault, budget)
  }
  return progress
}

async function logFileAgain(
  context: ChainContext,
  progress: DigestProgress,
  listed: NonNullable<KeptFault['listed']>,
  { inflated }: Budget,
): Promise<DigestProgress> {
  const found = await hashOf(context, listed, inflated)
  const isWhole = !isRefused(found) && verifyLogFile(listed, found) === undefined
  return isWhole ? withoutFaults(progress, (one) => isSameObject(one, listed)) : progress
}

/** The log files of a digest that is valid now are verified when its turn comes. */
async function digestAgain(
  context: ChainContext,
  progress: DigestProgress,
  { bucket, key, kind }: KeptFault,
  { inflated }: Budget,
): Promise<DigestProgress> {
  // That one is whole by itself: it is not the one that was there before.
  if (kind === 'digest-replaced') return progress
  const file = await readDigestFile(context, bucket, key, inflated)
  if (!file || isRefused(file)) return progress
  const verdict = verifyDigest(file, await publicKeys(context, context.now))
  if (!verdict.ok) return progress
  const link = linkOf(verdict.digest, file)
  const before = progress.verified.find((one) => one.key === key)
  if (before?.hash && before.hash !== link.hash) return progress
  const verified = [...progress.verified.filter((one) => one.key !== key), link].sort(byEnd)
  return withoutFaults({ ...progress, verified }, (one) => isSameObject(one, link))
}

const byEnd = (a: DigestLink, b: DigestLink) => Date.parse(a.endedAt) - Date.parse(b.endedAt)
