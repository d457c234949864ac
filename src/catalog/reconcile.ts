/** Bringing the catalog into the account: observe, plan, apply, record, again and again. */
import { sql } from 'drizzle-orm'
import type { FoundBy } from '../drift/drift.ts'
import { type FindingLoop, startFindingLoop } from '../drift/finding-loop.ts'
import { rowsOf } from '../store/open.ts'
import { type DesiredAccount, desiredAccount } from './account.ts'
import { type AccountPlan, planAccount } from './account-plan.ts'
import type { CatalogContext } from './context.ts'
import { hashOf } from './drift.ts'
import { catalogDrifts } from './drift-record.ts'
import { waitsOfNewCatalog, waitsOfRepair } from './gated.ts'
import { type CatalogLease, leaseCatalog } from './lease.ts'
import { arnsOf, forgetMade, goneFrom, noteMade, readMade } from './made.ts'
import { observeAccount } from './observe.ts'
import { type Hold, perform, rehearse } from './perform.ts'

const everyMs = 5 * 60_000
/** Until another look, when another replica has the lease. */
const busyMs = 1000
const firstRetryMs = 1000
const longestRetryMs = 60_000

/**
 * Looks at once, every five minutes, and when woken because something of the catalog was missing. What did
 * not come to its end is tried again much sooner: until the catalog is there, nobody is let in.
 */
export function startCatalogLoop(context: CatalogContext): FindingLoop {
  let retryMs = firstRetryMs
  return startFindingLoop({
    name: 'catalog',
    everyMs,
    log: context.log,
    async look(signal, foundBy) {
      const outcome = await reconcileCatalog(context, signal, foundBy)
      if (outcome === 'busy') return busyMs
      const waitMs = retryMs
      retryMs = outcome === 'settled' ? firstRetryMs : Math.min(longestRetryMs, retryMs * 2)
      return outcome === 'settled' ? false : waitMs
    },
  })
}

/**
 * One run. `settled`: the account holds the catalog (or, in observe mode, the plan is recorded);
 * `busy`: another replica is at it. Once `signal` is aborted, it ends before its next step.
 */
export async function reconcileCatalog(
  context: CatalogContext,
  signal: AbortSignal,
  foundBy: FoundBy = 'sweep',
): Promise<'settled' | 'unsettled' | 'busy'> {
  const { db, account, catalog, path, mode, log } = context
  const lease = await leaseCatalog(db, account.accountId, log)
  if (!lease) return 'busy'
  let problem: string | null = null
  let done = false
  let desiredHash: string | null = null
  try {
    const desired = desiredAccount(catalog, {
      accountId: account.accountId,
      partition: account.partition,
      path,
    })
    desiredHash = hashOf(desired)
    const made = await readMade(db, account.accountId)
    const observed = await observeAccount(account, desired, made)
    const plan = planAccount(desired, observed, made)
    problem = problemOf(plan)
    if (mode === 'observe') {
      await rehearse(context, plan)
      return 'settled'
    }
    if (!(await lease.keep())) return 'busy'
    await forgetMade(db, account.accountId, goneFrom(made, desired, observed))
    const drifts = await catalogDrifts(context, { plan, desired, desiredHash, foundBy })
    const hold = await holdOf(context, desired)
    const failure = await perform(context, plan, { drifts, hold, lease, signal })
    problem = failure ?? problem
    done = failure === null && plan.conflicts.length === 0
    // What was there before, under the catalog's names, is the catalog's from now on.
    const unnoted = arnsOf(desired).filter((arn) => !made.has(arn))
    if (done) await noteMade(db, account.accountId, unnoted)
    return done ? 'settled' : 'unsettled'
  } catch (error) {
    problem = (error as Error).message
    throw error
  } finally {
    await lease.settle()
    await conclude(context, lease, { done, problem, desiredHash })
    if (problem) log.warn({ problem }, 'the catalog is not wholly in the account')
  }
}

/**
 * With a catalog that is new to the account, every identity is looked at again. Of a run whose lease was lost nothing
 * is said: another one has spoken since, or is about to.
 */
async function conclude(
  { db, account, catalog, clock }: CatalogContext,
  lease: CatalogLease,
  { done, problem, desiredHash }: { done: boolean; problem: string | null; desiredHash: string | null },
) {
  const now = clock().toISOString()
  await db.execute(sql`
    with before as (
      select catalog_hash from accounts
      where account_id = ${account.accountId} and catalog_leased_until = ${lease.until()}::timestamptz for update
    ),
    waiting as (
      select id from identities
      where ${done} and account_id = ${account.accountId} and state <> 'deleted' and state <> 'locked'
        and exists (select 1 from before where catalog_hash is distinct from ${catalog.hash})
      order by id for update
    ),
    woken as (
      update identities set next_look_at = ${now}::timestamptz from waiting where identities.id = waiting.id
    )
    update accounts set
      catalog_leased_until = null, catalog_problem = ${problem},
      catalog_desired_hash = case when ${done} then ${desiredHash} else catalog_desired_hash end,
      catalog_hash = case when ${done} then ${catalog.hash} else catalog_hash end,
      catalog_applied_at = case when ${done} then ${now}::timestamptz else catalog_applied_at end
    where account_id = ${account.accountId} and exists (select 1 from before)`)
}

function problemOf({ conflicts, leftovers }: AccountPlan): string | null {
  const all = [
    ...conflicts.map(({ message }) => message),
    ...leftovers.map(({ arn, reason }) => `${arn} is no longer in the catalog and stays: ${reason}`),
  ]
  return all.length > 0 ? all.join('; ') : null
}

/**
 * What was there before, and is only set right again, gives nobody anything new, but for what has to be attached once
 * more.
 */
async function holdOf(
  { db, account, catalog, trailGate }: CatalogContext,
  desired: DesiredAccount,
): Promise<Hold> {
  const [row] = await rowsOf<{ catalog_hash: string | null }>(
    db,
    sql`select catalog_hash from accounts where account_id = ${account.accountId}`,
  )
  return {
    waits: row?.catalog_hash === catalog.hash ? waitsOfRepair(desired) : waitsOfNewCatalog,
    because: () => trailGate.closedBecause(),
  }
}
