/** One employee's IAM user in one account, and every run of a plan for it. */
import { sql } from 'drizzle-orm'
import { boolean, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { moment } from './columns.ts'

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
