/** Exceptions: somebody answers for a finding until a day, and everybody can see it. */
import { and, desc, eq, gt, isNull, lt, lte, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import { Problem } from '../problem.ts'
import { newId } from '../store/ids.ts'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import { complianceExceptions } from '../store/schema.ts'
import { everyResource, type StandingException } from './standing.ts'

export type ExceptionRow = typeof complianceExceptions.$inferSelect

export interface NewException {
  readonly control: string
  readonly resource: string
  readonly reason: string
  readonly endsAt: Date
}

/** @throws Problem 409 while one for the same resource stands */
export async function addException(
  db: Database,
  input: NewException,
  actor: string,
  now: Date,
): Promise<ExceptionRow> {
  return await db.transaction(async (tx) => {
    // One that has run out makes room for the next.
    await tx
      .update(complianceExceptions)
      .set({ revokedAt: sql`${complianceExceptions.endsAt}` })
      .where(and(isNull(complianceExceptions.revokedAt), lte(complianceExceptions.endsAt, now)))
    const [row] = await tx
      .insert(complianceExceptions)
      .values({ id: newId(), ...input, allowedBy: actor, createdAt: now })
      .onConflictDoNothing()
      .returning()
    if (!row) {
      throw new Problem(
        409,
        'exception-stands',
        `There is an exception for ${input.resource} under ${input.control} already: revoke it first.`,
      )
    }
    const { id, control, resource, reason, endsAt } = row
    await recordAudit(tx, [
      {
        at: now,
        actor,
        action: 'compliance.exception_allowed',
        details: { id, control, resource, reason, endsAt: endsAt.toISOString() },
      },
    ])
    return row
  })
}

/** Nothing happens to one that has ended already. @throws Problem 404 */
export async function revokeException(
  db: Database,
  id: string,
  actor: string,
  now: Date,
): Promise<ExceptionRow> {
  return await db.transaction(async (tx) => {
    const [found] = await tx
      .select()
      .from(complianceExceptions)
      .where(eq(complianceExceptions.id, id))
      .for('update')
    if (!found) throw new Problem(404, 'no-such-exception', 'There is no exception of this id.')
    if (found.revokedAt !== null || found.endsAt <= now) return found
    const revoked = { revokedAt: now, revokedBy: actor }
    await tx.update(complianceExceptions).set(revoked).where(eq(complianceExceptions.id, id))
    const { control, resource } = found
    await recordAudit(tx, [
      { at: now, actor, action: 'compliance.exception_revoked', details: { id, control, resource } },
    ])
    return { ...found, ...revoked }
  })
}

/** Newest first; `standing` leaves out what has ended or was revoked. */
export async function selectExceptions(
  db: Database,
  {
    standing,
    before,
    limit,
    now,
  }: { standing?: boolean | undefined; before?: string | undefined; limit: number; now: Date },
): Promise<ExceptionRow[]> {
  return await db
    .select()
    .from(complianceExceptions)
    .where(
      and(
        before === undefined ? undefined : lt(complianceExceptions.id, before),
        standing
          ? and(isNull(complianceExceptions.revokedAt), gt(complianceExceptions.endsAt, now))
          : undefined,
      ),
    )
    .orderBy(desc(complianceExceptions.id))
    .limit(limit)
}

/**
 * Those in force, with whether they cover any finding of the scan that was taken at that very moment. Not since then:
 * what another replica found may be dated later, by seconds or by a clock that was ahead, and is no finding of this scan.
 */
export async function standingExceptions(
  db: Database | Transaction,
  { accountId, takenAt, now }: { accountId: string; takenAt: Date; now: Date },
): Promise<StandingException[]> {
  const rows = await rowsOf<Omit<StandingException, 'endsAt'> & { endsAt: string }>(
    db,
    sql`
      select e.id, e.control, e.resource, e.reason, e.ends_at as "endsAt", e.allowed_by as "allowedBy",
        exists (
          select 1 from compliance_findings f
          where f.account_id = ${accountId} and f.control = e.control
            and f.last_seen_at = ${takenAt.toISOString()}::timestamptz
            and (e.resource = ${everyResource} or f.resource = e.resource)) as "isUsed"
      from compliance_exceptions e
      where e.revoked_at is null and e.ends_at > ${now.toISOString()}::timestamptz
      order by e.id`,
  )
  return rows.map((row) => ({ ...row, endsAt: new Date(row.endsAt) }))
}
