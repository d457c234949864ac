/** One line of the table that `npm run bench` prints. */
export interface Row {
  readonly name: string
  /** What DESIGN.md or bench/README.md demands, as it is printed. */
  readonly goal: string | number
  readonly measured: string | number
  /** What it is measured against, side by side in the same run; nothing where the goal is absolute. */
  readonly reference?: string | number | undefined
  readonly ratio?: string | number | undefined
  readonly ok: boolean
  /** Further figures of the same run, printed below the table. */
  readonly notes?: readonly string[] | undefined
}

/** @param databaseUrl a fresh, empty database on PostgreSQL, dropped afterwards */
export type Bench = (databaseUrl: string) => Promise<Row | readonly Row[]>

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
