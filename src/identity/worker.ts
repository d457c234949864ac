/** The workers: reconciles in batches, and the reserved ones for the first call of a lock. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { JobOutcome, Jobs } from '../jobs/jobs.ts'
import { describeFailure } from '../store/failures.ts'
import { type Database, rowsOf } from '../store/open.ts'
import type { LoadedIdentity } from './ledger-model.ts'
import { needsFirstDeny, reconcile, wanted } from './reconcile.ts'
import type { ReconcileContext } from './reconcile-context.ts'

export interface WorkerOptions {
  readonly jobs: Jobs
  readonly context: ReconcileContext
  /** Calls a second the account allows: batches are made of about what it can take. */
  readonly iamRate: number
  readonly log: Logger
  /** A group or boundary of the catalog was missing in IAM. */
  onCatalogMissing(): void
}

const reservedLockWorkers = 2

export async function startWorkers(options: WorkerOptions): Promise<void> {
  const { jobs, context, iamRate } = options
  if (context.mode === 'enforce') {
    await jobs.work('lock', { workers: reservedLockWorkers, batchSize: 10 }, (batch) =>
      lockBatch(batch, options),
    )
  }
  // A batch ends with its slowest job: at a low rate it has to be small.
  const batchSize = Math.max(2, Math.min(32, Math.ceil(iamRate / 4)))
  await jobs.work('reconcile', { workers: 2, batchSize }, (batch) => reconcileBatch(batch, options))
}

type Batch = readonly { readonly id: string; readonly identityId: string }[]

async function reconcileBatch(batch: Batch, options: WorkerOptions): Promise<JobOutcome[]> {
  const { context, log, onCatalogMissing } = options
  const identities = byId(await context.ledger.load(batch.map(({ identityId }) => identityId)))
  return await Promise.all(
    batch.map(async ({ id, identityId }): Promise<JobOutcome> => {
      const identity = identities.get(identityId)
      if (!identity) return { id }
      if (identity.accountId !== context.account.accountId) return otherAccount(id, identity, options)
      try {
        const outcome = await reconcile(identity, context)
        await context.ledger.record(outcome)
        if (outcome.catalogMissing) onCatalogMissing()
        // A lock that came before the user was known could not deny it; its reconcile waits for the whole batch.
        if (outcome.operation?.status === 'stopped') await lockBatch([{ id, identityId }], options)
        return outcome.retry === null ? { id } : { id, error: outcome.retry }
      } catch (error) {
        log.error({ err: error, identityId }, 'a reconcile failed, and will be tried again')
        return { id, error: describeFailure(error) }
      }
    }),
  )
}

/** Only the first deny; everything else of the lock is the reconcile's, queued with the same change. */
async function lockBatch(batch: Batch, options: WorkerOptions): Promise<JobOutcome[]> {
  const { context, log } = options
  const identities = byId(await context.ledger.peek(batch.map(({ identityId }) => identityId)))
  return await Promise.all(
    batch.map(async ({ id, identityId }): Promise<JobOutcome> => {
      const identity = identities.get(identityId)
      if (!identity || !needsFirstDeny(identity, wanted(identity, context))) return { id }
      if (identity.accountId !== context.account.accountId) return otherAccount(id, identity, options)
      try {
        // No user of that name: the reconcile looks for it by its id.
        const denied = await context.firstDeny(identity)
        if (denied.by === 'nothing') return { id, error: (denied.error as Error).message }
        return { id }
      } catch (error) {
        log.error({ err: error, identityId }, 'the first call of a lock failed, and will be tried again')
        return { id, error: describeFailure(error) }
      }
    }),
  )
}

/** The credentials are of another account than the identity: a user of its name there is somebody else. */
function otherAccount(
  id: string,
  { accountId, employeeId }: LoadedIdentity,
  { context, log }: WorkerOptions,
): JobOutcome {
  const error = `the identity is in account ${accountId}, and the credentials are of ${context.account.accountId}`
  log.error({ employeeId }, error)
  return { id, error }
}

function byId(identities: readonly LoadedIdentity[]): ReadonlyMap<string, LoadedIdentity> {
  return new Map(identities.map((identity) => [identity.id, identity]))
}

/** Whether that user is another identity of ours that is locked, or is to be. */
export function isToBeOut(db: Database, accountId: string): ReconcileContext['isToBeOut'] {
  return async (userId) => {
    const rows = await rowsOf(
      db,
      sql`
        select 1 from identities join employees using (employee_id)
        where account_id = ${accountId} and aws_user_id = ${userId}
          and (locked_at is not null or employees.status is distinct from 'active' or hold is not null)
        limit 1`,
    )
    return rows.length > 0
  }
}

export function ownerOf(db: Database, accountId: string): ReconcileContext['ownerOf'] {
  return async (userId) => {
    const [row] = await rowsOf<{ id: string }>(
      db,
      sql`select id from identities where account_id = ${accountId} and aws_user_id = ${userId} limit 1`,
    )
    return row?.id ?? null
  }
}
