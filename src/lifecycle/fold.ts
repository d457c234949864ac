/**
 * An employee is a fold over their lifecycle events: any order of arrival, any number of repeats, gives the
 * same employee.
 *
 * Each kind of event is one function from the employee so far to the employee after it. What cannot be applied
 * is kept with its reason, and is tried again with every new event, since all are folded anew.
 */
import { type Employee, isOlderThanLock, nobody, rememberLock, withPending } from './employee.ts'
import {
  cancelTermination,
  changeLatest,
  neverStarts,
  newEmployment,
  overlapsPrevious,
  replacedEnd,
  stateFact,
  terminate,
} from './employments.ts'
import { type LifecycleEvent, type LifecycleKind, lifecycleKinds, occurredAt } from './events.ts'
import { earlierOf, isAfter, laterOf } from './moments.ts'
import {
  effectOf,
  startOf,
  withOverrides,
  withProfile,
  withProfileAndRole,
  withRoleOfLatest,
} from './profile.ts'
import { inOrder } from './statements.ts'

/**
 * Folds the events of one employee, in whatever order and however often they are given.
 * Never throws: what makes no sense, or not yet, is in `pending`.
 */
export function fold(events: readonly LifecycleEvent[]): Employee {
  const { readable, unreadable } = inOrder(events)
  const start = unreadable.reduce(
    (employee, event) => withPending(employee, event, whyUnreadable(event)),
    nobody,
  )
  return readable.reduce((employee, event) => apply[event.kind](employee, event), start)
}

type Application = (employee: Employee, event: LifecycleEvent) => Employee

const apply: Readonly<Record<LifecycleKind, Application>> = {
  'employee.hired': hired,
  'employee.updated': updated,
  'employee.role_changed': roleChanged,
  'employee.suspended': suspended,
  'employee.resumed': resumed,
  'employee.termination_cancelled': terminationCancelled,
  'employee.terminated': terminated,
}

const reasons = {
  neverHired: 'nobody was hired under this id by then',
  startAt: 'startAt is neither a date-time with offset nor a date',
  effectiveAt: 'effectiveAt is neither a date-time with offset nor a date',
  olderThanTermination: 'it is older, by the clock of its sender, than the termination',
  olderThanSuspension: 'it is older, by the clock of its sender, than the suspension',
  overlap: 'the start named is not later than the end of the employment before',
} as const

function whyUnreadable({ kind }: LifecycleEvent): string {
  return lifecycleKinds.includes(kind) ? 'its time is not valid' : 'its type is not known'
}

function hired(employee: Employee, event: LifecycleEvent): Employee {
  const namedStart = startOf(employee, event)
  if (namedStart === null) return withPending(employee, event, reasons.startAt)
  const startAt = namedStart ?? occurredAt(event)
  const latest = employee.employments.at(-1)
  if (latest === undefined) return hiredFirst(employee, event, startAt)
  return latest.endAt === null
    ? hiredWhileEmployed(employee, event, startAt, latest.startAt)
    : hiredAfterTermination(employee, event, startAt, latest.endAt)
}

function hiredFirst(employee: Employee, event: LifecycleEvent, startAt: Date): Employee {
  const endAt = employee.endBeforeHire
  const isOld = isOlderThanLock(employee, event, 'employee.terminated')
  // A termination that was said first is about this employment, unless it begins after that took effect.
  const hasLeft = endAt !== null && (isOld || !isAfter(startAt, endAt))
  const pending = employee.pending.filter(({ event }) => !(hasLeft && event.kind === 'employee.terminated'))
  const employments = [newEmployment(startAt, hasLeft ? endAt : null)]
  const hiredAt = occurredAt(event)
  return withHiring({ ...employee, hiredAt, employments, pending, endBeforeHire: null }, event, hiredAt)
}

/** A newer word on a start that is still to come; otherwise a repeat of it, with news of profile and role. */
function hiredWhileEmployed(
  employee: Employee,
  event: LifecycleEvent,
  startAt: Date,
  knownStartAt: Date,
): Employee {
  const saidAt = occurredAt(event)
  if (!isAfter(knownStartAt, saidAt)) return withHiring(employee, event, laterOf(startAt, saidAt))
  if (overlapsPrevious(employee.employments, startAt)) return withPending(employee, event, reasons.overlap)
  const employments = changeLatest(employee.employments, { startAt })
  return withHiring({ ...employee, employments }, event, saidAt)
}

/** A rehire when it starts later than the termination takes effect; otherwise a repeat that changes nothing. */
function hiredAfterTermination(
  employee: Employee,
  event: LifecycleEvent,
  startAt: Date,
  endAt: Date,
): Employee {
  if (!isAfter(startAt, endAt)) {
    const isRepeat = employee.employments.some((known) => known.startAt.getTime() === startAt.getTime())
    return isRepeat ? employee : withPending(employee, event, reasons.overlap)
  }
  if (isOlderThanLock(employee, event, 'employee.terminated')) {
    return withPending(employee, event, reasons.olderThanTermination)
  }
  const employments = [...employee.employments, newEmployment(startAt)]
  return withHiring({ ...employee, employments }, event, occurredAt(event))
}

/** What a hiring says besides the start: the profile at once, the role of the newest employment from `roleAt`. */
function withHiring(employee: Employee, event: LifecycleEvent, roleAt: Date): Employee {
  return withRoleOfLatest(withProfile(employee, event, occurredAt(event)), event, roleAt)
}

function updated(employee: Employee, event: LifecycleEvent): Employee {
  if (employee.employments.length === 0) return withPending(employee, event, reasons.neverHired)
  const effectiveAt = effectOf(employee, event, 'beginning')
  if (effectiveAt === null) return withPending(employee, event, reasons.effectiveAt)
  const say = event.override ? withOverrides : withProfileAndRole
  return withNewStart(say(employee, event, effectiveAt), event, startOf(employee, event))
}

/** Moves the start of an employment that has not begun. */
function withNewStart(employee: Employee, event: LifecycleEvent, startAt: Date | null | undefined): Employee {
  const { employments } = employee
  const latest = employments.at(-1)
  if (latest === undefined || startAt === undefined) return employee
  if (startAt === null) return withPending(employee, event, reasons.startAt)
  if (startAt.getTime() === latest.startAt.getTime()) return employee
  if (neverStarts(latest)) {
    return withPending(employee, event, 'startAt is not changed: the employment was called off')
  }
  if (!isAfter(latest.startAt, occurredAt(event))) {
    return withPending(employee, event, 'startAt is not changed: the employment has begun')
  }
  if (overlapsPrevious(employments, startAt)) return withPending(employee, event, reasons.overlap)
  return { ...employee, employments: changeLatest(employments, { startAt }) }
}

function roleChanged(employee: Employee, event: LifecycleEvent): Employee {
  if (employee.employments.length === 0) return withPending(employee, event, reasons.neverHired)
  if (typeof event.data.role !== 'string') return withPending(employee, event, 'it names no role')
  const effectiveAt = effectOf(employee, event, 'beginning')
  if (effectiveAt === null) return withPending(employee, event, reasons.effectiveAt)
  return withProfileAndRole(employee, event, effectiveAt)
}

function suspended(employee: Employee, event: LifecycleEvent): Employee {
  return rememberLock(withSuspension(employee, event, true), event)
}

function resumed(employee: Employee, event: LifecycleEvent): Employee {
  const isOld = isOlderThanLock(employee, event, 'employee.suspended')
  return isOld
    ? withPending(employee, event, reasons.olderThanSuspension)
    : withSuspension(employee, event, false)
}

function withSuspension(employee: Employee, event: LifecycleEvent, isSuspended: boolean): Employee {
  if (employee.employments.length === 0) return withPending(employee, event, reasons.neverHired)
  const effectiveAt = effectOf(employee, event, 'beginning')
  if (effectiveAt === null) return withPending(employee, event, reasons.effectiveAt)
  const when = { saidAt: occurredAt(event), effectiveAt }
  return { ...employee, employments: stateFact(employee.employments, 'suspensions', isSuspended, when) }
}

function terminated(before: Employee, event: LifecycleEvent): Employee {
  const effectiveAt = effectOf(before, event, 'end')
  if (effectiveAt === null) return withPending(before, event, reasons.effectiveAt)
  const saidAt = occurredAt(event)
  const employee = rememberLock(before, event)
  const latest = employee.employments.at(-1)
  const knownEnd = latest === undefined ? employee.endBeforeHire : latest.endAt
  // One that its sender had said before another, but that was held up, may bring the end forward, not put it off.
  const isOld = isOlderThanLock(before, event, 'employee.terminated')
  const endAt = isOld && knownEnd !== null ? earlierOf(knownEnd, effectiveAt) : effectiveAt
  if (latest === undefined) {
    const endBeforeHire = replacedEnd(employee.endBeforeHire, saidAt, endAt)
    return withPending({ ...employee, endBeforeHire }, event, reasons.neverHired)
  }
  return { ...employee, employments: terminate(employee.employments, saidAt, endAt) }
}

function terminationCancelled(employee: Employee, event: LifecycleEvent): Employee {
  if (isOlderThanLock(employee, event, 'employee.terminated')) {
    return withPending(employee, event, reasons.olderThanTermination)
  }
  const saidAt = occurredAt(event)
  const latest = employee.employments.at(-1)
  if (latest === undefined) {
    const { endBeforeHire } = employee
    const isUpcoming = endBeforeHire !== null && isAfter(endBeforeHire, saidAt)
    const kept = isUpcoming ? null : endBeforeHire
    return withPending({ ...employee, endBeforeHire: kept }, event, reasons.neverHired)
  }
  const employments = cancelTermination(employee.employments, saidAt)
  if (employments !== null) return { ...employee, employments }
  return withPending(
    employee,
    event,
    latest.endAt === null
      ? 'there is no termination to cancel'
      : 'the termination is already effective: rehire with employee.hired',
  )
}
