/** Reading compliance for the API. */
import { type SQL, sql } from 'drizzle-orm'
import type { ExceptionRow } from '../../compliance/exceptions.ts'
import type { Scan } from '../../compliance/scans.ts'
import {
  exceptionOf,
  overall,
  type StandingControl,
  type StandingException,
} from '../../compliance/standing.ts'
import { embeddedFindings } from '../../compliance/store.ts'
import type { AccountView } from '../../compliance/view.ts'
import { type Database, rowsOf } from '../../store/open.ts'
import { decodeParts, type Page, pageOf } from '../cursor.ts'
import type {
  ComplianceAnswer,
  ComplianceFindingAnswer,
  ComplianceHistoryAnswer,
  ComplianceScanAnswer,
} from '../schemas/compliance.ts'

export function toCompliance(accounts: readonly AccountView[]): ComplianceAnswer {
  const evaluated = accounts.map(({ evaluatedAt }) => evaluatedAt)
  const oldest = evaluated.includes(null) ? null : evaluated.sort((a, b) => Number(a) - Number(b))[0]
  return {
    status: overall(accounts),
    evaluatedAt: oldest?.toISOString() ?? null,
    accounts: accounts.map(({ partition: _, ...account }) => ({
      ...account,
      takenAt: account.takenAt?.toISOString() ?? null,
      evaluatedAt: account.evaluatedAt?.toISOString() ?? null,
      trailGate: { ...account.trailGate },
      exceptions: account.exceptions.map(({ endsAt, ...exception }) => ({
        ...exception,
        endsAt: endsAt.toISOString(),
      })),
      practices: account.practices.map((practice) => ({
        ...practice,
        controls: practice.controls.map(toControl),
      })),
    })),
  }
}

function toControl({ practice: _, exceptions, ...control }: StandingControl) {
  return {
    ...control,
    refs: { cis: [...control.refs.cis], fsbp: [...control.refs.fsbp] },
    missingPermissions: [...control.missingPermissions],
    findings: control.findings.slice(0, embeddedFindings).map((finding) => ({
      ...finding,
      exception: toMark(exceptionOf(finding.resource, exceptions)),
    })),
  }
}

function toMark(exception: StandingException | undefined) {
  if (!exception) return null
  const { id, reason, endsAt, allowedBy } = exception
  return { id, reason, endsAt: endsAt.toISOString(), allowedBy }
}

export function toScan(scan: Scan): ComplianceScanAnswer {
  return {
    ...scan,
    requestedAt: scan.requestedAt.toISOString(),
    startedAt: scan.startedAt?.toISOString() ?? null,
    finishedAt: scan.finishedAt?.toISOString() ?? null,
  }
}

export function toException(row: ExceptionRow, now: Date) {
  return {
    ...row,
    endsAt: row.endsAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    standing: row.revokedAt === null && row.endsAt > now,
  }
}

export interface FindingFilter {
  readonly accountId?: string | undefined
  readonly control?: string | undefined
  readonly practice?: string | undefined
  readonly severity?: string | undefined
  readonly resource?: string | undefined
  readonly excepted?: boolean | undefined
  readonly limit: number
  readonly cursor?: string | undefined
  readonly now: Date
}

type FindingRead = Omit<ComplianceFindingAnswer, 'exception'> & {
  readonly exception: ComplianceFindingAnswer['exception']
}

/** In the order of account, control and resource. */
export async function listFindings(
  db: Database,
  filter: FindingFilter,
): Promise<Page<ComplianceFindingAnswer>> {
  const after = decodeParts('findings', ['text', 'text', 'text'], filter.cursor)
  const where: SQL[] = [sql`true`]
  if (after) {
    const [account, control, resource] = after
    where.push(sql`(f.account_id, f.control, f.resource) > (${account}, ${control}, ${resource})`)
  }
  for (const [column, value] of [
    ['account_id', filter.accountId],
    ['control', filter.control],
    ['practice', filter.practice],
    ['severity', filter.severity],
    ['resource', filter.resource],
  ] as const) {
    if (value !== undefined) where.push(sql`f.${sql.identifier(column)} = ${value}`)
  }
  if (filter.excepted !== undefined) where.push(sql`(e.id is not null) = ${filter.excepted}`)
  const rows = await rowsOf<FindingRead>(
    db,
    sql`
      select f.account_id as "accountId", f.control, f.practice, f.severity, f.resource, f.message, f.evidence,
        f.first_seen_at as "firstSeenAt", f.last_seen_at as "lastSeenAt",
        case when e.id is not null then jsonb_build_object('id', e.id, 'reason', e.reason,
          'endsAt', e.ends_at, 'allowedBy', e.allowed_by) end as exception
      from compliance_findings f
      left join lateral (
        select id, reason, ends_at, allowed_by from compliance_exceptions e
        where e.control = f.control and (e.resource = f.resource or e.resource = '*')
          and e.revoked_at is null and e.ends_at > ${filter.now.toISOString()}::timestamptz
        order by e.resource = '*' limit 1
      ) e on true
      where ${sql.join(where, sql` and `)}
      order by f.account_id, f.control, f.resource
      limit ${filter.limit + 1}`,
  )
  return pageOf(
    'findings',
    rows,
    filter.limit,
    (row) => JSON.stringify([row.accountId, row.control, row.resource]),
    (row) => ({
      ...row,
      firstSeenAt: iso(row.firstSeenAt),
      lastSeenAt: iso(row.lastSeenAt),
      exception: row.exception && { ...row.exception, endsAt: iso(row.exception.endsAt) },
    }),
  )
}

/** Hand-written statements give moments as the database writes them. */
const iso = (moment: string) => new Date(moment).toISOString()

export interface HistoryFilter {
  readonly accountId?: string | undefined
  readonly practice?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Newest first. */
export async function listHistory(
  db: Database,
  filter: HistoryFilter,
): Promise<Page<ComplianceHistoryAnswer>> {
  const before = decodeParts('history', ['moment', 'text', 'text'], filter.cursor)
  const where: SQL[] = [sql`true`]
  if (before) {
    const [at, account, practice] = before
    where.push(sql`(at, account_id, practice) < (${at}::timestamptz, ${account}, ${practice})`)
  }
  if (filter.accountId !== undefined) where.push(sql`account_id = ${filter.accountId}`)
  if (filter.practice !== undefined) where.push(sql`practice = ${filter.practice}`)
  if (filter.from) where.push(sql`at >= ${filter.from.toISOString()}::timestamptz`)
  if (filter.to) where.push(sql`at < ${filter.to.toISOString()}::timestamptz`)
  const rows = await rowsOf<ComplianceHistoryAnswer>(
    db,
    sql`
      select account_id as "accountId", practice, at, status, passed, failed, unknown, findings, excepted
      from compliance_history where ${sql.join(where, sql` and `)}
      order by at desc, account_id desc, practice desc
      limit ${filter.limit + 1}`,
  )
  return pageOf(
    'history',
    rows,
    filter.limit,
    ({ at, accountId, practice }) => JSON.stringify([iso(at), accountId, practice]),
    (row) => ({ ...row, at: iso(row.at) }),
  )
}
