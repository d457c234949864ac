/** A plan carried out, as far as it may be, and put on record. */
import { sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { NewDrift } from '../drift/drift.ts'
import { newId } from '../store/ids.ts'
import { rowsOf } from '../store/open.ts'
import { type OperationStatus, operations, type RecordedStep } from '../store/schema.ts'
import type { AccountPlan, AccountStep } from './account-plan.ts'
import { accountStepParams, applyAccountStep } from './apply.ts'
import type { CatalogContext } from './context.ts'
import { statusAfterRun } from './drift.ts'
import { endCatalogDrifts, noteCatalogDrifts, noteWaitingDrifts } from './drift-record.ts'
import type { Waits } from './gated.ts'
import type { CatalogLease } from './lease.ts'
import { changeOf, forgetMade, noteMade } from './made.ts'

const clearsAway: ReadonlySet<string> = new Set(['DeleteGroup', 'DeletePolicy'])

/** What of a plan waits while the gate is shut, and why it has to at that moment, or null. */
export interface Hold {
  readonly waits: Waits
  readonly because: () => Promise<string | null>
}

/**
 * What failed or has to wait, or null. Ends at the first failure: the order of the steps is a security property. At
 * the account's pace a run may last for minutes, so the gate is asked again before each step that waits for it; once it
 * is shut, those are left for another run, as if it had been shut at the start.
 */
export async function perform(
  context: CatalogContext,
  { steps: planned }: AccountPlan,
  {
    drifts,
    hold,
    lease,
    signal,
  }: { drifts: readonly NewDrift[]; hold: Hold; lease: CatalogLease; signal: AbortSignal },
): Promise<string | null> {
  if (planned.length === 0) {
    // What only an administrator can set right stands until then.
    await (drifts.length > 0 ? noteWaitingDrifts(context, drifts) : endCatalogDrifts(context))
    return null
  }
  let heldBy = planned.some(hold.waits) ? await hold.because() : null
  if (heldBy !== null && planned.every(hold.waits)) {
    // Told where a problem of the catalog is, and no operation each minute.
    await noteWaitingDrifts(context, drifts)
    return heldBy
  }
  const startedAt = context.clock()
  const steps: RecordedStep[] = []
  let failure: string | null = null
  let status: OperationStatus = 'done'
  let isOvertaken = false
  for (const step of planned) {
    if (failure === null && signal.aborted) {
      failure = 'Muster was stopped before it was done: the next start goes on'
      status = 'stopped'
    }
    const waits = hold.waits(step)
    if (failure === null && heldBy === null && waits) heldBy = await hold.because()
    // Last: what was asked above may have taken its time.
    const isHeld = heldBy !== null && waits
    if (failure === null && !isHeld && !(await lease.keep())) {
      failure = 'another run took over while this one did not get on'
      status = 'stopped'
      isOvertaken = true
    }
    if (failure !== null || isHeld) {
      steps.push({ do: step.do, params: accountStepParams(step), outcome: 'skipped' })
      continue
    }
    const { recorded, error } = await applyOnRecord(context, step)
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
  // What it did is on record; what it saw that is still to be done, the other one has seen for itself.
  const told = isOvertaken ? drifts.filter((drift) => statusAfterRun(drift, steps) === 'repaired') : drifts
  if (!isOvertaken || steps.some(({ outcome }) => outcome !== 'skipped'))
    await record(context, startedAt, steps, status, failure, told)
  return failure
}

/** With what is Muster's to take away one day. */
async function applyOnRecord({ db, account, path }: CatalogContext, step: AccountStep) {
  const { accountId, partition } = account
  const { makes, removes } = changeOf(step, { accountId, partition, path })
  if (makes !== undefined) await noteMade(db, accountId, [makes])
  const applied = await applyAccountStep(account, step)
  if (removes !== undefined && !applied.error) await forgetMade(db, accountId, [removes])
  return applied
}

/** In observe mode a plan is recorded once, not at every look. */
export async function rehearse(context: CatalogContext, plan: AccountPlan): Promise<void> {
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
