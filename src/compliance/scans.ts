/** Scans as rows: asked for, running, ended. One at a time for an account. */
import { and, desc, eq, inArray, lt } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import { newId } from '../store/ids.ts'
import type { Database, Transaction } from '../store/open.ts'
import { complianceScans, type ScanProgress } from '../store/schema.ts'

export type Scan = typeof complianceScans.$inferSelect

const isOpen = inArray(complianceScans.status, ['queued', 'running'])

/** Asks for a scan, which stands in the audit record. Who asks while one is queued or running gets that one. */
export async function requestScan(db: Database, accountId: string, actor: string, now: Date): Promise<Scan> {
  return await askForScan(db, { accountId, requestedBy: actor, requestedAt: now }, (tx, { id: scanId }) =>
    recordAudit(tx, [
      { at: now, actor, action: 'compliance.scan_requested', details: { accountId, scanId } },
    ]),
  )
}

/**
 * The same for a reason of Muster's own. Nobody decided anything: the scan's row says why it was made, and is forgotten
 * with it, so that what others do in the account does not fill a record that is kept for good.
 */
export async function requestOwnScan(
  db: Database,
  accountId: string,
  reason: string,
  now: Date,
): Promise<Scan> {
  return await askForScan(db, { accountId, requestedBy: reason, requestedAt: now }, async () => {})
}

async function askForScan(
  db: Database,
  asked: Pick<Scan, 'accountId' | 'requestedBy' | 'requestedAt'>,
  record: (tx: Transaction, made: Scan) => Promise<void>,
): Promise<Scan> {
  for (;;) {
    const scan = await db.transaction(async (tx) => {
      const [made] = await tx
        .insert(complianceScans)
        .values({ ...asked, id: newId(), status: 'queued' })
        .onConflictDoNothing()
        .returning()
      if (made) {
        await record(tx, made)
        return made
      }
      const [open] = await tx
        .select()
        .from(complianceScans)
        .where(and(eq(complianceScans.accountId, asked.accountId), isOpen))
      return open
    })
    // The open one may have ended between the two statements.
    if (scan) return scan
  }
}

export async function hasOpenScan(db: Database, accountId: string): Promise<boolean> {
  const rows = await db
    .select({ id: complianceScans.id })
    .from(complianceScans)
    .where(and(eq(complianceScans.accountId, accountId), isOpen))
  return rows.length > 0
}

/**
 * Begins the scan that was asked for, or else one of its own for that reason. Only for whoever holds the lease: a scan that is still
 * said to run has lost its process, and is over.
 */
export async function beginScan(
  db: Database,
  accountId: string,
  now: Date,
  reason = 'schedule',
): Promise<Scan> {
  return await db.transaction(async (tx) => {
    await tx
      .update(complianceScans)
      .set({ status: 'failed', finishedAt: now, error: 'the process that ran it ended before it was done' })
      .where(and(eq(complianceScans.accountId, accountId), eq(complianceScans.status, 'running')))
    const [queued] = await tx
      .update(complianceScans)
      .set({ status: 'running', startedAt: now })
      .where(and(eq(complianceScans.accountId, accountId), eq(complianceScans.status, 'queued')))
      .returning()
    if (queued) return queued
    const [own] = await tx
      .insert(complianceScans)
      .values({
        id: newId(),
        accountId,
        requestedBy: reason,
        requestedAt: now,
        startedAt: now,
        status: 'running',
      })
      .returning()
    return own as Scan
  })
}

export async function noteProgress(
  db: Database,
  id: string,
  progress: ScanProgress,
  calls: number,
): Promise<void> {
  await db
    .update(complianceScans)
    .set({ progress, calls })
    .where(and(eq(complianceScans.id, id), eq(complianceScans.status, 'running')))
}

export async function failScan(db: Database, id: string, error: string, now: Date): Promise<void> {
  await db
    .update(complianceScans)
    .set({ status: 'failed', error, finishedAt: now })
    .where(and(eq(complianceScans.id, id), eq(complianceScans.status, 'running')))
}

export async function readScan(db: Database, id: string): Promise<Scan | undefined> {
  const [row] = await db.select().from(complianceScans).where(eq(complianceScans.id, id))
  return row
}

/** Newest first. */
export async function selectScans(
  db: Database,
  accountId: string | undefined,
  before: string | undefined,
  limit: number,
): Promise<Scan[]> {
  return await db
    .select()
    .from(complianceScans)
    .where(
      and(
        accountId === undefined ? undefined : eq(complianceScans.accountId, accountId),
        before === undefined ? undefined : lt(complianceScans.id, before),
      ),
    )
    .orderBy(desc(complianceScans.id))
    .limit(limit)
}

/**
 * Scans are made every few minutes: their rows are kept for a time, as notifications are.
 *
 * @returns how many were deleted
 */
export async function forgetScans(db: Database, before: Date, maxRows: number): Promise<number> {
  const old = db
    .select({ id: complianceScans.id })
    .from(complianceScans)
    .where(and(lt(complianceScans.requestedAt, before), inArray(complianceScans.status, ['done', 'failed'])))
    .orderBy(complianceScans.requestedAt)
    .limit(maxRows)
    .for('update', { skipLocked: true })
  const forgotten = await db
    .delete(complianceScans)
    .where(inArray(complianceScans.id, old))
    .returning({ id: complianceScans.id })
  return forgotten.length
}
