/**
 * The database, as drizzle sees it: one schema for PostgreSQL and for the embedded PGlite.
 *
 * `migrations/` is written from this file by `npm run migrations`. No column here may ever hold a credential.
 */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
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

/** One employee's IAM user in one account. */
export const identities = pgTable(
  'identities',
  {
    id: uuid('id').primaryKey(),
    employeeId: text('employee_id').notNull(),
    accountId: text('account_id').notNull(),
    /** Given once, never changed afterwards. */
    userName: text('user_name').notNull(),
    /** `UserId` as `CreateUser` returned it: from then on, this is the identity. */
    awsUserId: text('aws_user_id'),
    /** The name IAM knew the user by when it was last seen; differs after a rename by hand. */
    lastSeenName: text('last_seen_name'),
    state: text('state').notNull().$type<IdentityState>().default('pending'),
    reason: text('reason'),
    groups: text('groups').array().notNull().default(sql`'{}'`),
    /** Every group the user may be in by our own doing: intended or done, minus what surely was undone. */
    possibleGroups: text('possible_groups').array().notNull().default(sql`'{}'`),
    mfaEnrolled: boolean('mfa_enrolled').notNull().default(false),
    consoleAccess: boolean('console_access').notNull().default(false),
    /** What the role needs and the user does not have, as far as only its owner can bring it. */
    lacks: text('lacks').$type<Lack>(),
    /** An enrollment is to be made; set when `lacks` came up, cleared by whoever makes it. */
    enrollmentWanted: boolean('enrollment_wanted').notNull().default(false),
    /** An administrator's word that the devices are lost: password and devices go before a new enrollment. */
    mfaReset: boolean('mfa_reset').notNull().default(false),
    /** When Muster last enabled a device: for a while after it, reads may not show it yet. */
    mfaEnabledAt: moment('mfa_enabled_at'),
    /** Until then an adopted user keeps a password without MFA. */
    mfaDeadlineAt: moment('mfa_deadline_at'),
    /** As last seen. */
    mfaSerials: text('mfa_serials').array().notNull().default(sql`'{}'`),
    accessKeys: jsonb('access_keys').notNull().$type<readonly AccessKeyRecord[]>().default([]),
    /** HR changed the address of an open link: no link goes out by itself until an administrator sends one. */
    linksHeldSince: moment('links_held_since'),
    /** A key grows old: its owner is to get a link for a new one. */
    keyLinkWanted: boolean('key_link_wanted').notNull().default(false),
    /** The boundary of our last accepted call, for a read may lag; empty when the last call's outcome is not known. */
    boundaryArn: text('boundary_arn'),
    /** Since when a user of known id is not to be found. One look is no proof: names change while pages are read. */
    missingSince: moment('missing_since'),
    /** Something that grants is planned, and waits until CloudTrail is verified. */
    waitsForTrail: boolean('waits_for_trail').notNull().default(false),
    /** An administrator's word that the user of this name is to be taken over. */
    adopt: boolean('adopt').notNull().default(false),
    generation: integer('generation').notNull().default(0),
    reconciledGeneration: integer('reconciled_generation').notNull().default(0),
    /** True while a job is queued that has not yet read this row. */
    requested: boolean('requested').notNull().default(false),
    /** What raised the generation last. */
    cause: text('cause').notNull().default(''),
    /** The first accepted deny of the lock that is in force. */
    lockedAt: moment('locked_at'),
    /** The name by which that deny was called, unread; null once a look has shown whose it is. */
    deniedName: text('denied_name'),
    deletedAt: moment('deleted_at'),
    nextLookAt: moment('next_look_at'),
    /** When Muster last began to write to this user: for a while after it, reads may lag behind. */
    touchedAt: moment('touched_at'),
    lastReconciledAt: moment('last_reconciled_at'),
    /** As what the last run left the user, with nothing left to do; null while something of ours is under way. */
    settledAs: text('settled_as').$type<SettledAs>(),
    /** When the look that found it so began: whatever differs since then is not Muster's doing. */
    settledAt: moment('settled_at'),
  },
  (table) => [
    uniqueIndex('identities_employee').on(table.employeeId, table.accountId),
    uniqueIndex('identities_user_name').on(table.accountId, sql`lower(user_name)`),
    index('identities_due').on(table.nextLookAt).where(sql`next_look_at is not null`),
    index('identities_denied')
      .on(table.accountId, sql`lower(coalesce(last_seen_name, user_name))`)
      .where(sql`locked_at is not null`),
    // Of those that were renamed by hand: few.
    index('identities_renamed')
      .on(table.accountId, sql`lower(last_seen_name)`)
      .where(sql`lower(last_seen_name) <> lower(user_name)`),
    index('identities_aws_user').on(table.accountId, table.awsUserId),
    index('identities_enrollment').on(table.id).where(sql`enrollment_wanted or key_link_wanted`),
    index('identities_waiting_for_trail').on(table.accountId).where(sql`waits_for_trail`),
  ],
)

export type SettledAs = 'active' | 'locked'

/** `mfa`: no device, or none that the role's credentials can be used with. `password`: a device, and no password. */
export type Lack = 'mfa' | 'password'

/** An access key as last seen, and what Muster did about it. Moments are RFC 3339. Never its secret. */
export interface AccessKeyRecord {
  readonly id: string
  readonly active: boolean
  readonly createdAt: string
  readonly lastUsedAt: string | null
  /** When its owner was told that it is about to expire. */
  readonly warnedAt: string | null
  /** When Muster made it inactive. */
  readonly disabledAt: string | null
}

export type IdentityState =
  | 'pending'
  | 'active'
  | 'awaiting_mfa'
  | 'locked'
  | 'deleted'
  | 'blocked'
  | 'conflict'

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

/** One recorded run of a plan. Written when the plan is made, again when it has ended, never per step. */
export const operations = pgTable(
  'operations',
  {
    id: uuid('id').primaryKey(),
    accountId: text('account_id').notNull(),
    /** Null for a run on the account itself: groups and policies. */
    identityId: uuid('identity_id'),
    employeeId: text('employee_id'),
    kind: text('kind').notNull().$type<OperationKind>(),
    cause: text('cause').notNull(),
    status: text('status').notNull().$type<OperationStatus>(),
    generation: integer('generation'),
    steps: jsonb('steps').notNull().$type<readonly RecordedStep[]>(),
    /** Of one that did not fail: what was left for later, or was given all the same, and why. */
    reason: text('reason'),
    error: text('error'),
    startedAt: moment('started_at').notNull(),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    index('operations_employee').on(table.employeeId, table.id),
    index('operations_status').on(table.status, table.id),
    index('operations_catalog').on(table.accountId, table.id).where(sql`kind = 'catalog'`),
    index('operations_running').on(table.identityId).where(sql`status = 'running'`),
  ],
)

export type OperationKind = 'join' | 'move' | 'lock' | 'unlock' | 'purge' | 'repair' | 'rotate' | 'catalog'

/** running -> done | failed | stopped (a newer generation took over) | interrupted (the process died); planned in observe mode. */
export type OperationStatus = 'running' | 'done' | 'failed' | 'stopped' | 'interrupted' | 'planned'

export interface RecordedStep {
  /** The IAM action. */
  readonly do: string
  /** Its parameters, none of them secret. */
  readonly params: Readonly<Record<string, unknown>>
  readonly outcome: 'planned' | 'done' | 'already' | 'failed' | 'skipped'
  readonly requestId?: string
  readonly startedAt?: string
  readonly durationMs?: number
  readonly attempts?: number
  readonly error?: string
}

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

/** An AWS account: its catalog's progress, and the pace that all replicas share. */
export const accounts = pgTable('accounts', {
  accountId: text('account_id').primaryKey(),
  partition: text('partition').notNull(),
  /** Hash of the catalog that was last brought into the account completely. */
  catalogHash: text('catalog_hash'),
  catalogAppliedAt: moment('catalog_applied_at'),
  /** Hash of all that the account should hold by that catalog, Muster's own groups and policies included. */
  catalogDesiredHash: text('catalog_desired_hash'),
  catalogProblem: text('catalog_problem'),
  /** Until then, one replica is bringing the catalog into the account. */
  catalogLeasedUntil: moment('catalog_leased_until'),
  /** Calls a second that AWS is currently believed to accept. */
  rate: doublePrecision('rate').notNull(),
  /** Every slot before this moment has been given to some replica. */
  nextSlotAt: timestamp('next_slot_at', { withTimezone: true, mode: 'date', precision: 6 }).notNull(),
  throttledAt: moment('throttled_at'),
  /** What the last look at the account's password policy came to. */
  passwordPolicy: jsonb('password_policy').$type<PasswordPolicyLook>(),
  /** Who said that it is to be set although passwords expire by it. */
  passwordPolicyApprovedBy: text('password_policy_approved_by'),
  /** Until then, one replica is looking at it. */
  passwordPolicyLeasedUntil: moment('password_policy_leased_until'),
  /** What the last look at the account's trails came to. */
  trailLook: jsonb('trail_look').$type<TrailLook>(),
})

/**
 * The groups and policies that the catalog brought into an account, as ARNs: written before the call that makes them,
 * gone with them. What is not among them is somebody else's, and never taken away.
 */
export const catalogMade = pgTable(
  'catalog_made',
  {
    accountId: text('account_id').notNull(),
    arn: text('arn').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.arn] })],
)

/** Work that one replica at a time does for an account, and when it was last done. */
export const leases = pgTable(
  'leases',
  {
    accountId: text('account_id').notNull(),
    name: text('name').notNull(),
    leasedUntil: moment('leased_until'),
    doneAt: moment('done_at'),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.name] })],
)

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

/** Always whole: IAM has no partial update, and forgets what a call leaves out. */
export interface PasswordPolicy {
  readonly minimumLength: number
  readonly requiresUppercase: boolean
  readonly requiresLowercase: boolean
  readonly requiresDigits: boolean
  readonly requiresSymbols: boolean
  readonly usersMayChangeTheirOwn: boolean
  /** Days after which a password has to be changed; null for never. */
  readonly maxAgeDays: number | null
  /** So many earlier passwords cannot be used again. */
  readonly rememberedPasswords: number
  /** Whether an expired password can be renewed by an administrator only. */
  readonly hardExpiry: boolean
}

export interface PasswordPolicyLook {
  /** applied: the account has it. waiting: for an administrator's word. failed: IAM refused or did not answer. */
  readonly status: 'applied' | 'waiting' | 'planned' | 'failed'
  readonly checkedAt: string
  /** As the account has it; null when it has none. */
  readonly observed: PasswordPolicy | null
  /** As it should be. */
  readonly desired: PasswordPolicy
  /** Users of others whose passwords would expire at once. */
  readonly wouldExpire: readonly string[]
  readonly problem: string | null
  /** When Muster last set it: for a while after it, reads may lag behind. */
  readonly writtenAt?: string
}

export * from './compliance-tables.ts'
export * from './trail-tables.ts'
