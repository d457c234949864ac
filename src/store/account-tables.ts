/** An AWS account, and the work that replicas do for it in turn. */
import { doublePrecision, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import { moment } from './columns.ts'
import type { TrailLook } from './trail-tables.ts'

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
