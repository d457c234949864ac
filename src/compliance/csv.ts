/** The report as CSV (RFC 4180), fit to be opened in a spreadsheet. Pure. */
import type { ExportRow } from './export.ts'

const columns: readonly (readonly [string, (row: ExportRow) => string | null | undefined])[] = [
  ['account', ({ account }) => account.accountId],
  ['evaluated_at', ({ account }) => account.evaluatedAt?.toISOString()],
  ['practice', ({ practice }) => practice.id],
  ['practice_status', ({ practice }) => practice.status],
  ['control', ({ control }) => control.id],
  ['title', ({ control }) => control.title],
  ['severity', ({ control }) => control.severity],
  ['status', ({ control }) => control.status],
  ['reason', ({ control }) => control.reason],
  ['missing_permissions', ({ control }) => control.missingPermissions.join(' ')],
  ['cis', ({ control }) => control.refs.cis.join(' ')],
  ['fsbp', ({ control }) => control.refs.fsbp.join(' ')],
  ['resource', ({ finding }) => finding?.resource],
  ['finding', ({ finding }) => finding?.message],
  ['first_seen_at', ({ finding }) => finding?.firstSeenAt.toISOString()],
  ['last_seen_at', ({ finding }) => finding?.lastSeenAt.toISOString()],
  ['excepted_until', ({ exception }) => exception?.endsAt.toISOString()],
  ['exception_reason', ({ exception }) => exception?.reason],
  ['exception_allowed_by', ({ exception }) => exception?.allowedBy],
  ['remedy', ({ control }) => control.remedy],
  ['trail_gate', ({ account }) => account.trailGate.mode],
  ['trail_verified', ({ account }) => String(account.trailGate.isVerified)],
  ['trail_reason', ({ account }) => account.trailGate.reason],
]

export const csvHead = (): string => lineOf(columns.map(([name]) => name))

export const csvLine = (row: ExportRow): string => lineOf(columns.map(([, cell]) => cell(row) ?? ''))

function lineOf(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`
}

/**
 * A spreadsheet runs a cell that begins with one of these as a formula, quoted or not, and names of users and
 * policies are for anybody to choose. https://owasp.org/www-community/attacks/CSV_Injection
 */
const startsFormula = /^[\s]*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/

function quoted(cell: string): string {
  const harmless = startsFormula.test(cell) ? `'${cell}` : cell
  return `"${harmless.replaceAll('"', '""')}"`
}
