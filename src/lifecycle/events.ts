/**
 * Lifecycle events: what HR or an administrator says about an employee.
 *
 * An event is a statement as it was made. Moments inside `data` stay as the sender wrote them
 * (a plain date means something else in another time zone), the fold resolves them.
 */
import type { Statement } from '../store/schema.ts'

export type { Statement }

export const lifecycleKinds = [
  'employee.hired',
  'employee.updated',
  'employee.role_changed',
  'employee.resumed',
  'employee.suspended',
  'employee.termination_cancelled',
  'employee.terminated',
] as const

export type LifecycleKind = (typeof lifecycleKinds)[number]

/** Facts about a person that HR states and an administrator may override. */
export const profileFields = [
  'givenName',
  'familyName',
  'email',
  'role',
  'department',
  'managerId',
  'employmentType',
  'timeZone',
] as const satisfies readonly (keyof Statement)[]

export type ProfileField = (typeof profileFields)[number]

/** An RFC 3339 date-time with offset, or a plain date (`2026-12-01`). */
export type Moment = string

export interface LifecycleEvent {
  readonly employeeId: string
  readonly kind: LifecycleKind
  /** When it happened by the sender's clock, untouched: part of what makes two statements the same. */
  readonly timestamp: Date
  readonly receivedAt: Date
  /** `hr`, `admin`, ... */
  readonly source: string
  /** The sender's own id of the message, and the place of this event within it. */
  readonly senderId: string
  readonly place: number
  readonly data: Statement
  /** Set on an administrator's `employee.updated` whose fields stay until they are lifted. */
  readonly override?: boolean
}

/** A sender's clock may run ahead of ours by this much before we stop believing it. */
export const clockToleranceMs = 5 * 60 * 1000

/** When it happened, never later than five minutes after its receipt: a fast clock must not win. */
export function occurredAt(event: LifecycleEvent): Date {
  return new Date(Math.min(event.timestamp.getTime(), event.receivedAt.getTime() + clockToleranceMs))
}
