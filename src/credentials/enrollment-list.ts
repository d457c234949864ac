/** The links of an employee, as they are told: without their tokens, which nobody keeps. */
import { eq, sql } from 'drizzle-orm'
import { type EnrollmentPurpose, type EnrollmentStatus, enrollments } from '../store/schema.ts'
import type { EnrollmentsContext } from './enrollments.ts'

export interface EnrollmentAnswer {
  readonly id: string
  readonly purpose: EnrollmentPurpose
  readonly status: EnrollmentStatus
  readonly reason: string | null
  readonly createdBy: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly endedAt: string | null
  readonly wrongCodes: number
}

/** Newest first, a hundred at most. @throws Problem 404 */
export async function listEnrollments(
  { store }: Pick<EnrollmentsContext, 'store'>,
  employeeId: string,
): Promise<EnrollmentAnswer[]> {
  const rows = await store.db
    .select()
    .from(enrollments)
    .where(eq(enrollments.employeeId, employeeId))
    .orderBy(sql`created_at desc, id`)
    .limit(100)
  return rows.map(toAnswer)
}

function toAnswer(
  row: Omit<typeof enrollments.$inferSelect, 'deviceSerials' | 'leasedUntil' | 'startedAt'>,
): EnrollmentAnswer {
  return {
    id: row.id,
    purpose: row.purpose,
    status: row.status,
    reason: row.reason,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    wrongCodes: row.wrongCodes,
  }
}
