/** What went wrong with the database: not now, never so, and what may be said about it. */

/** Classes and codes of PostgreSQL (appendix A of its manual) that say "not now". */
const awayStates = /^(08...|25006|40001|40P01|53...|55P03|57...)$/

/** Classes 22 and 23: the data itself is refused, and would be again. */
const refusedStates = /^2[23]...$/

const awayCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** What `pg`, `pg-pool` and PGlite say without a code. */
const awayMessages =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool after|Query read timeout|PGlite is clos)/

/** True when the same statement may succeed later as it is: the connection, the load or the timing was to blame. */
export function isDatabaseAway(error: unknown): boolean {
  return causesOf(error).some((cause) => {
    const { code } = cause as { code?: unknown }
    if (typeof code === 'string' && (awayCodes.has(code) || awayStates.test(code))) return true
    return awayMessages.test(cause.message)
  })
}

/** True when a value was refused: the row is at fault, not its neighbours. */
export function isRefusedData(error: unknown): boolean {
  return refusedStates.test(sqlStateOf(error) ?? '')
}

/** Five characters, as in appendix A of PostgreSQL's manual; undefined when it was no error of the database. */
export function sqlStateOf(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    const { code } = cause as { code?: unknown }
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !awayCodes.has(code)) return code
  }
  return undefined
}

/**
 * One line that may be stored and shown. drizzle's messages carry a statement's parameters, and PostgreSQL's
 * the refused value, so of a database's error only the code and the names of things are told.
 */
export function describeFailure(error: unknown): string {
  const state = sqlStateOf(error)
  const root = causesOf(error).at(-1)
  if (state !== undefined) {
    const { table, column, constraint } = (root ?? {}) as Record<string, unknown>
    const place = [table, column, constraint].filter((part) => typeof part === 'string').join(', ')
    return `the database refused it: SQLSTATE ${state}${place ? ` (${place})` : ''}`
  }
  return `${root?.name ?? 'Error'}: ${(root?.message ?? String(error)).split('\n', 1)[0]?.slice(0, 200)}`
}

/** The error and what caused it, outermost first. */
function causesOf(error: unknown, depth = 0): readonly Error[] {
  if (!(error instanceof Error) || depth > 8) return []
  const several = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return [error, ...[error.cause, ...several].flatMap((cause) => causesOf(cause, depth + 1))]
}
