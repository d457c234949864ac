/**
 * Compliance as it stands now, from the last stored reports alone: with the exceptions that are in force and their
 * age. Nothing here asks AWS.
 */
import { eq } from 'drizzle-orm'
import { type Clock, isAhead } from '../clock.ts'
import type { Database } from '../store/open.ts'
import { accounts, complianceReports, type TrailLook } from '../store/schema.ts'
import type { Control } from './control.ts'
import type { ComplianceStatus, Report } from './evaluate.ts'
import { standingExceptions } from './exceptions.ts'
import {
  outdated,
  overall,
  practicesOf,
  type StandingException,
  type StandingPractice,
  unscanned,
  withExceptions,
} from './standing.ts'
import type { StoredReport } from './store.ts'

export interface ViewContext {
  readonly db: Database
  readonly controls: readonly Control[]
  /** The AWS account that Muster looks after; undefined until AWS has told it. */
  readonly accountId: () => string | undefined
  readonly trailGate: 'enforce' | 'warn'
  readonly clock: Clock
}

export interface AccountView {
  readonly accountId: string
  readonly partition: string
  readonly status: ComplianceStatus
  /** Null before the first scan. */
  readonly takenAt: Date | null
  readonly evaluatedAt: Date | null
  /** Null where nobody knows it, too: when the report is dated in the future. */
  readonly ageSeconds: number | null
  /** Why nothing of it may be taken for the present state; null when it may. */
  readonly reason: string | null
  readonly trailGate: TrailGateView
  readonly exceptions: readonly StandingException[]
  readonly practices: readonly StandingPractice[]
}

/** `warn`: access is granted whether CloudTrail is verified or not. */
export interface TrailGateView {
  readonly mode: 'enforce' | 'warn'
  readonly isVerified: boolean
  readonly reason: string | null
  /** RFC 3339; null before the first look. */
  readonly checkedAt: string | null
}

/** Older than this, a report says nothing about now: three sweeps have been missed. */
const staleAfterMs = 30 * 60_000

export type ComplianceView = () => Promise<readonly AccountView[]>

interface KeptReport {
  readonly scanId: string
  readonly report: Report
}

interface StandingReport {
  readonly report: Report | undefined
  readonly exceptions: readonly StandingException[]
}

/** Reports are read when they are new, and kept: until the next scan, two or three small statements are all it takes. */
export function createComplianceView(context: ViewContext): ComplianceView {
  const { db, controls, clock } = context
  const kept = new Map<string, KeptReport>()

  /** That of a later scan, where one has ended meanwhile. */
  async function reportOf(accountId: string, scanId: string): Promise<KeptReport | undefined> {
    const known = kept.get(accountId)
    if (known?.scanId === scanId) return known
    const [row] = await db
      .select({ scanId: complianceReports.scanId, report: complianceReports.report })
      .from(complianceReports)
      .where(eq(complianceReports.accountId, accountId))
    if (!row) return undefined
    const { report } = row.report as unknown as StoredReport
    const read = { scanId: row.scanId, report }
    kept.set(accountId, read)
    return read
  }

  /** The report, and what of its findings is excepted: both of one scan, though another may end in between. */
  async function standingReport(
    accountId: string,
    latestScanId: string | null,
    now: Date,
  ): Promise<StandingReport> {
    const found = latestScanId === null ? undefined : await reportOf(accountId, latestScanId)
    const takenAt = found ? new Date(found.report.takenAt) : now
    const exceptions = await standingExceptions(db, { accountId, takenAt, now })
    if (!found || exceptions.length === 0) return { report: found?.report, exceptions }
    const scanId = await scanIdOf(db, accountId)
    return scanId === found.scanId
      ? { report: found.report, exceptions }
      : await standingReport(accountId, scanId, now)
  }

  return async () => {
    const rows = await accountRows(context)
    return await Promise.all(
      rows.map(async ({ accountId, partition, look, scanId }): Promise<AccountView> => {
        const about = { accountId, partition, trailGate: trailGateView(context, look) }
        const now = clock()
        const { report, exceptions } = await standingReport(accountId, scanId, now)
        if (!report) {
          const reason = 'the account has not been scanned yet'
          const never = { takenAt: null, evaluatedAt: null, ageSeconds: null }
          const practices = unscanned(controls)
          return { ...about, ...never, status: 'unknown', reason, exceptions, practices }
        }
        const takenAt = new Date(report.takenAt)
        const ageMs = now.getTime() - takenAt.getTime()
        const reason = staleness(takenAt, now)
        const current = practicesOf(report.controls.map((control) => withExceptions(control, exceptions)))
        const practices = reason === null ? current : outdated(current, reason)
        return {
          ...about,
          takenAt,
          evaluatedAt: new Date(report.evaluatedAt),
          ageSeconds: isAhead(takenAt, now) ? null : Math.floor(Math.max(0, ageMs) / 1000),
          status: overall(practices),
          reason,
          exceptions,
          practices,
        }
      }),
    )
  }
}

async function scanIdOf(db: Database, accountId: string): Promise<string | null> {
  const [row] = await db
    .select({ scanId: complianceReports.scanId })
    .from(complianceReports)
    .where(eq(complianceReports.accountId, accountId))
  return row?.scanId ?? null
}

async function accountRows({ db, accountId }: ViewContext) {
  const known = accountId()
  return await db
    .select({
      accountId: accounts.accountId,
      partition: accounts.partition,
      look: accounts.trailLook,
      scanId: complianceReports.scanId,
    })
    .from(accounts)
    .leftJoin(complianceReports, eq(complianceReports.accountId, accounts.accountId))
    .where(known === undefined ? undefined : eq(accounts.accountId, known))
    .orderBy(accounts.accountId)
}

function trailGateView({ trailGate: mode }: ViewContext, look: TrailLook | null): TrailGateView {
  return look
    ? { mode, isVerified: look.isVerified, reason: look.reason, checkedAt: look.checkedAt }
    : { mode, isVerified: false, reason: 'CloudTrail has not been looked at yet', checkedAt: null }
}

/** Why a report of then says nothing about now; null when it does. */
function staleness(takenAt: Date, now: Date): string | null {
  const ageMs = now.getTime() - takenAt.getTime()
  if (isAhead(takenAt, now)) return `the last scan is dated ${takenAt.toISOString()}, which is yet to come`
  return ageMs > staleAfterMs ? `the last scan is ${Math.floor(ageMs / 60_000)} minutes old` : null
}
