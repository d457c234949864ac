/** One-time links, and the messages that bring them. */
import { sql } from 'drizzle-orm'
import { index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns.ts'

/**
 * A one-time link: MFA and first password, or an access key. Its token is the id with an HMAC under a key from
 * the environment, so nothing here opens it.
 */
export const enrollments = pgTable(
  'enrollments',
  {
    /** 128 random bits. */
    id: uuid('id').primaryKey(),
    identityId: uuid('identity_id').notNull(),
    employeeId: text('employee_id').notNull(),
    purpose: text('purpose').notNull().$type<EnrollmentPurpose>(),
    status: text('status').notNull().$type<EnrollmentStatus>().default('open'),
    /** Why it ended before it was used. */
    reason: text('reason'),
    createdBy: text('created_by').notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    /** Where it was sent: HR changing the address is how an account would be stolen. */
    email: text('email').notNull(),
    startedAt: moment('started_at'),
    endedAt: moment('ended_at'),
    wrongCodes: integer('wrong_codes').notNull().default(0),
    /** Virtual devices made for it, as long as they may stand unassigned in the account; the newest last. */
    deviceSerials: text('device_serials').array().notNull().default(sql`'{}'`),
    /** Until then, one request is at it. */
    leasedUntil: moment('leased_until'),
  },
  (table) => [
    uniqueIndex('enrollments_open').on(table.identityId, table.purpose).where(sql`status = 'open'`),
    index('enrollments_employee').on(table.employeeId, table.createdAt),
    index('enrollments_expiring').on(table.expiresAt).where(sql`status = 'open'`),
    index('enrollments_devices').on(table.endedAt).where(sql`status <> 'open' and device_serials <> '{}'`),
  ],
)

export type EnrollmentPurpose = 'sign-in' | 'access-key'

/** `locked`: too many wrong codes. */
export type EnrollmentStatus = 'open' | 'completed' | 'revoked' | 'expired' | 'locked'

/** One message on its way out, to one receiver. The token of a link is not in it: it is made when it is sent. */
export const notifications = pgTable(
  'notifications',
  {
    id: uuid('id').primaryKey(),
    type: text('type').notNull(),
    at: moment('at').notNull(),
    channel: text('channel').notNull().$type<NotificationChannel>(),
    /** The endpoint's URL, or the mail address. */
    receiver: text('receiver').notNull(),
    employeeId: text('employee_id'),
    data: jsonb('data').notNull().$type<Readonly<Record<string, unknown>>>(),
    /** The link that the message brings. */
    enrollmentId: uuid('enrollment_id'),
    status: text('status').notNull().$type<NotificationStatus>().default('waiting'),
    attempts: integer('attempts').notNull().default(0),
    error: text('error'),
    sentAt: moment('sent_at'),
  },
  (table) => [
    index('notifications_unsent').on(table.status, table.id).where(sql`status <> 'sent'`),
    index('notifications_at').on(table.at),
  ],
)

export type NotificationChannel = 'webhook' | 'mail'

export type NotificationStatus = 'waiting' | 'sent' | 'failed'
