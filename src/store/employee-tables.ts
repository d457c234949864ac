/** Who works here: what was delivered and said, and what follows from it. */
import { sql } from 'drizzle-orm'
import {
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { bytea, moment } from './columns.ts'

/** One inbound message, as it came. The rows with status `accepted` are the queue. */
export const deliveries = pgTable(
  'deliveries',
  {
    id: uuid('id').primaryKey(),
    source: text('source').notNull(),
    /** The sender's own message id; what makes a repeat a repeat. */
    senderId: text('sender_id').notNull(),
    receivedAt: moment('received_at').notNull(),
    /** The lifecycle type, as far as it could be read. */
    kind: text('kind'),
    /** 0 is worked on first: terminations and suspensions. */
    urgency: smallint('urgency').notNull(),
    contentType: text('content_type'),
    /** The raw bytes; null once `MUSTER_DELIVERY_RETENTION_DAYS` have passed. */
    body: bytea('body'),
    bodySha256: text('body_sha256').notNull(),
    /** accepted -> applied | pending | failed; or refused from the start. */
    status: text('status').notNull().$type<DeliveryStatus>(),
    reason: text('reason'),
    employeeIds: text('employee_ids').array().notNull().default(sql`'{}'`),
    attempts: integer('attempts').notNull().default(0),
    processedAt: moment('processed_at'),
  },
  (table) => [
    uniqueIndex('deliveries_sender').on(table.source, table.senderId),
    index('deliveries_waiting').on(table.urgency, table.id).where(sql`status = 'accepted'`),
    // Most are applied, and found by their id; a new one is in the queue above.
    index('deliveries_unusual').on(table.status, table.id).where(sql`status not in ('accepted', 'applied')`),
    index('deliveries_bodies').on(table.receivedAt).where(sql`body is not null`),
  ],
)

export type DeliveryStatus = 'accepted' | 'applied' | 'pending' | 'refused' | 'failed'

/** What deliveries and administrators said, one row a statement; the employee is a fold over them. */
export const lifecycleEvents = pgTable(
  'lifecycle_events',
  {
    employeeId: text('employee_id').notNull(),
    source: text('source').notNull(),
    senderId: text('sender_id').notNull(),
    place: smallint('place').notNull(),
    kind: text('kind').notNull(),
    timestamp: moment('timestamp').notNull(),
    receivedAt: moment('received_at').notNull(),
    data: jsonb('data').notNull().$type<Statement>(),
    override: boolean('override').notNull().default(false),
    deliveryId: uuid('delivery_id'),
  },
  (table) => [
    primaryKey({ columns: [table.employeeId, table.source, table.senderId, table.place] }),
    index('lifecycle_events_delivery').on(table.deliveryId),
  ],
)

/** What a lifecycle event says. `null` takes a fact back (or lifts an override); absent says nothing. */
export interface Statement {
  readonly givenName?: string | null
  readonly familyName?: string | null
  readonly email?: string | null
  readonly role?: string | null
  readonly department?: string | null
  readonly managerId?: string | null
  readonly employmentType?: string | null
  readonly timeZone?: string | null
  /** Both as the sender wrote them: an RFC 3339 date-time with offset, or a plain date. */
  readonly startAt?: string
  readonly effectiveAt?: string
  /** The termination overtakes everything in intake; access ends at `effectiveAt` either way. */
  readonly urgent?: boolean
}

/** The fold's result at its last evaluation; `status` is null while nobody was ever hired under this id. */
export const employees = pgTable(
  'employees',
  {
    employeeId: text('employee_id').primaryKey(),
    givenName: text('given_name').notNull().default(''),
    familyName: text('family_name').notNull().default(''),
    email: text('email').notNull().default(''),
    role: text('role').notNull().default(''),
    status: text('status').$type<EmployeeStatus>(),
    startAt: moment('start_at'),
    endAt: moment('end_at'),
    /** When the person last stopped being employed or was suspended; what retention counts from. */
    lockedSince: moment('locked_since'),
    details: jsonb('details').notNull().$type<EmployeeDetails>().default({ overrides: [], pending: [] }),
    hold: jsonb('hold').$type<Hold>(),
    /** The next moment at which the fold's view changes by itself. */
    nextChangeAt: moment('next_change_at'),
    updatedAt: moment('updated_at').notNull(),
  },
  (table) => [
    index('employees_due').on(table.nextChangeAt).where(sql`next_change_at is not null`),
    index('employees_status').on(table.status, table.employeeId),
    index('employees_role').on(table.role, table.employeeId),
  ],
)

export type EmployeeStatus = 'scheduled' | 'active' | 'suspended' | 'terminated'

/** A security lock set by an administrator: no event undoes it. */
export interface Hold {
  readonly reason: string
  readonly since: string
  readonly by: string
}

export interface EmployeeDetails {
  readonly department?: string | null
  readonly managerId?: string | null
  readonly employmentType?: string | null
  readonly timeZone?: string | null
  readonly overrides: readonly { readonly field: string; readonly value: string; readonly since: string }[]
  readonly pending: readonly { readonly kind: string; readonly timestamp: string; readonly reason: string }[]
}
