/** The one way to record an audit event. Writers only insert; numbers and hashes are the sealer's. */
import { type SQL, sql } from 'drizzle-orm'
import type { LifecycleKind } from '../lifecycle/events.ts'
import { newId } from '../store/ids.ts'
import type { Database, Transaction } from '../store/open.ts'
import { canonicalJson } from './canonical-json.ts'

export interface AuditEntry {
  readonly at: Date
  /** Who or what caused it: `hr`, `admin`, `sweep`, `catalog`, ... */
  readonly actor: string
  readonly action: AuditAction
  readonly employeeId?: string | null | undefined
  /** Identity and operation are UUIDs of ours. */
  readonly identityId?: string | null | undefined
  readonly operationId?: string | null | undefined
  /** Plain data: before and after, the AWS request id, the delivery. Never a secret, nor anything to make one from. */
  readonly details: Readonly<Record<string, unknown>>
}

/** What usually is recorded. Another dotted word is fine: what was done, to the kind of thing it was done to. */
export type AuditAction =
  | LifecycleKind
  | 'employee.held'
  | 'employee.hold_lifted'
  | 'employee.override_set'
  | 'employee.override_lifted'
  | 'identity.created'
  | 'identity.adopted'
  | 'identity.moved'
  | 'identity.locked'
  /** The first accepted calls of a lock, at once. */
  | 'identity.denied'
  | 'identity.unlocked'
  | 'identity.purged'
  | 'identity.repaired'
  | 'identity.blocked'
  | 'identity.conflict'
  /** One AWS call: `step.AddUserToGroup`. */
  | `step.${string}`
  | 'operation.planned'
  | 'operation.done'
  | 'operation.failed'
  | 'operation.stopped'
  | 'operation.interrupted'
  | 'catalog.applied'
  | 'catalog.refused'
  | 'delivery.replayed'
  | 'job.replayed'
  // Keeps the list above as suggestions while any string is accepted.
  | (string & Record<never, never>)

/** The columns of `audit_events` that a writer fills. */
export interface AuditRow {
  readonly id: string
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly employee_id: string | null
  readonly identity_id: string | null
  readonly operation_id: string | null
  readonly record: string
}

/**
 * Records all entries in one statement; within the transaction of what they tell of, so that the one is
 * not without the other. Nobody waits for anybody: the chain is made later.
 */
export async function recordAudit(db: Database | Transaction, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length > 0) await db.execute(auditInsert(entries))
}

/**
 * The same as a piece of SQL, for a writer that has more to say in its one statement:
 *
 *     with audited as (${auditInsert(entries)}) update ...
 */
export function auditInsert(entries: readonly AuditEntry[]): SQL {
  const rows = auditRows(entries)
  const column = <Name extends keyof AuditRow>(name: Name) => sql.param(rows.map((row) => row[name]))
  return sql`
    insert into audit_events (id, at, actor, action, employee_id, identity_id, operation_id, record)
    select * from unnest(${column('id')}::uuid[],
      ${sql.param(rows.map((row) => row.at.toISOString()))}::timestamptz[],
      ${column('actor')}::text[], ${column('action')}::text[], ${column('employee_id')}::text[],
      ${column('identity_id')}::uuid[], ${column('operation_id')}::uuid[], ${column('record')}::text[])`
}

/** The rows to insert, in the order of the entries (and so are their ids). */
export function auditRows(entries: readonly AuditEntry[]): AuditRow[] {
  // A counter of ids wraps around within a millisecond; one batch keeps its order all the same.
  const ids = entries.map(() => newId()).sort()
  return entries.map((entry, i) => {
    const row = {
      id: ids[i] as string,
      at: entry.at,
      actor: entry.actor.toWellFormed(),
      action: entry.action.toWellFormed(),
      employee_id: entry.employeeId?.toWellFormed() ?? null,
      identity_id: entry.identityId?.toLowerCase() ?? null,
      operation_id: entry.operationId?.toLowerCase() ?? null,
    }
    return { ...row, record: canonicalJson({ ...row, details: entry.details }) }
  })
}
