/** Reading drifts, newest first. */
import { and, desc, eq, gte, lt } from 'drizzle-orm'
import type { DriftKind } from '../../drift/kinds.ts'
import type { Database } from '../../store/open.ts'
import { type Attribution, type DriftStatus, drifts } from '../../store/schema.ts'
import { decodeCursor, type Page, pageOf } from '../cursor.ts'
import type { DriftAnswer } from '../schemas/drift.ts'

export interface DriftFilter {
  readonly employeeId?: string | undefined
  readonly kind?: DriftKind | undefined
  readonly status?: DriftStatus | undefined
  readonly attribution?: Attribution | undefined
  /** Found then or later. */
  readonly since?: Date | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export async function listDrifts(db: Database, filter: DriftFilter): Promise<Page<DriftAnswer>> {
  const { employeeId, kind, status, attribution, since, limit, cursor } = filter
  const before = decodeCursor('drifts', 'uuid', cursor)
  const rows = await db
    .select()
    .from(drifts)
    .where(
      and(
        before === undefined ? undefined : lt(drifts.id, before),
        employeeId === undefined ? undefined : eq(drifts.employeeId, employeeId),
        kind && eq(drifts.kind, kind),
        status && eq(drifts.status, status),
        attribution && eq(drifts.attribution, attribution),
        since && gte(drifts.detectedAt, since),
      ),
    )
    .orderBy(desc(drifts.id))
    .limit(limit + 1)
  return pageOf('drifts', rows, limit, ({ id }) => id, toDrift)
}

export async function readDrift(db: Database, id: string): Promise<DriftAnswer | undefined> {
  const [row] = await db.select().from(drifts).where(eq(drifts.id, id))
  return row && toDrift(row)
}

function toDrift(row: typeof drifts.$inferSelect): DriftAnswer {
  return {
    id: row.id,
    accountId: row.accountId,
    employeeId: row.employeeId,
    identityId: row.identityId,
    kind: row.kind as DriftKind,
    resource: row.resource,
    message: row.message,
    detail: row.detail,
    detectedAt: row.detectedAt.toISOString(),
    since: row.since?.toISOString() ?? null,
    foundBy: row.foundBy as DriftAnswer['foundBy'],
    status: row.status,
    standing: row.standing,
    operationId: row.operationId,
    repairedAt: row.repairedAt?.toISOString() ?? null,
    attribution: row.attribution,
    attributionReason: row.attributionReason,
    culprit: row.culprit,
  }
}
