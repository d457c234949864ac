/**
 * From statements to what follows: the fold's result is stored, identities are made, and whatever
 * has to be done in AWS is requested; all in the transaction of the change that caused it.
 */
import { inArray, sql } from 'drizzle-orm'
import type { Catalog } from '../catalog/catalog.ts'
import type { LifecycleEvent, LifecycleKind } from '../lifecycle/events.ts'
import { type EmployeeView, employeeAt, fold, inOrder } from '../lifecycle/index.ts'
import type { Transaction } from '../store/open.ts'
import { type EmployeeDetails, employees, type Hold, lifecycleEvents } from '../store/schema.ts'
import { type FollowContext, follow, type StoredEmployee } from './follow.ts'

export interface EvaluateContext extends FollowContext {
  readonly catalog: Catalog
}

export interface Evaluation {
  readonly employeeIds: readonly string[]
  readonly now: Date
  /** Recorded with everything that follows for an employee: `hr delivery <id>`, `admin`, `schedule`. */
  readonly causeOf: (employeeId: string) => string
  /** A hold to set on these employees, or null to lift it; absent leaves it as it is. */
  readonly hold?: Hold | null
}

/** A statement that cannot be applied yet, by the delivery that brought it. */
export type PendingDeliveries = ReadonlyMap<string, string>

type StoredEvent = LifecycleEvent & { readonly deliveryId: string | null }

/** Locks the employees' rows in the order of their ids, making those that are missing. */
export async function lockEmployees(
  tx: Transaction,
  employeeIds: readonly string[],
  now: Date,
): Promise<StoredEmployee[]> {
  await tx.execute(sql`
    insert into employees (employee_id, updated_at)
    select id, ${now.toISOString()}::timestamptz from unnest(${sql.param(employeeIds)}::text[]) as id order by id
    on conflict do nothing`)
  return await tx
    .select()
    .from(employees)
    .where(inArray(employees.employeeId, [...employeeIds]))
    .orderBy(employees.employeeId)
    .for('update')
}

/**
 * Folds the employees anew and requests what follows from the difference.
 *
 * @param locked their rows, locked by this transaction
 */
export async function evaluate(
  tx: Transaction,
  context: EvaluateContext,
  evaluation: Evaluation,
  locked: readonly StoredEmployee[],
): Promise<PendingDeliveries> {
  const eventsOf = await loadEvents(tx, evaluation.employeeIds)
  const pending = new Map<string, string>()
  const changes = locked.map((before) => {
    const events = eventsOf.get(before.employeeId) ?? []
    const employee = fold(events)
    for (const { event, reason } of [...employee.pending, ...unknownRoles(events, context.catalog)]) {
      const { deliveryId } = event as StoredEvent
      if (deliveryId) pending.set(deliveryId, reason)
    }
    const view = employeeAt(employee, evaluation.now)
    const waiting = employee.pending.map(({ event, reason }) => ({
      kind: event.kind,
      timestamp: event.timestamp.toISOString(),
      reason,
    }))
    return { before, after: storedForm(before, view, waiting, evaluation) }
  })
  await store(
    tx,
    changes.map(({ after }) => after),
  )
  await settlePending(tx, evaluation.employeeIds, pending)
  await follow(tx, context, changes, evaluation)
  return pending
}

async function loadEvents(
  tx: Transaction,
  employeeIds: readonly string[],
): Promise<Map<string, StoredEvent[]>> {
  const rows = await tx
    .select()
    .from(lifecycleEvents)
    .where(inArray(lifecycleEvents.employeeId, [...employeeIds]))
  const eventsOf = new Map<string, StoredEvent[]>()
  for (const row of rows) {
    const event: StoredEvent = { ...row, kind: row.kind as LifecycleKind }
    const events = eventsOf.get(row.employeeId)
    if (events) events.push(event)
    else eventsOf.set(row.employeeId, [event])
  }
  return eventsOf
}

/** The newest statement about the role, where it names one that the catalog lacks. */
function unknownRoles(events: readonly StoredEvent[], catalog: Catalog) {
  const newest = inOrder(events).readable.findLast((event) => typeof event.data.role === 'string')
  const role = newest?.data.role
  if (!newest || !role || role in catalog.roles) return []
  return [{ event: newest, reason: `role "${role}" is not in the catalog` }]
}

function storedForm(
  before: StoredEmployee,
  view: EmployeeView,
  pending: EmployeeDetails['pending'],
  { now, hold = before.hold }: Evaluation,
): StoredEmployee {
  return {
    employeeId: before.employeeId,
    givenName: view.givenName ?? '',
    familyName: view.familyName ?? '',
    email: view.email ?? '',
    role: view.role ?? '',
    status: view.known ? view.status : null,
    startAt: view.startAt,
    endAt: view.endAt,
    lockedSince: view.terminatedAt ?? view.suspendedSince ?? null,
    details: {
      department: view.department,
      managerId: view.managerId,
      employmentType: view.employmentType,
      timeZone: view.timeZone,
      overrides: view.overrides.map(({ field, value, since }) => ({
        field,
        value,
        since: since.toISOString(),
      })),
      pending,
    },
    hold,
    nextChangeAt: view.nextChangeAt,
    updatedAt: now,
  }
}

async function store(tx: Transaction, rows: readonly StoredEmployee[]): Promise<void> {
  await tx.execute(sql`
    update employees set
      given_name = r.given_name, family_name = r.family_name, email = r.email, role = r.role, status = r.status,
      start_at = r.start_at, end_at = r.end_at, locked_since = r.locked_since, details = r.details,
      hold = r.hold,      next_change_at = r.next_change_at, updated_at = r.updated_at
    from jsonb_to_recordset(${JSON.stringify(rows.map(toColumns))}::jsonb) as r(
      employee_id text, given_name text, family_name text, email text, role text, status text,
      start_at timestamptz, end_at timestamptz, locked_since timestamptz, details jsonb, hold jsonb,
      next_change_at timestamptz, updated_at timestamptz)
    where employees.employee_id = r.employee_id`)
}

function toColumns(row: StoredEmployee) {
  return {
    employee_id: row.employeeId,
    given_name: row.givenName,
    family_name: row.familyName,
    email: row.email,
    role: row.role,
    status: row.status,
    start_at: row.startAt,
    end_at: row.endAt,
    locked_since: row.lockedSince,
    details: row.details,
    hold: row.hold,
    next_change_at: row.nextChangeAt,
    updated_at: row.updatedAt,
  }
}

/** Deliveries that waited for something that has come are applied now. */
async function settlePending(tx: Transaction, employeeIds: readonly string[], pending: PendingDeliveries) {
  await tx.execute(sql`
    update deliveries set status = 'applied', reason = null
    where status = 'pending' and not id = any(${sql.param([...pending.keys()])}::uuid[])
      and id in (select delivery_id from lifecycle_events where employee_id = any(${sql.param(employeeIds)}::text[]))`)
}
