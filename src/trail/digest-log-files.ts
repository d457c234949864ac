/** The log files that a digest lists, one after the other, as far as a look may go. */
import type { DigestProgress, UnreadOfChain } from './canary-progress.ts'
import { type Digest, type DigestFault, type ListedLogFile, verifyLogFile } from './digest.ts'
import { type ChainContext, hashOf, isRefused } from './digest-calls.ts'
import { withFault } from './digest-faults.ts'
import { mostUnread, withUnread } from './digest-state.ts'
import type { Inflated } from './log-file.ts'
import type { Refusals } from './unreadable.ts'

/** What one look may still read. */
export interface Budget {
  left: number
  readonly maxBytes: number
  /** By all that was read so far. */
  readonly inflated: Inflated
  /** Of `performance.now()`. */
  readonly deadline: number
  readonly refusals: Refusals
}

export const isSpent = ({ left, maxBytes, inflated, deadline, refusals }: Budget): boolean =>
  left <= 0 || inflated.bytes >= maxBytes || performance.now() > deadline || refusals.isGeneral

export interface CheckedFiles {
  readonly filesRead: number
  readonly faults: readonly { readonly fault: DigestFault; readonly listed: ListedLogFile }[]
  readonly unread: readonly UnreadOfChain[]
}

/**
 * @param from how many of them were read before
 * @param before what could not be read before is asked for elsewhere
 */
export async function checkLogFiles(
  context: ChainContext,
  { logFiles, startedAt, endedAt }: Digest,
  { from, before }: { readonly from: number; readonly before: readonly UnreadOfChain[] },
  budget: Budget,
): Promise<CheckedFiles> {
  const { now } = context
  const known = new Set(before.map(({ key }) => key))
  const faults: { fault: DigestFault; listed: ListedLogFile }[] = []
  const unread: UnreadOfChain[] = []
  let filesRead = from
  for (const listed of logFiles.slice(from)) {
    if (isSpent(budget)) break
    if (!known.has(listed.key)) {
      budget.left -= 1
      const found = await hashOf(context, listed, budget.inflated)
      if (isRefused(found)) {
        budget.refusals.add(found.refusal, true)
        if (before.length + unread.length >= mostUnread) {
          budget.refusals.stop()
          break
        }
        unread.push(unreadOf(listed, { startedAt, endedAt, listed, reason: found.refusal.reason, now }))
      } else {
        budget.refusals.endRow()
        const fault = verifyLogFile(listed, found)
        if (fault) faults.push({ fault, listed })
      }
    }
    filesRead += 1
  }
  return { filesRead, faults, unread }
}

export function unreadOf(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  {
    startedAt,
    endedAt,
    listed,
    reason,
    now,
  }: { startedAt: Date; endedAt: Date; listed: ListedLogFile | null; reason: string; now: Date },
): UnreadOfChain {
  // What is named after now is remembered no longer than what is of now.
  const [since, until] = [startedAt, endedAt].map((at) => (at < now ? at : now).toISOString()) as [
    string,
    string,
  ]
  const times = { since, until, askedAt: now.toISOString() }
  return { bucket, key, ...times, listed, reason, filesRead: 0 }
}

export function withChecked(
  progress: DigestProgress,
  { faults, unread }: CheckedFiles,
  { startedAt }: Digest,
  now: Date,
): DigestProgress {
  const withFaults = faults.reduce(
    (after, { fault, listed }) => withFault(after, fault, { since: startedAt, now, listed }),
    progress,
  )
  return unread.reduce(withUnread, withFaults)
}
