/** The log files that a digest lists, one after the other, as far as a look may go. */

import type { DigestProgress } from './canary-progress.ts'
import { type Digest, type DigestFault, type ListedLogFile, verifyLogFile } from './digest.ts'
import { type ChainContext, hashOf } from './digest-calls.ts'
import { withFault } from './digest-state.ts'

/** What one look may still read. */
export interface Budget {
  left: number
  /** Of `performance.now()`. */
  readonly deadline: number
}

export const isSpent = ({ left, deadline }: Budget): boolean => left <= 0 || performance.now() > deadline

export interface CheckedFiles {
  readonly filesRead: number
  readonly faults: readonly { readonly fault: DigestFault; readonly listed: ListedLogFile }[]
}

/** @param from how many of them were read before */
export async function checkLogFiles(
  context: ChainContext,
  { logFiles }: Digest,
  from: number,
  budget: Budget,
): Promise<CheckedFiles> {
  const faults: { fault: DigestFault; listed: ListedLogFile }[] = []
  let filesRead = from
  for (const listed of logFiles.slice(from)) {
    if (isSpent(budget)) break
    const fault = verifyLogFile(listed, await hashOf(context, listed))
    if (fault) faults.push({ fault, listed })
    budget.left -= 1
    filesRead += 1
  }
  return { filesRead, faults }
}

export const withFaults = (
  progress: DigestProgress,
  faults: CheckedFiles['faults'],
  { startedAt }: Digest,
  now: Date,
): DigestProgress =>
  faults.reduce(
    (after, { fault, listed }) => withFault(after, fault, { since: startedAt, now, listed }),
    progress,
  )
