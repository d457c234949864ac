/** How far the audit chain has come. */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import type { Head } from './chain.ts'

export interface SealProgress {
  readonly head: Head | null
  readonly oldestUnsealedAt: Date | null
}

/** Where the chain ends, and since when something has been waiting to join it. */
export async function readProgress(db: Database | Transaction): Promise<SealProgress> {
  const [row] = await rowsOf<{ seq: string | number | null; hash: string; oldest: string | Date | null }>(
    db,
    sql`select head.seq, head.hash, (select min(at) from audit_events where seq is null) as oldest
      from (select 1) as always left join lateral (
        select seq, hash from audit_events where seq is not null order by seq desc limit 1) as head on true`,
  )
  return {
    head: row?.seq == null ? null : { seq: Number(row.seq), hash: row.hash },
    oldestUnsealedAt: row?.oldest ? new Date(row.oldest) : null,
  }
}
