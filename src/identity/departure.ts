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
  /** When Muster took the person for back, or for hired again; null while they are out. */
  readonly returnedAt: Date | null
  /** When the person came back from the departure before this one; null if there was none. */
  readonly hereSince: Date | null
  /** When access was to end, as HR sees it. */
  readonly agreedFor: Date | null
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

const hasNoAccess = ({ status, hold }: Pick<Departed, 'status' | 'hold'>): boolean =>
  hold !== null || status === 'terminated' || status === 'suspended'

/** The last one, whether or not it is over; undefined for somebody who has never been out. */
export async function readDeparture(db: Database, employee: Departed): Promise<Departure | undefined> {
  const rows = await rowsOf<{ at: string; actor: string; record: string }>(
    db,
    sql`
      select at, actor, record from audit_events
      where employee_id = ${employee.employeeId} and action = 'employee.changed' order by id desc limit 500`,
  )
  const changes = rows.reverse().flatMap(({ at, actor, record }) => {
    const facts = factsIn(record)
    return facts ? [{ at: new Date(at), actor, ...facts }] : []
  })
  const departure = lastDeparture(changes)
  if (!hasNoAccess(employee)) return departure
  // A departure that lasts is due by what HR says of it now.
  if (departure?.returnedAt === null) return { ...departure, agreedFor: employee.lockedSince }
  const since = employee.lockedSince ?? (employee.hold ? new Date(employee.hold.since) : new Date(0))
  return { beganAt: since, cause: null, returnedAt: null, hereSince: null, agreedFor: employee.lockedSince }
}

interface AccessFacts {
  readonly status?: EmployeeStatus | null
  readonly held?: boolean
  readonly lockedSince?: string | null
}

interface AccessChange {
  readonly at: Date
  readonly actor: string
  readonly before: AccessFacts
  readonly after: AccessFacts
}

/** @param changes oldest first */
function lastDeparture(changes: readonly AccessChange[]): Departure | undefined {
  let departure: Departure | undefined
  for (const { at, actor, before, after } of changes) {
    const wasOut = departure ? departure.returnedAt === null : false
    const isOut = isOutAfter(before, after, wasOut)
    if (isOut && !wasOut) {
      departure = {
        beganAt: at,
        cause: actor,
        returnedAt: null,
        hereSince: departure?.returnedAt ?? null,
        agreedFor: moment(after.lockedSince),
      }
    } else if (departure && wasOut && !isOut) departure = { ...departure, returnedAt: at }
  }
  return departure
}

/** Out is also who was at work and has a start that was put off; a leaver who is hired again is not, whatever the start. */
function isOutAfter(before: AccessFacts, after: AccessFacts, wasOut: boolean): boolean {
  if (after.held === true || after.status === 'terminated' || after.status === 'suspended') return true
  if (after.status !== 'scheduled') return false
  return wasOut ? before.status !== 'terminated' : before.status === 'active'
}

/** Nothing where somebody has made the record unreadable: verification of the audit record tells. */
function factsIn(record: string): Pick<AccessChange, 'before' | 'after'> | undefined {
  try {
    const { details } = JSON.parse(record) as { details?: { before?: AccessFacts; after?: AccessFacts } }
    return { before: details?.before ?? {}, after: details?.after ?? {} }
  } catch {
    return undefined
  }
}

/** Statements that came, or took effect, after the person was last here, and came before they returned. */
export async function readSaidOfEnd(
  db: Database,
  employeeId: string,
  { hereSince, returnedAt }: Departure,
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
      if (returnedAt !== null && receivedAt > returnedAt) return false
      if (hereSince === null || receivedAt > hereSince) return true
      return new Date(effectiveAt ?? saidAt) > hereSince
    })
}

function moment(value: unknown): Date | null {
  return value === null || value === undefined ? null : new Date(value as string)
}
