/** What the fold makes: an employee, and the events that could not be applied. */
import type { Employments } from './employments.ts'
import { type LifecycleEvent, type LifecycleKind, lifecycleKinds, type ProfileField } from './events.ts'
import type { Timeline } from './timeline.ts'

/** What is known of an employee, with all that is already known of the future; `employeeAt` reads it. */
export interface Employee {
  /** When they were first hired, as a statement; `null` while nobody did. */
  readonly hiredAt: Date | null
  readonly profile: Timelines<Exclude<ProfileField, 'role'>>
  /** An administrator's word on a field, which wins over all others; `null` lifts it. */
  readonly overrides: Timelines<ProfileField>
  readonly employments: Employments
  readonly pending: readonly PendingEvent[]
  /** The effect of a termination of somebody whose hiring had not been said by then. */
  readonly endBeforeHire: Date | null
  /** The newest termination and suspension of every sender, by that sender's own clock. */
  readonly lastLocks: readonly LastLock[]
}

export type Timelines<Field extends string> = Readonly<Partial<Record<Field, Timeline<string | null>>>>

/** An event that makes no sense, or not yet. Those parts of it that make sense are applied. */
export interface PendingEvent {
  readonly event: LifecycleEvent
  readonly reason: string
}

type Lock = Extract<LifecycleKind, 'employee.terminated' | 'employee.suspended'>

interface LastLock {
  readonly source: string
  readonly kind: LifecycleKind
  readonly timestamp: Date
}

export const nobody: Employee = {
  hiredAt: null,
  profile: {},
  overrides: {},
  employments: [],
  pending: [],
  endBeforeHire: null,
  lastLocks: [],
}

export function withPending(employee: Employee, event: LifecycleEvent, reason: string): Employee {
  return { ...employee, pending: [...employee.pending, { event, reason }] }
}

/** Remembers a termination or suspension, so that nothing which its sender had said before undoes it. */
export function rememberLock(employee: Employee, event: LifecycleEvent): Employee {
  const known = employee.lastLocks.find((lock) => lock.source === event.source && lock.kind === event.kind)
  if (known !== undefined && known.timestamp.getTime() >= event.timestamp.getTime()) return employee
  const { source, kind, timestamp } = event
  const others = employee.lastLocks.filter((lock) => lock !== known)
  return { ...employee, lastLocks: [...others, { source, kind, timestamp }] }
}

/**
 * Whether the sender of `event` had already said a termination (or suspension) that is newer by its own clock.
 *
 * The order of the fold cannot tell when that clock runs ahead: both are then dated by their receipt, and a
 * hiring that was held up on its way would come to stand after the termination, and undo it.
 */
export function isOlderThanLock(employee: Employee, event: LifecycleEvent, lock: Lock): boolean {
  const comesBefore = lifecycleKinds.indexOf(event.kind) < lifecycleKinds.indexOf(lock)
  return employee.lastLocks.some(({ source, kind, timestamp }) => {
    if (source !== event.source || kind !== lock) return false
    const aheadMs = timestamp.getTime() - event.timestamp.getTime()
    return aheadMs > 0 || (aheadMs === 0 && comesBefore)
  })
}
