/** The audit record as the API shows it, newest first. */
import { and, desc, eq, lt } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import type { Database } from '../store/open.ts'
import { auditEvents } from '../store/schema.ts'

export interface AuditItem {
  readonly id: string
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly employeeId: string | null
  readonly identityId: string | null
  readonly operationId: string | null
  /** Null when somebody has made the record unreadable; verification tells. */
  readonly details: Readonly<Record<string, unknown>> | null
  /** Number and hash in the chain; null for the second or so before it is sealed. */
  readonly seq: number | null
  readonly hash: string | null
}

export interface AuditQuery {
  readonly limit: number
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined
  readonly employeeId?: string | undefined
  readonly action?: string | undefined
}

export interface AuditPage {
  readonly items: readonly AuditItem[]
  readonly nextCursor: string | null
}

/**
 * One page by descending id, which is nearly the order of time.
 *
 * @throws Problem 400 for a cursor that is none of ours
 */
export async function listAudit(db: Database, query: AuditQuery): Promise<AuditPage> {
  const { limit, cursor, employeeId, action } = query
  if (cursor !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(cursor)) {
    throw new Problem(
      400,
      'malformed-cursor',
      'The cursor is malformed: use the nextCursor of a page before.',
    )
  }
  const rows = await db
    .select()
    .from(auditEvents)
    .where(
      and(
        cursor === undefined ? undefined : lt(auditEvents.id, cursor),
        employeeId === undefined ? undefined : eq(auditEvents.employeeId, employeeId),
        action === undefined ? undefined : eq(auditEvents.action, action),
      ),
    )
    .orderBy(desc(auditEvents.id))
    // One more than asked for tells whether there is another page.
    .limit(limit + 1)
  const items = rows.slice(0, limit).map(toItem)
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
}

function toItem(row: typeof auditEvents.$inferSelect): AuditItem {
  const { id, at, actor, action, employeeId, identityId, operationId, seq, hash } = row
  return {
    id,
    at,
    actor,
    action,
    employeeId,
    identityId,
    operationId,
    details: detailsOf(row.record),
    seq,
    hash,
  }
}

function detailsOf(record: string): Readonly<Record<string, unknown>> | null {
  try {
    return (JSON.parse(record) as { details?: Record<string, unknown> } | null)?.details ?? null
  } catch {
    return null
  }
}
