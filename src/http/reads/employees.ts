/** Reading employees: two statements a page, however many there are. */
import { and, asc, count, eq, gt, inArray, isNotNull, ne, sql } from 'drizzle-orm'
import type { Database } from '../../store/open.ts'
import { type EmployeeStatus, employees, identities } from '../../store/schema.ts'
import { decodeCursor, type Page, pageOf } from '../cursor.ts'
import type { EmployeeAnswer } from '../schemas/employee.ts'

export interface EmployeeFilter {
  readonly status?: EmployeeStatus | undefined
  readonly role?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

type EmployeeRow = typeof employees.$inferSelect
type IdentityAnswer = EmployeeAnswer['identities'][number]

/** Everybody who was ever hired, by `employeeId`. */
export async function listEmployees(db: Database, filter: EmployeeFilter): Promise<Page<EmployeeAnswer>> {
  const after = decodeCursor('employees', 'text', filter.cursor)
  const rows = await db
    .select()
    .from(employees)
    .where(
      and(
        after === undefined ? undefined : gt(employees.employeeId, after),
        filter.status ? eq(employees.status, filter.status) : isNotNull(employees.status),
        filter.role === undefined ? undefined : eq(employees.role, filter.role),
      ),
    )
    .orderBy(asc(employees.employeeId))
    .limit(filter.limit + 1)
  const shown = rows.slice(0, filter.limit).map(({ employeeId }) => employeeId)
  const byEmployee = await identitiesOf(db, shown)
  return pageOf(
    'employees',
    rows,
    filter.limit,
    ({ employeeId }) => employeeId,
    (row) => toEmployee(row, byEmployee.get(row.employeeId) ?? []),
  )
}

/** Undefined for somebody who was never hired, whatever else was said about them. */
export async function readEmployee(db: Database, employeeId: string): Promise<EmployeeAnswer | undefined> {
  const [row] = await db
    .select()
    .from(employees)
    .where(and(eq(employees.employeeId, employeeId), isNotNull(employees.status)))
  if (!row) return undefined
  const byEmployee = await identitiesOf(db, [employeeId])
  return toEmployee(row, byEmployee.get(employeeId) ?? [])
}

/** How many people hold each of these roles who have not left. */
export async function countHolders(
  db: Database,
  roles: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (roles.length === 0) return new Map()
  const rows = await db
    .select({ role: employees.role, holders: count() })
    .from(employees)
    .where(
      and(
        inArray(employees.role, [...roles]),
        isNotNull(employees.status),
        ne(employees.status, 'terminated'),
      ),
    )
    .groupBy(employees.role)
  return new Map(rows.map(({ role, holders }) => [role, holders]))
}

async function identitiesOf(
  db: Database,
  employeeIds: readonly string[],
): Promise<ReadonlyMap<string, readonly IdentityAnswer[]>> {
  if (employeeIds.length === 0) return new Map()
  const rows = await db
    .select({
      employeeId: identities.employeeId,
      accountId: identities.accountId,
      userName: identities.userName,
      state: identities.state,
      reason: identities.reason,
      groups: identities.groups,
      mfaEnrolled: identities.mfaEnrolled,
      consoleAccess: identities.consoleAccess,
      lastReconciledAt: identities.lastReconciledAt,
    })
    .from(identities)
    // One array, not a hundred parameters: the statement stays the same, and short.
    .where(sql`${identities.employeeId} = any(${sql.param(employeeIds)}::text[])`)
    .orderBy(asc(identities.employeeId), asc(identities.accountId))
  const byEmployee = new Map<string, IdentityAnswer[]>()
  for (const { employeeId, lastReconciledAt, ...identity } of rows) {
    const answer = { ...identity, lastReconciledAt: lastReconciledAt?.toISOString() ?? null }
    const list = byEmployee.get(employeeId)
    if (list) list.push(answer)
    else byEmployee.set(employeeId, [answer])
  }
  return byEmployee
}

function toEmployee(row: EmployeeRow, identities: readonly IdentityAnswer[]): EmployeeAnswer {
  const { department, managerId, employmentType, timeZone, overrides, pending } = row.details
  return {
    employeeId: row.employeeId,
    givenName: row.givenName,
    familyName: row.familyName,
    email: row.email,
    role: row.role,
    // Rows without a status are not read.
    status: row.status as EmployeeStatus,
    startAt: row.startAt?.toISOString() ?? null,
    endAt: row.endAt?.toISOString() ?? null,
    department: department ?? null,
    managerId: managerId ?? null,
    employmentType: employmentType ?? null,
    timeZone: timeZone ?? null,
    hold: row.hold,
    overrides: [...overrides],
    pending: [...pending],
    identities: [...identities],
  }
}
