/** What a scan found, put on record in one transaction: findings, report, history, and who is told. */
import { and, desc, eq, lte, sql } from 'drizzle-orm'
import type { Announce, Notice } from '../notify/announce.ts'
import type { Database, Transaction } from '../store/open.ts'
import {
  type complianceFindings,
  complianceHistory,
  complianceReports,
  complianceScans,
  type ScanProgress,
} from '../store/schema.ts'
import { storableJson } from '../store/storable.ts'
import type { ControlReport, Report } from './evaluate.ts'
import { standingExceptions } from './exceptions.ts'
import { openFindings, practicesOf, type StandingControl, withExceptions } from './standing.ts'

/** Of each control's findings, so many are in the report itself; all are in the table. */
export const embeddedFindings = 50

/** As it lies in `compliance_reports`. */
export interface StoredReport {
  readonly report: Report
  /** What each control last was for certain: a time of not knowing in between is no change. */
  readonly settled: Readonly<Record<string, 'pass' | 'fail'>>
}

export interface StoreContext {
  readonly db: Database
  readonly announce: Announce
}

export interface FinishedScan {
  readonly scanId: string
  readonly report: Report
  readonly calls: number
  readonly progress: ScanProgress
  readonly now: Date
}

/** False when the scan was taken for dead meanwhile: then nothing of it is kept. */
export async function storeReport({ db, announce }: StoreContext, scan: FinishedScan): Promise<boolean> {
  const { scanId, report, calls, progress, now } = scan
  const { accountId } = report
  return await db.transaction(async (tx) => {
    const [ended] = await tx
      .update(complianceScans)
      .set({ status: 'done', calls, progress, finishedAt: now })
      .where(and(eq(complianceScans.id, scanId), eq(complianceScans.status, 'running')))
      .returning({ id: complianceScans.id })
    if (!ended) return false
    const before = await readStored(tx, accountId)
    await storeFindings(tx, report)
    const settled = { ...before?.settled }
    const takenAt = new Date(report.takenAt)
    const exceptions = await standingExceptions(tx, { accountId, takenAt, now })
    const controls = report.controls.map((control) => withExceptions(control, exceptions))
    const notices = changesOf(accountId, controls, settled, now)
    for (const { id, status } of controls) if (status !== 'unknown') settled[id] = status
    await upsertReport(tx, scanId, { report: withoutSurplus(report), settled })
    await storeHistory(tx, accountId, controls, now)
    await announce(tx, notices)
    return true
  })
}

async function readStored(tx: Transaction, accountId: string): Promise<StoredReport | undefined> {
  const [row] = await tx
    .select({ report: complianceReports.report })
    .from(complianceReports)
    .where(eq(complianceReports.accountId, accountId))
  return row?.report as StoredReport | undefined
}

const withoutSurplus = (report: Report): Report => ({
  ...report,
  controls: report.controls.map((control) => ({
    ...control,
    findings: control.findings.slice(0, embeddedFindings),
  })),
})

async function upsertReport(tx: Transaction, scanId: string, stored: StoredReport): Promise<void> {
  const { accountId, takenAt, evaluatedAt } = stored.report
  await tx.execute(sql`
    insert into compliance_reports (account_id, scan_id, taken_at, evaluated_at, report)
    values (${accountId}, ${scanId}::uuid, ${takenAt}::timestamptz, ${evaluatedAt}::timestamptz,
      ${storableJson(stored)}::jsonb)
    on conflict (account_id) do update set scan_id = excluded.scan_id, taken_at = excluded.taken_at,
      evaluated_at = excluded.evaluated_at, report = excluded.report`)
}

/** In pieces, so that no statement takes long. */
const findingsPerStatement = 2000

/**
 * Those that are gone are deleted, but only where the control could tell: what it could not look at may still be
 * there, and keeps the moment at which it was last seen. Gone is whatever this scan did not find, dated before it or
 * after: the clock of the scan before may have been ahead.
 */
async function storeFindings(tx: Transaction, { accountId, takenAt, controls }: Report): Promise<void> {
  const rows = controls.flatMap(({ id, practice, severity, findings }) =>
    findings.map(({ resource, message, evidence }) => ({
      control: id,
      practice,
      severity,
      resource,
      message,
      evidence,
    })),
  )
  for (let i = 0; i < rows.length; i += findingsPerStatement) {
    await tx.execute(sql`
      insert into compliance_findings
        (account_id, control, resource, practice, severity, message, evidence, first_seen_at, last_seen_at)
      select ${accountId}, control, resource, practice, severity, message, evidence,
        ${takenAt}::timestamptz, ${takenAt}::timestamptz
      from jsonb_to_recordset(${storableJson(rows.slice(i, i + findingsPerStatement))}::jsonb)
        as r(control text, resource text, practice text, severity text, message text, evidence jsonb)
      on conflict (account_id, control, resource) do update set practice = excluded.practice,
        severity = excluded.severity, message = excluded.message, evidence = excluded.evidence,
        last_seen_at = excluded.last_seen_at,
        first_seen_at = least(compliance_findings.first_seen_at, excluded.first_seen_at)`)
  }
  const untold = controls.filter(({ status }) => status === 'unknown').map(({ id }) => id)
  await tx.execute(sql`
    delete from compliance_findings
    where account_id = ${accountId} and last_seen_at <> ${takenAt}::timestamptz
      and not control = any(${sql.param(untold)}::text[])`)
}

/** What somebody has to hear at once: a control that matters fails, or holds again. */
function changesOf(
  accountId: string,
  controls: readonly StandingControl[],
  settled: StoredReport['settled'],
  at: Date,
): Notice[] {
  return controls.flatMap((control): Notice[] => {
    const { id, title, practice, severity, status, findingCount, exceptedCount } = control
    const matters = severity === 'critical' || severity === 'high'
    const before = settled[id]
    if (!matters || status === 'unknown' || before === undefined || before === status) return []
    return [
      {
        type: status === 'fail' ? 'compliance.failed' : 'compliance.passed',
        at,
        employeeId: null,
        data: {
          accountId,
          control: id,
          title,
          practice,
          severity,
          findings: findingCount,
          excepted: exceptedCount,
        },
      },
    ]
  })
}

/** A row for each practice whose numbers changed, and one a day for every other. */
async function storeHistory(
  tx: Transaction,
  accountId: string,
  controls: readonly StandingControl[],
  at: Date,
): Promise<void> {
  const latest = await tx
    .selectDistinctOn([complianceHistory.practice])
    .from(complianceHistory)
    .where(and(eq(complianceHistory.accountId, accountId), lte(complianceHistory.at, at)))
    .orderBy(complianceHistory.practice, desc(complianceHistory.at))
  const rows = practicesOf(controls).map((practice) => ({
    accountId,
    practice: practice.id as string,
    at,
    status: practice.status as string,
    ...countsOf(practice.controls),
  }))
  const news = rows.filter((row) => {
    const last = latest.find(({ practice }) => practice === row.practice)
    return !last || dayOf(last.at) !== dayOf(at) || counted.some((name) => last[name] !== row[name])
  })
  if (news.length > 0) await tx.insert(complianceHistory).values(news).onConflictDoNothing()
}

const counted = ['status', 'passed', 'failed', 'unknown', 'findings', 'excepted'] as const

const dayOf = (moment: Date) => moment.toISOString().slice(0, 10)

function countsOf(controls: readonly StandingControl[]) {
  const having = (status: ControlReport['status']) =>
    controls.filter((control) => control.status === status).length
  const sum = (of: (control: StandingControl) => number) =>
    controls.reduce((total, control) => total + of(control), 0)
  return {
    passed: having('pass'),
    failed: having('fail'),
    unknown: having('unknown'),
    findings: sum(openFindings),
    excepted: sum(({ exceptedCount }) => exceptedCount),
  }
}

export type FindingRow = typeof complianceFindings.$inferSelect
