/** Drift of the catalog's groups and policies: whether it is any, and its record. */
import { sql } from 'drizzle-orm'
import { latestPlausible, unlessAhead } from '../clock.ts'
import {
  accountDrift,
  type Difference,
  type FoundBy,
  mayBeLag,
  type NewDrift,
  readLagMs,
} from '../drift/drift.ts'
import { ruleOf } from '../drift/kinds.ts'
import { endStanding, noteDrifts, noticesOfDrifts } from '../drift/record.ts'
import type { Announce } from '../notify/announce.ts'
import { rowsOf, type Transaction } from '../store/open.ts'
import type { OperationStatus, RecordedStep } from '../store/schema.ts'
import { toldOfCalls } from '../trail/told.ts'
import type { DesiredAccount } from './account.ts'
import type { AccountPlan } from './account-plan.ts'
import type { CatalogContext } from './context.ts'
import { catalogDifferences, catalogDriftKinds, statusAfterRun } from './drift.ts'

interface CatalogLook {
  readonly plan: AccountPlan
  readonly desired: DesiredAccount
  readonly desiredHash: string
  /** What made Muster look. */
  readonly foundBy: FoundBy
}

/** Only where the account did hold all of this before, and no step of our own that a read does not show yet explains it. */
export async function catalogDrifts(
  { db, account, clock }: CatalogContext,
  { plan, desired, desiredHash, foundBy }: CatalogLook,
): Promise<NewDrift[]> {
  const differences = catalogDifferences(plan, desired)
  if (differences.length === 0) return []
  const { accountId } = account
  const now = clock()
  const [row] = await rowsOf<{ since: string | null; lately: RecordedStep[][]; unfinished: string[] }>(
    db,
    sql`
      select catalog_applied_at as since, (
        select coalesce(jsonb_agg(steps), '[]') from operations
        where account_id = ${accountId} and kind = 'catalog'
          and finished_at <= ${latestPlausible(now).toISOString()}::timestamptz
          and finished_at > ${new Date(now.getTime() - readLagMs).toISOString()}::timestamptz) as lately, (
        select coalesce(jsonb_agg(resource), '[]') from drifts
        where account_id = ${accountId} and kind = 'group-deleted' and standing) as unfinished
      from accounts where account_id = ${accountId} and catalog_desired_hash = ${desiredHash}`,
  )
  if (!row) return []
  const since = unlessAhead(row.since === null ? null : new Date(row.since), now)
  const lately = row.lately.flat()
  const told =
    lately.length === 0
      ? []
      : await toldOfCalls(
          db,
          account,
          differences.flatMap(({ kind }) => ruleOf(kind).events),
          new Date(now.getTime() - readLagMs),
        )
  // What a group lacks that was made again is what an earlier run could not attach, and nobody's doing.
  const isUnfinished = ({ kind, resource }: Difference) =>
    kind === 'group-policy-detached' && row.unfinished.includes(resource)
  return differences
    .filter((difference) => !mayBeLag(difference, lately, told) && !isUnfinished(difference))
    .map((difference) => accountDrift(difference, { accountId, detectedAt: now, since, foundBy }))
}

interface Run {
  readonly accountId: string
  /** Null when nothing could be done yet. */
  readonly operationId: string | null
  readonly steps: readonly RecordedStep[]
  readonly status: OperationStatus
  readonly announce: Announce | undefined
}

/** In the transaction of the run's own record. One that was stopped ends nothing that it did not set right. */
export async function noteCatalogDrifts(
  tx: Transaction,
  drifts: readonly NewDrift[],
  { accountId, operationId, steps, status, announce }: Run,
): Promise<void> {
  const after = drifts.map((drift) => ({ ...drift, status: statusAfterRun(drift, steps), operationId }))
  // First: one that an earlier run could not set right is the same drift, and not another that takes its place.
  const news = await noteDrifts(tx, after)
  if (status === 'done') {
    const at = drifts[0]?.detectedAt ?? new Date()
    const left = after.filter((drift) => drift.status !== 'repaired')
    await endStanding(tx, { accountId, kinds: catalogDriftKinds }, left, { at, operationId })
  }
  const actions = steps.filter(({ outcome }) => outcome === 'done').map((step) => step.do)
  await announce?.(tx, noticesOfDrifts(news, actions))
}

/** All that would set them right waits, for the trail gate or an administrator: they are told, and stand until then. */
export async function noteWaitingDrifts(
  { db, account: { accountId }, announce }: CatalogContext,
  drifts: readonly NewDrift[],
): Promise<void> {
  if (drifts.length === 0) return
  const run: Run = { accountId, operationId: null, steps: [], status: 'stopped', announce }
  await db.transaction((tx) => noteCatalogDrifts(tx, drifts, run))
}

/** The account holds the catalog: whatever stood is over. */
export async function endCatalogDrifts({ db, account, clock }: CatalogContext): Promise<void> {
  const scope = { accountId: account.accountId, kinds: catalogDriftKinds }
  await db.transaction((tx) => endStanding(tx, scope, [], { at: clock(), operationId: null }))
}
