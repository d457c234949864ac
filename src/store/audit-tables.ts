/** The append-only record. */
import { sql } from 'drizzle-orm'
import { bigint, index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns.ts'

/**
 * The append-only record. Writers insert; the sealer alone gives `seq` and `hash`, in order
 * (ids do not commit in order, so they cannot be the chain).
 */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: uuid('id').primaryKey(),
    at: moment('at').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    employeeId: text('employee_id'),
    identityId: uuid('identity_id'),
    operationId: uuid('operation_id'),
    /** Canonical JSON of everything above and of the details: the text that is hashed. */
    record: text('record').notNull(),
    seq: bigint('seq', { mode: 'number' }),
    hash: text('hash'),
    /** Which key of `MUSTER_SECRET_KEY` sealed it. */
    keyId: text('key_id'),
  },
  (table) => [
    uniqueIndex('audit_events_seq').on(table.seq),
    index('audit_events_unsealed').on(table.at, table.id).where(sql`seq is null`),
    index('audit_events_employee').on(table.employeeId, table.id),
    index('audit_events_action').on(table.action, table.id),
  ],
)
