/** When the trail gate was shut, as the audit record has it. */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'

export interface ShutTime {
  /** When it was noticed. */
  readonly from: Date
  /** Null while it lasts. */
  readonly until: Date | null
  readonly reason: string
}

/** CloudTrail may have been off that long before. */
export const noticedWithinMs = 60_000

/** More turns than any departure needs to be told of. */
const mostTurns = 200

/** Those that began by that moment, in order; of very many the last ones. */
export async function readShutTimes(db: Database, accountId: string, by: Date): Promise<readonly ShutTime[]> {
  const turns = await rowsOf<{ action: string; at: string; record: string }>(
    db,
    sql`
      select action, at, record from (
        select id, action, at, record from audit_events
        where action = any('{trail_gate.closed,trail_gate.opened}') and at <= ${by.toISOString()}::timestamptz
        order by id desc limit ${mostTurns}
      ) as newest order by id`,
  )
  const times: ShutTime[] = []
  for (const { action, at, record } of turns) {
    const details = detailsIn(record)
    if (details?.accountId !== accountId) continue
    const last = times.at(-1)
    if (last?.until === null) times[times.length - 1] = { ...last, until: new Date(at) }
    if (action === 'trail_gate.closed') {
      times.push({ from: new Date(at), until: null, reason: details.reason ?? 'the reason is not on record' })
    }
  }
  return times
}

/** Undefined where somebody has made the record unreadable: verification of the audit record tells. */
function detailsIn(
  record: string,
): { readonly accountId?: string; readonly reason?: string | null } | undefined {
  try {
    return JSON.parse(record).details
  } catch {
    return undefined
  }
}
