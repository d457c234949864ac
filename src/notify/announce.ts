/** Telling people and programs outside: what is announced, and to whom. */
import type { Transaction } from '../store/open.ts'

/** What can be announced; each is documented in docs/notifications.md. */
export const notices = [
  'enrollment.created',
  'enrollment.completed',
  'enrollment.revoked',
  'enrollment.locked',
  'identity.locked',
  'identity.purged',
  'identity.blocked',
  'identity.conflict',
  'access_key.created',
  'access_key.expiring',
  'access_key.disabled',
  'access_key.deleted',
  'access_key.second_active',
  'password.removed',
  'mfa.missing',
  'drift.detected',
  'drift.attributed',
  'password_policy.restored',
  'trail_gate.closed',
  'trail_gate.opened',
  'compliance.failed',
  'compliance.passed',
  'trail.canary_missing',
  'trail.canary_found',
  'trail.log_files_tampered',
  'trail.log_files_valid',
] as const

export type NoticeType = (typeof notices)[number]

export interface Notice {
  readonly type: NoticeType
  readonly at: Date
  readonly employeeId: string | null
  /** Plain data for the receiver. Never a secret, a token or a code. */
  readonly data: Readonly<Record<string, unknown>>
  /**
   * A one-time link that goes with it, to its owner alone: by mail to that address, and to endpoints only
   * where `MUSTER_NOTIFY_LINKS` says that they deliver links.
   */
  readonly link?: { readonly enrollmentId: string; readonly email: string; readonly givenName: string }
}

/** Queues what is announced, in the transaction of the change that it tells of. */
export type Announce = (tx: Transaction, notices: readonly Notice[]) => Promise<void>
