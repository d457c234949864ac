/** Tables of the trail room: what was looked for in log files, what drifted, and who did it. */
import { sql } from 'drizzle-orm'
import {
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { LookProgress } from '../trail/canary-progress.ts'
import type { CanaryFacts, LogBucket } from '../trail/facts.ts'
import { moment } from './columns.ts'

/** Calls of Muster's own that must turn up in the log files. */
export const canaries = pgTable(
  'canaries',
  {
    requestId: text('request_id').primaryKey(),
    accountId: text('account_id').notNull(),
    eventName: text('event_name').notNull(),
    calledAt: moment('called_at').notNull(),
    foundAt: moment('found_at'),
    bucket: text('bucket'),
    key: text('key'),
  },
  (table) => [index('canaries_account').on(table.accountId, table.calledAt)],
)

/** Writes of Muster's own as the log files have them: the evidence that the trail knows what Muster did. */
export const trailSightings = pgTable(
  'trail_sightings',
  {
    accountId: text('account_id').notNull(),
    requestId: text('request_id').notNull(),
    eventId: text('event_id').notNull(),
    eventName: text('event_name').notNull(),
    eventAt: moment('event_at').notNull(),
    bucket: text('bucket').notNull(),
    key: text('key').notNull(),
    /** When Muster read it there. */
    seenAt: moment('seen_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.requestId] }),
    // Since when calls are looked for: the first of an account, and whether there is one before a moment.
    index('trail_sightings_time').on(table.accountId, table.eventAt),
  ],
)

/** How far the log files of a trail have been read. */
export const trailLogs = pgTable(
  'trail_logs',
  {
    accountId: text('account_id').notNull(),
    trailArn: text('trail_arn').notNull(),
    /** Object keys sort by time: everything up to this one has been read. */
    lastKey: text('last_key'),
    facts: jsonb('facts').$type<CanaryFacts>(),
    /** What the next look goes on with: the digest chain, and what has been announced. */
    progress: jsonb('progress').$type<LookProgress>(),
    /** Who can get at the log files, of every trail; looked at hourly. */
    bucket: jsonb('bucket').$type<readonly LogBucket[]>(),
    bucketLookedAt: moment('bucket_looked_at'),
    lookedAt: moment('looked_at'),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.trailArn] })],
)

/** CloudTrail events as EventBridge sent them: hints of whom to look at, nothing more. */
export const awsEvents = pgTable(
  'aws_events',
  {
    /** CloudTrail's event id: a repeat is a repeat. */
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    receivedAt: moment('received_at').notNull(),
    event: jsonb('event').notNull().$type<Readonly<Record<string, unknown>>>(),
    /** waiting -> done | ignored */
    status: text('status').notNull().$type<AwsEventStatus>().default('waiting'),
    /** What was made of it. */
    outcome: text('outcome'),
    processedAt: moment('processed_at'),
  },
  (table) => [
    index('aws_events_waiting').on(table.receivedAt).where(sql`status = 'waiting'`),
    index('aws_events_received').on(table.receivedAt),
  ],
)

export type AwsEventStatus = 'waiting' | 'done' | 'ignored'

/** Something that is not as Muster left it, though Muster did not do it. */
export const drifts = pgTable(
  'drifts',
  {
    id: uuid('id').primaryKey(),
    accountId: text('account_id').notNull(),
    identityId: uuid('identity_id'),
    employeeId: text('employee_id'),
    /** `group-added`, `policy-attached`, `trail-stopped`: the list is in `src/drift/kinds.ts`. */
    kind: text('kind').notNull(),
    /** The ARN of what drifted, wherever there is one. */
    resource: text('resource').notNull(),
    /** What of it: the group's name, the policy's ARN; empty where the kind says it all. */
    subject: text('subject').notNull().default(''),
    /** One sentence. */
    message: text('message').notNull(),
    /** What was found, as plain data: the group's name, the policy's ARN, before and after. */
    detail: jsonb('detail').notNull().$type<Readonly<Record<string, unknown>>>(),
    detectedAt: moment('detected_at').notNull(),
    /** It was as Muster left it then; null when nobody had looked before. */
    since: moment('since'),
    /** `sweep`, `event`, `look`: what made Muster look. */
    foundBy: text('found_by').notNull(),
    /** repaired: Muster set it right; reported: it is not Muster's to touch; open: not set right yet. */
    status: text('status').notNull().$type<DriftStatus>(),
    operationId: uuid('operation_id'),
    repairedAt: moment('repaired_at'),
    /** Whose doing: looked for in the Event history until it is found or given up. */
    attribution: text('attribution').notNull().$type<Attribution>().default('pending'),
    culprit: jsonb('culprit').$type<Culprit>(),
    attributionTries: integer('attribution_tries').notNull().default(0),
    attributionDueAt: moment('attribution_due_at'),
    /** Why it is not known, and the permission that would help. */
    attributionReason: text('attribution_reason'),
    /** Still as it was found, as far as the last look tells. */
    standing: boolean('standing').notNull().default(false),
  },
  (table) => [
    index('drifts_account').on(table.accountId, table.id),
    index('drifts_employee').on(table.employeeId, table.id),
    index('drifts_unattributed').on(table.attributionDueAt).where(sql`attribution = 'pending'`),
    uniqueIndex('drifts_standing')
      .on(table.accountId, table.kind, table.resource, table.subject)
      .where(sql`standing`),
    index('drifts_of_identity').on(table.identityId).where(sql`standing`),
  ],
)

export type DriftStatus = 'repaired' | 'reported' | 'open'
/** pending: still looked for. unknown: the Event history does not tell. */
export type Attribution = 'pending' | 'known' | 'unknown'

/** Who did it, as CloudTrail's Event history tells it. */
export interface Culprit {
  readonly eventId: string
  readonly eventName: string
  /** RFC 3339. */
  readonly at: string
  /** The ARN of whoever called. */
  readonly by: string
  readonly accessKeyId: string | null
  /** The source IP address, or the AWS service that called. */
  readonly from: string
  readonly userAgent: string | null
  readonly requestId: string | null
}

/** Whether CloudTrail is on, as the trail gate last saw it. Moments are RFC 3339. */
export interface TrailLook {
  readonly isVerified: boolean
  /** What is wrong, and what to do about it; null when verified. */
  readonly reason: string | null
  /** The trail that is good enough. */
  readonly trailArn: string | null
  readonly checkedAt: string
  /** Since when it has been so. */
  readonly since: string
  /** Every trail that is or was good, so that the next look sees what became of it; looks of long ago have none. */
  readonly watched?: readonly WatchedTrail[]
}

export interface WatchedTrail {
  readonly arn: string
  /** As far as it was last known. */
  readonly isGood: boolean
  /** When it was last known whether it is good, RFC 3339. */
  readonly seenAt: string
  /** Null where nobody has noted it. */
  readonly delivery: TrailDelivery | null
}

/** Where a trail delivers its record to, and who can read it and prove it whole. */
export interface TrailDelivery {
  readonly bucket: string
  readonly keyPrefix: string | null
  readonly kmsKeyId: string | null
  readonly logFileValidation: boolean
}
