/** Reading operations, newest first. */
import { and, desc, eq, lt } from 'drizzle-orm'
import type { Database } from '../../store/open.ts'
import { type OperationStatus, operations } from '../../store/schema.ts'
import { decodeCursor, type Page, pageOf } from '../cursor.ts'
import type { OperationAnswer } from '../schemas/operation.ts'

export interface OperationFilter {
  readonly employeeId?: string | undefined
  readonly status?: OperationStatus | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export async function listOperations(db: Database, filter: OperationFilter): Promise<Page<OperationAnswer>> {
  const before = decodeCursor('operations', 'uuid', filter.cursor)
  const rows = await db
    .select()
    .from(operations)
    .where(
      and(
        before === undefined ? undefined : lt(operations.id, before),
        filter.employeeId === undefined ? undefined : eq(operations.employeeId, filter.employeeId),
        filter.status ? eq(operations.status, filter.status) : undefined,
      ),
    )
    .orderBy(desc(operations.id))
    .limit(filter.limit + 1)
  return pageOf('operations', rows, filter.limit, ({ id }) => id, toOperation)
}

export async function readOperation(db: Database, id: string): Promise<OperationAnswer | undefined> {
  const [row] = await db.select().from(operations).where(eq(operations.id, id))
  return row && toOperation(row)
}

function toOperation(row: typeof operations.$inferSelect): OperationAnswer {
  const { startedAt, finishedAt } = row
  return {
    id: row.id,
    accountId: row.accountId,
    employeeId: row.employeeId,
    identityId: row.identityId,
    kind: row.kind,
    cause: row.cause,
    status: row.status,
    steps: [...row.steps],
    reason: row.reason,
    error: row.error,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    durationMs: finishedAt ? Math.max(0, finishedAt.getTime() - startedAt.getTime()) : null,
  }
}
