/** Finds what was done to the sealed part of the audit record by somebody without the key. */
import { and, asc, isNotNull, sql } from 'drizzle-orm'
import type { Keyring } from '../keys.ts'
import type { Database, Transaction } from '../store/open.ts'
import { auditEvents } from '../store/schema.ts'
import { chainHash, genesisHash, type Head } from './chain.ts'
import { readProgress } from './progress.ts'

export interface ChainFault {
  /** The number of the record, or of the first one that is missing. */
  readonly seq: number
  readonly kind: /** The hash does not fit: record, number or hash were changed, or moved here from elsewhere. */
    | 'changed'
    | 'missing'
    /** A number that the sealer cannot have given: below 1, or given already. */
    | 'inserted'
    /** The chain does not hold the expected head: its end was removed, perhaps written anew. */
    | 'cut'
    /** The record is intact, but the columns beside it say something else. */
    | 'columns'
    /** Sealed with a key that is not in the keyring: it cannot be told whether the record is intact. */
    | 'unknown-key'
  readonly detail: string
}

export interface Verification {
  readonly ok: boolean
  /** Sealed records read. */
  readonly checked: number
  readonly head: Head | null
  /** The first hundred. */
  readonly faults: readonly ChainFault[]
  readonly faultCount: number
  /** Null when nothing waits to be sealed. What is unsealed is protected by nothing yet. */
  readonly oldestUnsealedSeconds: number | null
}

export interface VerifyOptions {
  readonly db: Database | Transaction
  readonly keyring: Keyring
  readonly now: Date
  /** A head that was published earlier (log, notification): without it a cut end cannot be seen. */
  readonly expected?: Head | undefined
}

const pageSize = 1000
const faultsKept = 100

/** Reads the whole chain page by page; as much memory for a million records as for a thousand. */
export async function verifyChain({ db, keyring, now, expected }: VerifyOptions): Promise<Verification> {
  const faults: ChainFault[] = []
  let faultCount = 0
  const check = chainChecker(keyring, expected, (fault) => {
    if (faultCount++ < faultsKept) faults.push(fault)
  })
  // Before the pages: what is sealed meanwhile is then no lie about either.
  const { oldestUnsealedAt } = await readProgress(db)
  for await (const page of sealedPages(db)) for (const row of page) check.row(row)
  check.end()
  return {
    ok: faultCount === 0,
    checked: check.checked,
    head: check.head,
    faults,
    faultCount,
    oldestUnsealedSeconds: oldestUnsealedAt
      ? Math.max(0, (now.getTime() - oldestUnsealedAt.getTime()) / 1000)
      : null,
  }
}

type Row = typeof auditEvents.$inferSelect

/** By number and id: whoever removed the unique index may have given a number twice. */
async function* sealedPages(db: Database | Transaction): AsyncGenerator<readonly Row[]> {
  let last: Row | undefined
  do {
    const page: Row[] = await db
      .select()
      .from(auditEvents)
      .where(
        and(
          isNotNull(auditEvents.seq),
          last && sql`(${auditEvents.seq}, ${auditEvents.id}) > (${last.seq}, ${last.id})`,
        ),
      )
      .orderBy(asc(auditEvents.seq), asc(auditEvents.id))
      .limit(pageSize)
    yield page
    last = page.length === pageSize ? page.at(-1) : undefined
  } while (last)
}

function chainChecker(keyring: Keyring, expected: Head | undefined, report: (fault: ChainFault) => void) {
  let checked = 0
  let head: Head | null = null

  function place(seq: number): 'next' | 'after a gap' | 'impossible' {
    const due = (head?.seq ?? 0) + 1
    if (seq === due) return 'next'
    if (seq < due) {
      report({
        seq,
        kind: 'inserted',
        detail: seq < 1 ? 'numbers begin at 1' : 'another record has this number',
      })
      return 'impossible'
    }
    const many = seq - due > 1
    report({
      seq: due,
      kind: 'missing',
      detail: many ? `records ${due} to ${seq - 1} are missing` : 'this record is missing',
    })
    return 'after a gap'
  }

  function compareHash(row: Row, seq: number, previousHash: string): void {
    const subkey = keyring['audit chain'].find(({ id }) => id === row.keyId)
    if (!subkey) {
      report({ seq, kind: 'unknown-key', detail: `sealed with key ${row.keyId}, which was not given` })
    } else if (chainHash(subkey.key, previousHash, seq, row.record) !== row.hash) {
      report({ seq, kind: 'changed', detail: 'the hash does not fit the record in this place' })
    }
  }

  return {
    row(row: Row): void {
      checked++
      const seq = row.seq ?? 0
      const where = place(seq)
      for (const detail of columnsThatDiffer(row)) report({ seq, kind: 'columns', detail })
      if (where === 'impossible') return
      // After a gap the hash cannot be computed: it needs that of the missing record.
      if (where === 'next') compareHash(row, seq, head?.hash ?? genesisHash)
      head = { seq, hash: row.hash ?? '' }
      if (expected?.seq === seq && expected.hash !== row.hash) {
        report({ seq, kind: 'cut', detail: 'the expected head has another hash: the chain was written anew' })
      }
    },
    end(): void {
      const last = head?.seq ?? 0
      if (expected && expected.seq > last) {
        report({
          seq: last + 1,
          kind: 'cut',
          detail: `the chain ends before the expected head ${expected.seq}`,
        })
      }
    },
    get checked() {
      return checked
    },
    get head() {
      return head
    },
  }
}

function columnsThatDiffer(row: Row): string[] {
  const record = parse(row.record)
  if (!record) return ['the record cannot be read']
  const columns = {
    id: row.id,
    at: row.at.toJSON(), // null for a moment that is none, such as infinity
    actor: row.actor,
    action: row.action,
    employee_id: row.employeeId,
    identity_id: row.identityId,
    operation_id: row.operationId,
  }
  return Object.entries(columns)
    .filter(([name, value]) => record[name] !== value)
    .map(([name]) => `${name} differs from what the record says`)
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
