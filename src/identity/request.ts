/** Asking for a reconcile, so that no change is ever lost and no job is queued twice. */
import { type SQL, sql } from 'drizzle-orm'
import type { Jobs } from '../jobs/jobs.ts'
import { rowsOf, type Transaction } from '../store/open.ts'

export interface ReconcileRequest {
  /** The identity's. */
  readonly id: string
  /** Who or what wants it: `hr delivery <id>`, `admin`, `schedule`, `catalog`, `aws event <id>`, `sweep`. */
  readonly cause: string
  /** Goes before all that are not: leavers before joiners. */
  readonly urgent?: boolean
}

/**
 * Something that is wanted has changed: raises the generation of each identity, and queues a job for those that have
 * none waiting. A run that works for an older generation grants nothing more, and takes no credential. Commits with
 * the caller's change or not at all. One statement locks all rows, in the order of their ids: two requests never wait
 * for each other.
 */
export async function requestReconcile(
  tx: Transaction,
  jobs: Jobs,
  requests: readonly ReconcileRequest[],
): Promise<void> {
  await request(
    tx,
    jobs,
    requests,
    sql`generation = identities.generation + 1, requested = true, cause = request.cause`,
  )
}

/**
 * Something may have been done to the user, and nothing else is wanted than before: queues a job for those that have
 * none waiting, and leaves the generation as it is. A run that is under way goes on to its end, so that whoever can
 * make Muster look cannot keep it from acting. Since a run takes note of requests before it looks (`Ledger.load`),
 * one that comes later leads to a run of its own.
 */
export async function requestLook(
  tx: Transaction,
  jobs: Jobs,
  requests: readonly ReconcileRequest[],
): Promise<void> {
  await request(
    tx,
    jobs,
    requests,
    // The cause of the change that waits is not to be lost: its operation is recorded under it.
    sql`requested = true, cause = case when wanted.requested then identities.cause else request.cause end`,
  )
}

async function request(
  tx: Transaction,
  jobs: Jobs,
  requests: readonly ReconcileRequest[],
  changes: SQL,
): Promise<void> {
  if (requests.length === 0) return
  const rows = await rowsOf<{ id: string; was_requested: boolean }>(
    tx,
    sql`
      with request as (
        select * from unnest(
          ${sql.param(requests.map(({ id }) => id))}::uuid[],
          ${sql.param(requests.map(({ cause }) => cause))}::text[]) as request(id, cause)
      ), wanted as (
        select id, requested from identities where id in (select id from request) order by id for update
      )
      update identities set ${changes}
      from wanted join request using (id) where identities.id = wanted.id
      returning identities.id, wanted.requested as was_requested`,
  )
  const urgent = new Set(requests.filter((request) => request.urgent).map(({ id }) => id))
  const unqueued = rows.filter((row) => !row.was_requested && !urgent.has(row.id)).map((row) => row.id)
  await jobs.queueReconciles(tx, unqueued, false)
  // An urgent one queues a job of its own besides: the one that waits may stand behind thousands.
  const first = rows.filter((row) => urgent.has(row.id)).map((row) => row.id)
  await jobs.queueReconciles(tx, first, true)
}
