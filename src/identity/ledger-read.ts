/** What is read of identities, before a run and while it goes on. */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'
import type {
  AccessKeyRecord,
  EmployeeStatus,
  Hold,
  IdentityState,
  Lack,
  RecordedStep,
  SettledAs,
} from '../store/schema.ts'
import type { LoadedIdentity } from './ledger-model.ts'

/** @param serve takes note that their requests are being served */
export async function selectIdentities(
  db: Database,
  ids: readonly string[],
  serve: boolean,
): Promise<LoadedIdentity[]> {
  if (ids.length === 0) return []
  if (serve) {
    await db.execute(sql`
      with wanted as (select id from identities where id = any(${sql.param(ids)}::uuid[]) order by id for update)
      update identities set requested = false,
        -- A mere look, which may come to nothing, does not take the place of the one that is due some day.
        next_look_at = case when reconciled_generation < generation then null else next_look_at end
      from wanted where identities.id = wanted.id`)
  }
  // A statement of its own: one that had to wait for a row sees that row as it is now, and all others as they were
  // when it began. A generation would be served with the employee of the one before.
  const rows = await rowsOf<Record<string, unknown>>(
    db,
    sql`
      select identities.*,
        exists (select 1 from drifts where drifts.identity_id = identities.id and standing) as has_standing_drifts,
        e.status, e.role, e.hold, e.locked_since, e.updated_at, a.catalog_hash
      from identities
      join employees e using (employee_id)
      left join accounts a using (account_id)
      where identities.id = any(${sql.param(ids)}::uuid[])`,
  )
  return rows.map(loaded)
}

function loaded(row: Record<string, unknown>): LoadedIdentity {
  return {
    id: row.id as string,
    employeeId: row.employee_id as string,
    accountId: row.account_id as string,
    userName: row.user_name as string,
    awsUserId: row.aws_user_id as string | null,
    lastSeenName: row.last_seen_name as string | null,
    state: row.state as IdentityState,
    groups: row.groups as string[],
    possibleGroups: row.possible_groups as string[],
    mfaEnrolled: row.mfa_enrolled as boolean,
    consoleAccess: row.console_access as boolean,
    adopt: row.adopt as boolean,
    generation: Number(row.generation),
    cause: row.cause as string,
    lockedAt: moment(row.locked_at),
    deniedName: row.denied_name as string | null,
    deletedAt: moment(row.deleted_at),
    touchedAt: moment(row.touched_at),
    lacks: row.lacks as Lack | null,
    mfaReset: row.mfa_reset as boolean,
    mfaEnabledAt: moment(row.mfa_enabled_at),
    mfaDeadlineAt: moment(row.mfa_deadline_at),
    mfaSerials: row.mfa_serials as string[],
    accessKeys: row.access_keys as AccessKeyRecord[],
    boundaryArn: row.boundary_arn as string | null,
    missingSince: moment(row.missing_since),
    settledAs: row.settled_as as SettledAs | null,
    settledAt: moment(row.settled_at),
    hasStandingDrifts: row.has_standing_drifts as boolean,
    employee: {
      status: row.status as EmployeeStatus | null,
      role: row.role as string,
      hold: row.hold as Hold | null,
      lockedSince: moment(row.locked_since),
      changedAt: moment(row.updated_at),
    },
    catalogHash: row.catalog_hash as string | null,
    lastReconciledAt: moment(row.last_reconciled_at),
  }
}

function moment(value: unknown): Date | null {
  return value === null ? null : new Date(value as string)
}

/**
 * Of a run that died, every planned step counts as one whose outcome nobody knows. An employee has few operations:
 * the newest of them are enough.
 */
export async function stepsSince(
  db: Database,
  { id, employeeId }: Pick<LoadedIdentity, 'id' | 'employeeId'>,
  since: Date,
): Promise<RecordedStep[]> {
  const rows = await rowsOf<{ steps: RecordedStep[]; died: boolean }>(
    db,
    sql`
      select steps, status in ('running', 'interrupted') as died from (
        select * from operations where employee_id = ${employeeId} order by id desc limit 20) as latest
      where identity_id = ${id} and coalesce(finished_at, started_at) >= ${since.toISOString()}::timestamptz`,
  )
  return rows.flatMap(({ steps, died }) =>
    died ? steps.map((step) => ({ ...step, outcome: 'failed' as const })) : steps,
  )
}

export async function readGenerations(db: Database, ids: readonly string[]) {
  const rows = await rowsOf<{ id: string; generation: number }>(
    db,
    sql`select id, generation from identities where id = any(${sql.param(ids)}::uuid[])`,
  )
  return generationsOf(rows, ids)
}

/** In the order of the ids; -1 for an identity that is gone. */
export function generationsOf(rows: readonly { id: string; generation: number }[], ids: readonly string[]) {
  const generationOf = new Map(rows.map(({ id, generation }) => [id, Number(generation)]))
  return ids.map((id) => ({ status: 'fulfilled', value: generationOf.get(id) ?? -1 }) as const)
}
