/** What is kept for a time only, and then forgotten. */
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Database } from '../store/open.ts'
import { type Loop, startLoop } from './loop.ts'

export interface Kept {
  readonly keptDays: number
  /** Forgets what is older than `before`, oldest first, `maxRows` at most. Resolves to how many. */
  forget(db: Database, before: Date, maxRows: number): Promise<number>
}

export interface RetentionOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Small, so that no statement holds many rows for long. */
const maxRows = 500

/** Looks every hour. What cannot be forgotten right now keeps nothing else from it. */
export function startRetention(kept: readonly Kept[], { db, clock, log }: RetentionOptions): Loop {
  return startLoop({
    name: 'retention',
    everyMs: hourMs,
    log,
    async look() {
      const now = clock().getTime()
      const results = await Promise.allSettled(
        kept.map(({ keptDays, forget }) => forget(db, new Date(now - keptDays * dayMs), maxRows)),
      )
      for (const result of results) if (result.status === 'rejected') throw result.reason
      return results.some((result) => result.status === 'fulfilled' && result.value === maxRows)
    },
  })
}
