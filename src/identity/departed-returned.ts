/**
 * How identities stood when somebody who had been out returned. The identity itself says only how it stands now, so
 * this is read from the audit record: what it does not have, was not proven then.
 */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'
import type { IdentityState } from '../store/schema.ts'
import type { NotedDeny, Standing } from './offboarding-model.ts'

/** What the audit record says of an identity after a run. */
interface Word {
  readonly at: Date
  readonly state: IdentityState
  readonly reason: string | null
  /** The run came to its end, with nothing left to do. */
  readonly isWhole: boolean
}

/** @returns how an identity stood at the return, by its id and what was noted of first calls of the departure */
export async function readReturned(
  db: Database,
  employeeId: string,
  { from, returnedAt }: { readonly from: Date; readonly returnedAt: Date },
): Promise<(identityId: string, denies: readonly NotedDeny[]) => Omit<Standing, 'wasNeverMade'>> {
  const rows = await rowsOf<{ identity_id: string; at: string; action: string; record: string }>(
    db,
    sql`
      select identity_id, at, action, record from audit_events
      where employee_id = ${employeeId} and identity_id is not null and at <= ${returnedAt.toISOString()}::timestamptz
      order by id desc limit 500`,
  )
  return (identityId, denies) => {
    const words = rows.filter((row) => row.identity_id === identityId).flatMap(wordIn)
    return standingAt(
      words.filter(({ at }) => at >= from),
      { before: words.find(({ at }) => at < from)?.state ?? 'pending', deniedAt: denies[0]?.at ?? null },
    )
  }
}

/** @param words of the departure, newest first */
function standingAt(
  words: readonly Word[],
  { before, deniedAt }: { before: IdentityState; deniedAt: Date | null },
): Omit<Standing, 'wasNeverMade'> {
  const [last] = words
  const isLast = (state: IdentityState) => last?.state === state
  // A run that had begun before may speak after the deny: it does not speak of it.
  const isDenied = deniedAt !== null && !isLast('locked') && !isLast('deleted')
  const lockedAt = deniedAt ?? words.findLast(({ state }) => state === 'locked')?.at ?? null
  return {
    state: isDenied ? 'locked' : (last?.state ?? before),
    reason: isDenied ? null : (last?.reason ?? null),
    isReconciled: last?.isWhole === true && !isDenied,
    lockedAt: isLast('deleted') ? null : lockedAt,
    deletedAt: words.findLast(({ state }) => state === 'deleted')?.at ?? null,
    nextLookAt: null,
    lastReconciledAt: last?.at ?? null,
  }
}

/** Nothing where the record is of something else, or somebody has made it unreadable. */
function wordIn({ at, action, record }: { at: string; action: string; record: string }): Word[] {
  try {
    const { details } = JSON.parse(record) as {
      details?: { after?: { state?: IdentityState }; reason?: string | null }
    }
    const state = details?.after?.state
    if (state === undefined) return []
    const reason = details?.reason ?? null
    return [{ at: new Date(at), state, reason, isWhole: !action.startsWith('operation.') && reason === null }]
  } catch {
    return []
  }
}
