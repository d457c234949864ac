/** What is written of identities before and during a run. Many share each statement. */
import { type SQL, sql } from 'drizzle-orm'
import { auditInsert } from '../audit/record.ts'
import { noteBeforehand } from '../drift/record.ts'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import type { IdentityState } from '../store/schema.ts'
import type { Intent, Ledger } from './ledger-model.ts'
import { generationsOf } from './ledger-read.ts'
import type { StateChange } from './news.ts'

/** With drifts among them, those are on record before anything is set right. */
export async function writeIntents(db: Database, intents: readonly Intent[]) {
  const drifts = intents.flatMap((intent) => intent.drifts)
  if (drifts.length === 0) await insertIntents(db, intents)
  else {
    await db.transaction(async (tx) => {
      await insertIntents(tx, intents)
      await noteBeforehand(tx, drifts)
    })
  }
  return intents.map(() => ({ status: 'fulfilled', value: undefined }) as const)
}

async function insertIntents(db: Database | Transaction, intents: readonly Intent[]): Promise<void> {
  const rows = intents.map((intent) => ({
    id: intent.operationId,
    identity_id: intent.identityId,
    account_id: intent.accountId,
    employee_id: intent.employeeId,
    kind: intent.kind,
    cause: intent.cause,
    generation: intent.generation,
    steps: intent.steps,
    started_at: intent.startedAt,
    possible_groups: intent.possibleGroups,
    certain_groups: intent.certainGroups,
    sets_boundary: intent.steps.some(({ params }) => params.PermissionsBoundary !== undefined),
  }))
  await db.execute(sql`
    with r as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(
        id uuid, identity_id uuid, account_id text, employee_id text, kind text, cause text, generation int,
        steps jsonb, started_at timestamptz, possible_groups text[], certain_groups text[], sets_boundary boolean)
    ), locked as (
      select id from identities where id in (select identity_id from r) order by id for update
    ), touched as (
      update identities set
        touched_at = r.started_at, settled_as = null, possible_groups = r.possible_groups, groups = r.certain_groups,
        -- Until the outcome is known, nobody knows which boundary there is.
        boundary_arn = case when r.sets_boundary then '' else identities.boundary_arn end
      from r join locked on locked.id = r.identity_id where identities.id = r.identity_id
    ), interrupted as (
      update operations set status = 'interrupted', finished_at = r.started_at
      from r where operations.identity_id = r.identity_id and operations.status = 'running' and operations.id <> r.id
    )
    insert into operations (id, identity_id, account_id, employee_id, kind, cause, generation, status, steps, started_at)
    select id, identity_id, account_id, employee_id, kind, cause, generation, 'running', steps, started_at from r
    on conflict (id) do update set kind = excluded.kind, steps = excluded.steps`)
}

/** The call is recorded with it: the reconcile that goes on from here may never hear of it. */
export function writeDenied(
  db: Database | Transaction,
  { id, employeeId, generation, cause }: Parameters<Ledger['noteDenied']>[0],
  { userName, at, setBoundary, steps }: Parameters<Ledger['noteDenied']>[1],
): Promise<StateChange[]> {
  const moment = sql`${at.toISOString()}::timestamptz`
  const actor = cause || 'muster'
  const audited = auditInsert([
    { at, actor, action: 'identity.denied', employeeId, identityId: id, details: { userName, steps } },
  ])
  return changesOf(
    db,
    sql`
      with before as (select id, state from identities where id = ${id} for update), audited as (${audited})
      update identities set
        locked_at = coalesce(locked_at, ${moment}), denied_name = ${userName}, state = 'locked',
        boundary_arn = case when ${setBoundary} then '' else boundary_arn end,
        next_look_at = case when generation = ${generation} then next_look_at else ${moment} end
      from before where identities.id = before.id
      returning ${changed}`,
  )
}

export interface Creation {
  readonly id: string
  readonly awsUserId: string
}

export async function writeCreations(db: Database, creations: readonly Creation[]) {
  const rows = await rowsOf<{ id: string; generation: number }>(
    db,
    sql`
      with r as (
        select * from unnest(
          ${sql.param(creations.map(({ id }) => id))}::uuid[], ${sql.param(creations.map(({ awsUserId }) => awsUserId))}::text[]
        ) as r(id, aws_user_id)
      ), locked as (
        select id from identities where id in (select id from r) order by id for update
      )
      update identities set aws_user_id = r.aws_user_id
      from r join locked using (id) where identities.id = r.id
      returning identities.id, identities.generation`,
  )
  return generationsOf(
    rows,
    creations.map(({ id }) => id),
  )
}

/** What `changesOf` reads; `before` is the identity as it was. */
export const changed = sql`
  identities.id, identities.employee_id, identities.account_id, identities.user_name, identities.state, identities.reason,
  before.state as was`

/** Those whose state is another one now. */
export async function changesOf(db: Database | Transaction, statement: SQL): Promise<StateChange[]> {
  return changesIn(await rowsOf(db, statement))
}

export function changesIn(rows: readonly Record<string, unknown>[]): StateChange[] {
  return rows
    .filter(({ state, was }) => state !== was)
    .map((row) => ({
      identityId: row.id as string,
      employeeId: row.employee_id as string,
      accountId: row.account_id as string,
      userName: row.user_name as string,
      state: row.state as IdentityState,
      reason: row.reason as string | null,
    }))
}
