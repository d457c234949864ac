/** Bringing the catalog into the account: observe, plan, apply, record, again and again. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { recordAudit } from '../audit/record.ts'
import type { Account } from '../aws/account.ts'
import type { Clock } from '../clock.ts'
import type { FoundBy, NewDrift } from '../drift/drift.ts'
import { type FindingLoop, startFindingLoop } from '../drift/finding-loop.ts'
import type { GrantGate } from '../identity/grant-gate.ts'
import type { Announce } from '../notify/announce.ts'
import { newId } from '../store/ids.ts'
import { type Database, rowsOf } from '../store/open.ts'
import { type OperationStatus, operations, type RecordedStep } from '../store/schema.ts'
import { desiredAccount } from './account.ts'
import { type AccountPlan, mayGrant, planAccount, withoutGrants } from './account-plan.ts'
import { accountStepParams, applyAccountStep } from './apply.ts'
import type { Catalog } from './catalog.ts'
import { hashOf } from './drift.ts'
import { catalogDrifts, endCatalogDrifts, noteCatalogDrifts } from './drift-record.ts'
import { observeAccount } from './observe.ts'

export interface CatalogContext {
  readonly db: Database
  readonly account: Account
  readonly catalog: Catalog
  /** IAM path, `/muster/`. */
  readonly path: string
  readonly mode: 'enforce' | 'observe'
  readonly trailGate: GrantGate
  /** Left out when nobody is told of anything. */
  readonly announce?: Announce | undefined
  readonly clock: Clock
  readonly log: Logger
}

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
    const plan = planAccount(desired, await observeAccount(account, desired))
    problem = problemOf(plan)
    if (mode === 'observe') {
      await rehearse(context, plan)
      return 'settled'
    }
    const drifts = await catalogDrifts(context, { plan, desired, desiredHash, foundBy })
    const hold = await holdOf(context, plan)
    const heldBy = await hold()
    const now = heldBy === null ? plan : { ...plan, steps: withoutGrants(plan.steps) }
    const failure = (await perform(context, now, { drifts, hold, signal })) ?? heldBy
    problem = failure ?? problem
    done = failure === null && plan.conflicts.length === 0
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
    changed as (
      update identities set next_look_at = ${now}::timestamptz
      where ${done} and account_id = ${account.accountId} and state <> 'deleted' and state <> 'locked'
        and (select catalog_hash from before) is distinct from ${catalog.hash}
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

const clearsAway: ReadonlySet<string> = new Set(['DeleteGroup', 'DeletePolicy'])

/** Tells why what the plan grants has to wait at that moment, or null. */
type Hold = () => Promise<string | null>

/** What was there before, and is only set right again, gives nobody anything new: it never waits. */
async function holdOf({ db, account, catalog, trailGate }: CatalogContext, plan: AccountPlan): Promise<Hold> {
  const never = async () => null
  if (!plan.steps.some(mayGrant)) return never
  const [row] = await rowsOf<{ catalog_hash: string | null }>(
    db,
    sql`select catalog_hash from accounts where account_id = ${account.accountId}`,
  )
  return row?.catalog_hash === catalog.hash ? never : () => trailGate.closedBecause()
}

/**
 * What failed or has to wait, or null. Ends at the first failure: the order of the steps is a security property. At
 * the account's pace a run may last for minutes, so the gate is asked again before each step that may grant; once it is
 * shut, those are left for another run, as if it had been shut at the start.
 */
async function perform(
  context: CatalogContext,
  plan: AccountPlan,
  { drifts, hold, signal }: { drifts: readonly NewDrift[]; hold: Hold; signal: AbortSignal },
): Promise<string | null> {
  if (plan.steps.length === 0) {
    await endCatalogDrifts(context)
    return null
  }
  const startedAt = context.clock()
  const steps: RecordedStep[] = []
  let failure: string | null = null
  let heldBy: string | null = null
  let status: OperationStatus = 'done'
  for (const step of plan.steps) {
    if (failure === null && signal.aborted) {
      failure = 'Muster was stopped before it was done: the next start goes on'
      status = 'stopped'
    }
    if (failure === null && heldBy === null && mayGrant(step)) heldBy = await hold()
    if (failure !== null || (heldBy !== null && mayGrant(step))) {
      steps.push({ do: step.do, params: accountStepParams(step), outcome: 'skipped' })
      continue
    }
    const { recorded, error } = await applyAccountStep(context.account, step)
    steps.push(recorded)
    // What could not be cleared away keeps nobody from working; the next look tries again.
    if (error && !clearsAway.has(step.do)) {
      failure = error.message
      status = 'failed'
    }
  }
  if (failure === null && heldBy !== null) {
    failure = heldBy
    status = 'stopped'
  }
  await record(context, startedAt, steps, status, failure, drifts)
  return failure
}

/** In observe mode a plan is recorded once, not at every look. */
async function rehearse(context: CatalogContext, plan: AccountPlan): Promise<void> {
  const steps = plan.steps.map(
    (step): RecordedStep => ({ do: step.do, params: accountStepParams(step), outcome: 'planned' }),
  )
  const [latest] = await rowsOf<{ same: boolean }>(
    context.db,
    sql`
      select steps = ${JSON.stringify(steps)}::jsonb as same from operations
      where account_id = ${context.account.accountId} and kind = 'catalog' order by id desc limit 1`,
  )
  if (steps.length > 0 && !latest?.same) await record(context, context.clock(), steps, 'planned', null, [])
}

async function record(
  { db, account, catalog, announce, clock }: CatalogContext,
  startedAt: Date,
  steps: readonly RecordedStep[],
  status: OperationStatus,
  error: string | null,
  drifts: readonly NewDrift[],
): Promise<void> {
  const id = newId()
  const finishedAt = clock()
  await db.transaction(async (tx) => {
    await tx.insert(operations).values({
      id,
      accountId: account.accountId,
      kind: 'catalog',
      cause: `catalog ${catalog.hash.slice(0, 12)}`,
      status,
      steps,
      error,
      startedAt,
      finishedAt,
    })
    const action = status === 'done' ? 'catalog.applied' : `operation.${status}`
    await recordAudit(tx, [
      {
        at: finishedAt,
        actor: 'catalog',
        action,
        operationId: id,
        details: { hash: catalog.hash, steps, error },
      },
    ])
    await noteCatalogDrifts(tx, drifts, {
      accountId: account.accountId,
      operationId: id,
      steps,
      status,
      announce,
    })
  })
}
