/** What is known of an account's log files, as of the last look: the one place to ask. */
import { and, desc, eq, gt, isNotNull } from 'drizzle-orm'
import { isAhead, latestPlausible } from '../clock.ts'
import type { Database } from '../store/open.ts'
import { accounts, trailLogs } from '../store/schema.ts'
import { type CanaryFacts, noFaults } from './facts.ts'

/** Longer than this ago, what the canary saw says nothing about now. */
const canaryValidMs = 2 * 3_600_000

const noCanary: CanaryFacts = {
  status: 'unknown',
  reason: 'Muster has not looked for its own calls in the log files yet',
  latest: null,
  waitingSince: null,
  statementsToAdd: [],
  unread: null,
  digest: {
    status: 'unknown',
    reason: 'no digest file has been looked at yet',
    validUntil: null,
    ...noFaults,
  },
  checkedAt: null,
}

/**
 * Of the trail that the gate goes by, or, where it goes by none, of the one that was looked at last. What is kept of
 * former trails says nothing, and what is older than two hours, or dated in the future, says nothing of now: then all is
 * `unknown`, with the reason.
 */
export async function readCanary(db: Database, accountId: string, now: Date): Promise<CanaryFacts> {
  const [account] = await db
    .select({ look: accounts.trailLook })
    .from(accounts)
    .where(eq(accounts.accountId, accountId))
  const rows = await db
    .select({ trailArn: trailLogs.trailArn, facts: trailLogs.facts })
    .from(trailLogs)
    .where(and(eq(trailLogs.accountId, accountId), isNotNull(trailLogs.facts)))
    // One that is dated in the future is the last only where there is no other.
    .orderBy(gt(trailLogs.lookedAt, latestPlausible(now)), desc(trailLogs.lookedAt))
  const ofGate = account?.look?.trailArn
  const row = ofGate ? rows.find(({ trailArn }) => trailArn === ofGate) : rows[0]
  if (!row?.facts) return noCanary
  // An earlier Muster kept no list of faults.
  const facts = { ...row.facts, digest: { ...noFaults, ...row.facts.digest } }
  const checkedAt = new Date(facts.checkedAt ?? Number.NaN)
  const isToCome = isAhead(checkedAt, now)
  if (!isToCome && now.getTime() - checkedAt.getTime() <= canaryValidMs) return facts
  const lookedAt = `the log files were last looked at ${facts.checkedAt ?? 'never'}`
  const reason = isToCome ? `${lookedAt}, which is yet to come` : lookedAt
  return { ...facts, status: 'unknown', reason, digest: { ...facts.digest, status: 'unknown', reason } }
}
