/** Bringing the catalog into the account: observe, plan, apply, record, again and again. */
import { sql } from 'drizzle-orm'
import type { FoundBy } from '../drift/drift.ts'
import { type FindingLoop, startFindingLoop } from '../drift/finding-loop.ts'
import { type Database, rowsOf } from '../store/open.ts'
import { type DesiredAccount, desiredAccount } from './account.ts'
import { type AccountPlan, planAccount } from './account-plan.ts'
import type { CatalogContext } from './context.ts'
import { hashOf } from './drift.ts'
import { catalogDrifts } from './drift-record.ts'
import { waitsOfNewCatalog, waitsOfRepair } from './gated.ts'
import { arnsOf, forgetMade, goneFrom, noteMade, readMade } from './made.ts'
import { observeAccount } from './observe.ts'
import { type Hold, perform, rehearse } from './perform.ts'

const everyMs = 5 * 60_000
/** Renewed while a run lasts; after a crash, nobody can start before this has passed. */
const leaseSeconds = 15
const renewMs = 5000
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
  if (!(await lease(db, account.accountId))) return 'busy'
  const renewing = setInterval(() => renew(context), renewMs)
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
    await forgetMade(db, account.accountId, goneFrom(made, desired, observed))
    const drifts = await catalogDrifts(context, { plan, desired, desiredHash, foundBy })
    const hold = await holdOf(context, desired)
    const failure = await perform(context, plan, { drifts, hold, signal })
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
    clearInterval(renewing)
    await conclude(context, done, problem, desiredHash)
    if (problem) log.warn({ problem }, 'the catalog is not wholly in the account')
  }
}

async function lease(db: Database, accountId: string): Promise<boolean> {
  const rows = await rowsOf(
    db,
    sql`
      update accounts set catalog_leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
      where account_id = ${accountId} and (catalog_leased_until is null or catalog_leased_until < clock_timestamp())
      returning account_id`,
  )
  return rows.length > 0
}

/** At the account's pace a run may last for minutes; two at once would make policy versions twice. */
function renew({ db, account, log }: CatalogContext): void {
  db.execute(sql`
    update accounts set catalog_leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    where account_id = ${account.accountId}`).catch((error) =>
    log.warn({ err: error }, 'the lease of the catalog could not be renewed'),
  )
}

/** With a catalog that is new to the account, every identity is looked at again. */
async function conclude(
  { db, account, catalog, clock }: CatalogContext,
  done: boolean,
  problem: string | null,
  desiredHash: string | null,
) {
  const now = clock().toISOString()
  await db.execute(sql`
    with before as (select catalog_hash from accounts where account_id = ${account.accountId}),
    waiting as (
      select id from identities
      where ${done} and account_id = ${account.accountId} and state <> 'deleted' and state <> 'locked'
        and (select catalog_hash from before) is distinct from ${catalog.hash}
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
    where account_id = ${account.accountId}`)
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
