/** The last departure of an employee, as it is on record: since when, and who said so. */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'
import type { EmployeeStatus, Hold, Statement } from '../store/schema.ts'

export interface Departed {
  readonly employeeId: string
  readonly status: EmployeeStatus
  readonly hold: Hold | null
  /** When access was to end, as HR sees it. */
  readonly lockedSince: Date | null
}

export interface Departure {
  /** When Muster took the person for out. */
  readonly beganAt: Date
  /** Null while the person has never come back. */
  readonly returnedAt: Date | null
  /** `hr delivery <id>`, `schedule`, or the administrator; null where it is not on record. */
  readonly cause: string | null
}

/** What was said about the end, by HR or an administrator, oldest first. */
export interface SaidOfEnd {
  readonly kind: string
  readonly source: string
  readonly deliveryId: string | null
  readonly saidAt: Date
  readonly receivedAt: Date
  /** As the sender wrote it. */
  readonly effectiveAt: string | null
}

/** Undefined when nobody was ever hired under this id. */
export async function readDeparted(db: Database, employeeId: string): Promise<Departed | undefined> {
  const [row] = await rowsOf<{ status: EmployeeStatus; hold: Hold | null; locked_since: string | null }>(
    db,
    sql`select status, hold, locked_since from employees where employee_id = ${employeeId} and status is not null`,
  )
  return row && { employeeId, status: row.status, hold: row.hold, lockedSince: moment(row.locked_since) }
}

export const isOut = ({ status, hold }: Pick<Departed, 'status' | 'hold'>): boolean =>
  hold !== null || status === 'terminated' || status === 'suspended'

/** From the audit record, which has every change of status and hold. */
export async function readDeparture(db: Database, employee: Departed): Promise<Departure> {
  const rows = await rowsOf<{ at: string; actor: string; record: string }>(
    db,
    sql`
      select at, actor, record from audit_events
      where employee_id = ${employee.employeeId} and action = 'employee.changed' order by id desc limit 500`,
  )
  const changes = rows.map(({ at, actor, record }) => ({ at: new Date(at), actor, ...factsIn(record) }))
  const began = changes.findIndex(({ wasOut, isOut }) => isOut && !wasOut)
  const returned = changes.slice(began + 1).find(({ wasOut, isOut }) => wasOut && !isOut)
  const change = changes[began]
  if (change) return { beganAt: change.at, cause: change.actor, returnedAt: returned?.at ?? null }
  const since = employee.lockedSince ?? (employee.hold ? new Date(employee.hold.since) : new Date(0))
  return { beganAt: since, cause: null, returnedAt: null }
}

interface AccessFacts {
  readonly status?: EmployeeStatus | null
  readonly held?: boolean
}

function factsIn(record: string): { readonly wasOut: boolean; readonly isOut: boolean } {
  const out = (facts: AccessFacts | undefined) =>
    facts?.held === true || facts?.status === 'terminated' || facts?.status === 'suspended'
  try {
    const { details } = JSON.parse(record) as { details?: { before?: AccessFacts; after?: AccessFacts } }
    return { wasOut: out(details?.before), isOut: out(details?.after) }
  } catch {
    // Somebody has made the record unreadable: verification of the audit record tells.
    return { wasOut: false, isOut: false }
  }
}

/** Statements that came, or took effect, after the person was last back. */
export async function readSaidOfEnd(
  db: Database,
  employeeId: string,
  { returnedAt }: Departure,
): Promise<SaidOfEnd[]> {
  const rows = await rowsOf<{
    kind: string
    source: string
    delivery_id: string | null
    timestamp: string
    received_at: string
    data: Statement
  }>(
    db,
    sql`
      select kind, source, delivery_id, timestamp, received_at, data from lifecycle_events
      where employee_id = ${employeeId}
        and kind in ('employee.terminated', 'employee.suspended', 'employee.termination_cancelled')
      order by received_at, timestamp, source, sender_id, place`,
  )
  return rows
    .map((row) => ({
      kind: row.kind,
      source: row.source,
      deliveryId: row.delivery_id,
      saidAt: new Date(row.timestamp),
      receivedAt: new Date(row.received_at),
      effectiveAt: row.data.effectiveAt ?? null,
    }))
    .filter(({ receivedAt, saidAt, effectiveAt }) => {
      if (returnedAt === null || receivedAt > returnedAt) return true
      return new Date(effectiveAt ?? saidAt) > returnedAt
    })
}

function moment(value: unknown): Date | null {
  return value === null || value === undefined ? null : new Date(value as string)
}
