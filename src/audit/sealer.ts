/**
 * Makes the chain: gives every committed record its number and its hash, in one line.
 *
 * Writers do not wait for each other, so their records commit in no order; a chain along ids would leave
 * some out for ever. The sealer takes whatever has no number yet, one replica at a time.
 */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import type { Keyring } from '../keys.ts'
import { type Database, rowsOf, type Store } from '../store/open.ts'
import { chainHash, genesisHash, type Head } from './chain.ts'
import { readProgress, type SealProgress } from './progress.ts'

export interface SealerOptions {
  readonly store: Store
  readonly keyring: Keyring
  readonly clock: Clock
  readonly log: Logger
  readonly registry: Registry
}

const batchSize = 1000
const everyMs = 1000
const headLogEveryMs = 60_000
/** Any constant will do, so long as no other program on the same database uses it. */
const sealerLockKey = 7_366_573_747

/**
 * Seals within about a second of the commit. Any number of replicas may run one; a stopped sealer loses
 * nothing, the next one goes on. The head is told to the log (at most once a minute) and to the gauges
 * `muster_audit_head_seq` and `muster_audit_unsealed_oldest_seconds`: what was published cannot be taken
 * back by whoever changes the table.
 */
export function startSealer({ store, keyring, clock, log, registry }: SealerOptions): Loop {
  const publish = publisher(clock, log, registry)
  const loop = startLoop({
    name: 'audit sealer',
    everyMs,
    log,
    async look() {
      const progress = await readProgress(store.db)
      publish.progress(progress)
      if (!progress.oldestUnsealedAt) return false
      const { sealed, head } = await sealBatch(store.db, keyring)
      const full = sealed === batchSize
      if (sealed > 0) publish.progress({ head, oldestUnsealedAt: full ? progress.oldestUnsealedAt : null })
      return full
    },
  })
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop()
      publish.unloggedHead()
    },
  }
}

/**
 * Seals the oldest unsealed records, 1000 at most.
 *
 * @returns how many, and where the chain then ends; none while another replica is at it
 */
export function sealBatch(
  db: Database,
  keyring: Keyring,
): Promise<{ readonly sealed: number; readonly head: Head | null }> {
  const [{ id: keyId, key }] = keyring['audit chain']
  return db.transaction(async (tx) => {
    // Held to the end of the transaction; what it committed is what the next holder sees (READ COMMITTED).
    const [lock] = await rowsOf<{ mine: boolean }>(
      tx,
      sql`select pg_try_advisory_xact_lock(${sealerLockKey}) as mine`,
    )
    if (!lock?.mine) return { sealed: 0, head: null }
    let { head } = await readProgress(tx)
    const unsealed = await rowsOf<{ id: string; record: string }>(
      tx,
      sql`select id, record from audit_events where seq is null order by at, id limit ${batchSize}`,
    )
    const links: (Head & { readonly id: string })[] = []
    for (const { id, record } of unsealed) {
      const seq: number = (head?.seq ?? 0) + 1
      head = { seq, hash: chainHash(key, head?.hash ?? genesisHash, seq, record) }
      links.push({ ...head, id })
    }
    if (links.length === 0) return { sealed: 0, head }
    const updated = await rowsOf<{ id: string }>(
      tx,
      sql`update audit_events set seq = link.seq, hash = link.hash, key_id = ${keyId}
        from unnest(${sql.param(links.map((link) => link.id))}::uuid[],
          ${sql.param(links.map((link) => link.seq))}::bigint[],
          ${sql.param(links.map((link) => link.hash))}::text[]) as link (id, seq, hash)
        where audit_events.id = link.id and audit_events.seq is null
        returning audit_events.id`,
    )
    // Somebody deletes or numbers records by hand at this moment: a gap must not become part of the chain.
    if (updated.length !== links.length)
      throw new Error('audit records vanished while they were being sealed')
    return { sealed: links.length, head }
  })
}

function publisher(clock: Clock, log: Logger, registry: Registry) {
  const headSeq = new Gauge({
    name: 'muster_audit_head_seq',
    help: 'Number of the last sealed audit record',
    registers: [registry],
  })
  const oldestSeconds = new Gauge({
    name: 'muster_audit_unsealed_oldest_seconds',
    help: 'Age of the oldest audit record that is not sealed yet; 0 when all are',
    registers: [registry],
  })
  let seen: Head | null = null
  let logged: { readonly seq: number; readonly at: number } | undefined

  function logHead(head: Head): void {
    log.info({ seq: head.seq, hash: head.hash }, 'audit chain head')
    logged = { seq: head.seq, at: clock().getTime() }
  }

  return {
    progress({ head, oldestUnsealedAt }: SealProgress): void {
      const now = clock().getTime()
      headSeq.set(head?.seq ?? 0)
      oldestSeconds.set(oldestUnsealedAt ? Math.max(0, (now - oldestUnsealedAt.getTime()) / 1000) : 0)
      if (seen && !goesOnFrom(seen, head)) {
        log.error(
          { was: seen, is: head },
          'the audit chain has lost its end: records were removed, or the database was set back',
        )
      }
      seen = head
      if (head && head.seq !== logged?.seq && now - (logged?.at ?? -headLogEveryMs) >= headLogEveryMs) {
        logHead(head)
      }
    },
    unloggedHead(): void {
      if (seen && seen.seq !== logged?.seq) logHead(seen)
    },
  }
}

/** As far as one can tell from the heads alone: verification with an expected head tells for sure. */
function goesOnFrom(seen: Head, head: Head | null): boolean {
  return head !== null && (head.seq > seen.seq || (head.seq === seen.seq && head.hash === seen.hash))
}
