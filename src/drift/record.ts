/** Drifts, written down: each once, in the transaction of what found it. */
import { type SQL, sql } from 'drizzle-orm'
import type { Notice } from '../notify/announce.ts'
import { newId } from '../store/ids.ts'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import { storableJson } from '../store/storable.ts'
import { type Difference, messageOf, type NewDrift, subjectOf } from './drift.ts'
import type { DriftKind } from './kinds.ts'

/** A drift that is on record now, with its id. */
export type NotedDrift = NewDrift & { readonly id: string }

/**
 * Writes drifts down and has them attributed. Of the same thing of the same resource one row stands at a time: what
 * stands already is brought up to date and keeps its id, however many looks find it until it is set right.
 *
 * @returns those that nobody was told of yet, with the ids of their rows
 */
export async function noteDrifts(tx: Transaction, drifts: readonly NewDrift[]): Promise<NotedDrift[]> {
  if (drifts.length === 0) return []
  const noted = identified(drifts)
  const news = await rowsOf<{ given_id: string; id: string }>(
    tx,
    sql`
      with ${foundIn(noted)}, standing as (
        select r.id as given_id, drifts.id, drifts.operation_id from r join drifts on ${isSameDrift} and drifts.standing
      ), updated as (
        update drifts set status = r.status, operation_id = r.operation_id, standing = r.standing,
          repaired_at = case when r.status = 'repaired' then r.detected_at end
        from r join standing on standing.given_id = r.id
        where drifts.id = standing.id
          and (drifts.status <> r.status or drifts.operation_id is distinct from r.operation_id)
      ), inserted as (
        ${insertFound(sql`where r.id not in (select given_id from standing)`)}
        returning id
      )
      select id as given_id, id from inserted
      union all
      -- Written down before the calls, by this run or by one that died before it could tell.
      select given_id, id from standing where given_id = id or exists (
        select 1 from operations where operations.id = standing.operation_id and status in ('running', 'interrupted'))`,
  )
  const rowOf = new Map(news.map(({ given_id, id }) => [given_id, id]))
  return noted.flatMap((drift) => {
    const id = rowOf.get(drift.id)
    return id === undefined ? [] : [{ ...drift, id }]
  })
}

/**
 * Writes down what a run is about to set right, so that it is on record whatever becomes of the run. What stands
 * already is left as it is until the outcome is known.
 */
export async function noteBeforehand(tx: Transaction, drifts: readonly NewDrift[]): Promise<void> {
  await tx.execute(sql`with ${foundIn(identified(drifts))} ${insertFound(sql``)}`)
}

const identified = (drifts: readonly NewDrift[]) =>
  drifts.map((drift): NotedDrift => ({ ...drift, id: drift.id ?? newId() }))

/** As a table `r`. */
function foundIn(drifts: readonly NotedDrift[]): SQL {
  const rows = drifts.map((drift) => ({
    id: drift.id,
    account_id: drift.accountId,
    identity_id: drift.identityId,
    employee_id: drift.employeeId,
    kind: drift.kind,
    resource: drift.resource,
    subject: subjectOf(drift),
    message: messageOf(drift),
    detail: drift.detail,
    detected_at: drift.detectedAt,
    since: drift.since,
    found_by: drift.foundBy,
    status: drift.status,
    operation_id: drift.operationId,
    standing: drift.status !== 'repaired',
  }))
  return sql`r as (
    select * from jsonb_to_recordset(${storableJson(rows)}::jsonb) as r(
      id uuid, account_id text, identity_id uuid, employee_id text, kind text, resource text, subject text,
      message text, detail jsonb, detected_at timestamptz, since timestamptz, found_by text, status text,
      operation_id uuid, standing boolean))`
}

const isSameDrift = sql`drifts.account_id = r.account_id and drifts.kind = r.kind
  and drifts.resource = r.resource and drifts.subject = r.subject`

const insertFound = (which: SQL) => sql`
  insert into drifts (id, account_id, identity_id, employee_id, kind, resource, subject, message, detail,
    detected_at, since, found_by, status, operation_id, standing, repaired_at, attribution_due_at)
  select r.*, case when status = 'repaired' then detected_at end, detected_at from r ${which}
  on conflict do nothing`

/** Whose standing drifts a look was about. */
export type Scope =
  | { readonly identityId: string }
  | {
      readonly accountId: string
      readonly kinds: readonly DriftKind[]
      /** Left out for all of the account. */
      readonly resources?: readonly string[]
    }

/**
 * Ends what a look has not found any more: what was open is repaired, by that operation where there was one;
 * what was only reported is gone.
 */
export async function endStanding(
  tx: Transaction,
  scope: Scope,
  found: readonly Pick<Difference, 'kind' | 'resource' | 'detail'>[],
  { at, operationId }: { readonly at: Date; readonly operationId: string | null },
): Promise<void> {
  const kept = found.map((each) => ({
    kind: each.kind,
    resource: each.resource,
    subject: subjectOf(each),
  }))
  const within =
    'identityId' in scope
      ? sql`identity_id = ${scope.identityId}`
      : sql`account_id = ${scope.accountId} and identity_id is null and kind = any(${sql.param(scope.kinds)}::text[])
          and (${scope.resources === undefined} or resource = any(${sql.param(scope.resources ?? [])}::text[]))`
  await tx.execute(sql`
    update drifts set standing = false,
      repaired_at = case when status = 'open' then ${at.toISOString()}::timestamptz else repaired_at end,
      operation_id = case when status = 'open' then coalesce(${operationId}::uuid, operation_id) else operation_id end,
      status = case when status = 'open' then 'repaired' else status end
    where standing and ${within} and not exists (
      select 1 from jsonb_to_recordset(${storableJson(kept)}::jsonb) as k(kind text, resource text, subject text)
      where k.kind = drifts.kind and k.resource = drifts.resource and k.subject = drifts.subject)`)
}

/**
 * What a whole look at the account has found of one kind: notes what does not stand yet, ends what is gone.
 *
 * @returns what is news
 */
export async function recordStanding(
  tx: Transaction,
  accountId: string,
  kind: DriftKind,
  found: readonly NewDrift[],
  at: Date,
): Promise<NotedDrift[]> {
  const news = await noteDrifts(tx, found)
  await endStanding(tx, { accountId, kinds: [kind] }, found, { at, operationId: null })
  return news
}

/**
 * `drift.detected`: one for each user, one for the account.
 *
 * @param actions what Muster did about it
 */
export function noticesOfDrifts(
  drifts: readonly NotedDrift[],
  actions: readonly string[] = [],
): readonly Notice[] {
  const [first] = drifts
  if (!first) return []
  const { detectedAt: at, employeeId, identityId, accountId, operationId } = first
  const found = drifts.map((drift) => ({
    driftId: drift.id,
    kind: drift.kind,
    resource: drift.resource,
    message: messageOf(drift),
    status: drift.status,
  }))
  const data = { identityId, accountId, operationId, actions, drifts: found }
  return [{ type: 'drift.detected', at, employeeId, data }]
}

/** Whether one of the newest drifts was set right after that moment. */
export async function wasRepairedSince(db: Database, accountId: string, at: Date): Promise<boolean> {
  // Ids are in the order of time: only the end of the table is read.
  const [row] = await rowsOf<{ repaired: boolean }>(
    db,
    sql`
      select exists (
        select from (select account_id, repaired_at from drifts order by id desc limit 200) as newest
        where account_id = ${accountId} and repaired_at > ${at.toISOString()}::timestamptz
      ) as repaired`,
  )
  return row?.repaired ?? false
}
