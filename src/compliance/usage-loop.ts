/**
 * Asking AWS what groups use, one group at a time: each about once a week, a few calls a minute behind everything
 * else. It is no part of a scan, and a scan does not wait for it.
 */
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Clock } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { takeLease } from '../store/lease.ts'
import type { Database } from '../store/open.ts'
import { askUsage, NoReport } from './ask-usage.ts'
import { keepUsage, keepUsageProblem, nextGroup } from './usage.ts'

export interface UsageContext {
  readonly db: Database
  readonly account: Account
  readonly catalog: Catalog
  /** IAM path, `/muster/`. */
  readonly path: string
  readonly clock: Clock
  readonly log: Logger
  /** One group in this time; a minute by default. */
  readonly everyMs?: number
  /** Until the first look at a report; two seconds by default. */
  readonly firstWaitMs?: number
}

const usualEveryMs = 60_000
/** Longer than a report is waited for. */
const leaseMs = 15 * 60_000

/** The first look is one interval after the start: who starts has more urgent things to do. */
export function startUsageLoop(context: UsageContext): Loop {
  let isStart = true
  return startLoop({
    name: 'group usage',
    everyMs: context.everyMs ?? usualEveryMs,
    log: context.log,
    async look(signal) {
      if (!isStart) await lookAtNextGroup(context, signal)
      isStart = false
      return false
    },
  })
}

/** Asks about the group whose turn it is. Its name; undefined when it is nobody's turn, or another replica is at it. */
export async function lookAtNextGroup(
  context: UsageContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { db, account, catalog, path, clock, log, firstWaitMs } = context
  const { accountId } = account
  const lease = await takeLease(db, accountId, 'group-usage', { leaseMs, everyMs: 0, now: clock() })
  if (!lease) return undefined
  try {
    const due = await nextGroup(db, accountId, Object.keys(catalog.groups), clock())
    const group = due && catalog.groups[due.groupName]
    if (!group) return undefined
    try {
      const wait = firstWaitMs === undefined ? {} : { firstWaitMs }
      const services = await askUsage({ account, path, group, ...due, signal, ...wait })
      await keepUsage(db, accountId, due.groupName, services, clock())
    } catch (error) {
      // The next start asks again.
      if (signal.aborted) return undefined
      const problem = problemOf(error)
      log.warn({ group: due.groupName, problem }, 'AWS does not say what a group uses')
      await keepUsageProblem(db, accountId, due.groupName, problem, clock())
    }
    return due.groupName
  } finally {
    await lease.end(clock())
  }
}

/** @throws what is no matter of AWS */
function problemOf(error: unknown): string {
  if (error instanceof NoReport) return error.message
  if (!(error instanceof AwsCallError)) throw error
  return error.class === 'denied'
    ? `Muster lacks the permission iam:${error.action}: allow it to Muster's role (${error.message})`
    : error.message
}
