/** Tables of the compliance room: scans, the last report, its findings, their history and exceptions. */
import { sql } from 'drizzle-orm'
import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns.ts'

export const complianceScans = pgTable(
  'compliance_scans',
  {
    id: uuid('id').primaryKey(),
    accountId: text('account_id').notNull(),
    requestedBy: text('requested_by').notNull(),
    requestedAt: moment('requested_at').notNull(),
    status: text('status').notNull().$type<ScanStatus>(),
    /** Which part is being gathered, and how much of it there is so far. */
    progress: jsonb('progress').$type<ScanProgress>(),
    /** AWS calls made. */
    calls: integer('calls').notNull().default(0),
    error: text('error'),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    index('compliance_scans_account').on(table.accountId, table.id),
    // One at a time: who asks while one is open waits for that one.
    uniqueIndex('compliance_scans_open').on(table.accountId).where(sql`status in ('queued', 'running')`),
  ],
)

export type ScanStatus = 'queued' | 'running' | 'done' | 'failed'

export interface ScanProgress {
  readonly part: string
  readonly users: number
  readonly groups: number
  readonly policies: number
}

/** The last report of each account, as it is answered, exceptions and age apart. */
export const complianceReports = pgTable('compliance_reports', {
  accountId: text('account_id').primaryKey(),
  scanId: uuid('scan_id').notNull(),
  takenAt: moment('taken_at').notNull(),
  evaluatedAt: moment('evaluated_at').notNull(),
  report: jsonb('report').notNull().$type<Readonly<Record<string, unknown>>>(),
})

export const complianceFindings = pgTable(
  'compliance_findings',
  {
    accountId: text('account_id').notNull(),
    control: text('control').notNull(),
    resource: text('resource').notNull(),
    practice: text('practice').notNull(),
    severity: text('severity').notNull(),
    message: text('message').notNull(),
    evidence: jsonb('evidence').notNull().$type<Readonly<Record<string, unknown>>>(),
    firstSeenAt: moment('first_seen_at').notNull(),
    lastSeenAt: moment('last_seen_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.control, table.resource] })],
)

/** A row whenever something changed, and one a day. */
export const complianceHistory = pgTable(
  'compliance_history',
  {
    accountId: text('account_id').notNull(),
    practice: text('practice').notNull(),
    at: moment('at').notNull(),
    status: text('status').notNull(),
    passed: integer('passed').notNull(),
    failed: integer('failed').notNull(),
    unknown: integer('unknown').notNull(),
    findings: integer('findings').notNull(),
    excepted: integer('excepted').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.practice, table.at] })],
)

/** A finding that somebody answers for, until a day. */
export const complianceExceptions = pgTable(
  'compliance_exceptions',
  {
    id: uuid('id').primaryKey(),
    control: text('control').notNull(),
    /** As the finding names it; `*` for all of the control's. */
    resource: text('resource').notNull(),
    reason: text('reason').notNull(),
    endsAt: moment('ends_at').notNull(),
    allowedBy: text('allowed_by').notNull(),
    createdAt: moment('created_at').notNull(),
    /** Taken back before its end. */
    revokedAt: moment('revoked_at'),
    revokedBy: text('revoked_by'),
  },
  (table) => [
    uniqueIndex('compliance_exceptions_standing')
      .on(table.control, table.resource)
      .where(sql`revoked_at is null`),
  ],
)

/** What the members of a group used of what it allows: service last accessed data. */
export const groupUsage = pgTable(
  'group_usage',
  {
    accountId: text('account_id').notNull(),
    groupName: text('group_name').notNull(),
    checkedAt: moment('checked_at'),
    triedAt: moment('tried_at').notNull(),
    services: jsonb('services').notNull().$type<readonly UsedService[]>().default([]),
    /** Why the last try came to nothing. */
    problem: text('problem'),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.groupName] })],
)

/** Inline policies of the account's roles, as last read: more roles than a scan may read are read once a day. */
export const accountRoles = pgTable('account_roles', {
  accountId: text('account_id').primaryKey(),
  readAt: moment('read_at'),
  triedAt: moment('tried_at').notNull(),
  found: jsonb('found').$type<RolesFound>(),
  /** Why the last try came to nothing. */
  problem: text('problem'),
})

/** Of all roles, those alone whose inline policies allow everything, or could not be read. */
export interface RolesFound {
  /** How many roles there are. */
  readonly count: number
  readonly administrators: readonly { readonly arn: string; readonly policies: readonly string[] }[]
  /** ARNs. */
  readonly unreadable: readonly string[]
}

/** AWS reports attempts, allowed or not. Moments are RFC 3339; null is never in the time that AWS tracks. */
export interface UsedService {
  readonly namespace: string
  readonly name: string
  readonly usedAt: string | null
  readonly usedBy: string | null
  /** Since when the group has allowed it to anybody; null where that is not on record. */
  readonly allowedSince: string | null
}
