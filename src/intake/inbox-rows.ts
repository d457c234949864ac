/** The two statements of the inbox. */
import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'
import { type DeliveryStatus, deliveries } from '../store/schema.ts'
import type { Delivery } from './delivery.ts'

export interface InboxRow extends Delivery {
  readonly id: string
  /** `senderKeyOf` this row. */
  readonly senderKey: string
}

/** What makes two messages the same. */
export const senderKeyOf = (source: string, senderId: string) => `${source} ${senderId}`

/**
 * What is sent of a row: a list for each name, with its type. Bodies travel as base64: it is as fast as raw
 * bytes with `pg`, and ten times faster than those with PGlite.
 */
const sent = {
  id: ['uuid', (row) => row.id],
  source: ['text', (row) => row.source],
  sender_id: ['text', (row) => row.senderId],
  received_ms: ['bigint', (row) => row.receivedAt.getTime()],
  kind: ['text', (row) => row.kind ?? null],
  urgency: ['smallint', (row) => row.urgency],
  content_type: ['text', (row) => row.contentType ?? null],
  body: ['text', (row) => row.body.toString('base64')],
  reason: ['text', (row) => row.refusal ?? null],
  employee_ids: ['text', (row) => row.employeeIds.join('\x1f')],
} as const satisfies Readonly<Record<string, readonly [type: string, columnOf: (row: InboxRow) => unknown]>>

/** What becomes of it. */
const stored: Readonly<Record<keyof typeof deliveries.$inferSelect, SQL>> = {
  id: sql`id`,
  source: sql`source`,
  senderId: sql`sender_id`,
  receivedAt: sql`to_timestamp(received_ms / 1000.0)`,
  kind: sql`kind`,
  urgency: sql`urgency`,
  contentType: sql`content_type`,
  body: sql`decode(body, 'base64')`,
  bodySha256: sql`encode(sha256(decode(body, 'base64')), 'hex')`,
  status: sql`case when reason is null then 'accepted' else 'refused' end`,
  reason: sql`reason`,
  employeeIds: sql`string_to_array(employee_ids, E'\\x1f')`,
  attempts: sql`0`,
  processedAt: sql`null::timestamptz`,
}

/**
 * Inserts all rows but those whose sender's id is taken, in one statement.
 *
 * @param rows no two of the same sender's id; in one order of those everywhere, so that flushes cannot wait for
 *   each other in a circle
 * @returns the ids that were inserted
 */
export type InsertRows = (rows: readonly InboxRow[]) => Promise<ReadonlySet<string>>

/** The statement is planned once for each connection. */
export function prepareInsert(db: Database): InsertRows {
  const entries = Object.entries(sent)
  const names = sql.raw(entries.map(([name]) => name).join(', '))
  const lists = sql.join(
    entries.map(([name, [type]]) => sql`${sql.placeholder(name)}::${sql.raw(type)}[]`),
    sql`, `,
  )
  // drizzle names all columns of the table, in its order.
  const columns = sql.join(
    Object.keys(getTableColumns(deliveries)).map((column) => stored[column as keyof typeof stored]),
    sql`, `,
  )
  const statement = db
    .insert(deliveries)
    .select(sql`select ${columns} from unnest(${lists}) as given (${names})`)
    .onConflictDoNothing({ target: [deliveries.source, deliveries.senderId] })
    .returning({ id: deliveries.id })
    .prepare('muster_inbox_insert')

  return async (rows) => {
    const values = entries.map(([name, [, columnOf]]) => [name, rows.map((row) => columnOf(row))])
    const inserted = await statement.execute(Object.fromEntries(values))
    return new Set(inserted.map(({ id }) => id))
  }
}

export interface KnownRow {
  readonly id: string
  readonly status: DeliveryStatus
  readonly bodySha256: string
}

/** The stored rows with the same sender's ids, by `senderKeyOf`. */
export async function findBySender(
  db: Database,
  rows: readonly InboxRow[],
): Promise<ReadonlyMap<string, KnownRow>> {
  const found = await rowsOf<KnownRow & { source: string; senderId: string }>(
    db,
    sql`select id, source, sender_id as "senderId", status, body_sha256 as "bodySha256"
      from ${deliveries}
      where (source, sender_id) in (
        select * from unnest(
          ${sql.param(rows.map((row) => row.source))}::text[],
          ${sql.param(rows.map((row) => row.senderId))}::text[]
        )
      )`,
  )
  return new Map(found.map((row) => [senderKeyOf(row.source, row.senderId), row]))
}
