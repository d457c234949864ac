/**
 * From events as they arrived, in any order and number, to the one list that the fold reads.
 *
 * Neither the order of arrival nor a repeat may show in the result, so the order is total, uses nothing but
 * what the senders said, and a statement that was heard several times stands where it was first heard.
 */
import { type LifecycleEvent, lifecycleKinds, occurredAt, profileFields, type Statement } from './events.ts'
import { earlierOf } from './moments.ts'

/** The source of events that were made here by an administrator. */
export const adminSource = 'admin'

export interface Statements<Event extends LifecycleEvent = LifecycleEvent> {
  /** What can be read, each said once, in the order in which it happened. */
  readonly readable: readonly Event[]
  /** What has no place in any order: unknown kind, or no valid time. */
  readonly unreadable: readonly Event[]
}

/**
 * Orders by `occurredAt`, then kind (terminations last), then source, sender's id, place, and content.
 * Statements of the same side (HR or administrator) with the same kind, timestamp and data are one statement,
 * whatever message brought them: a fast clock that is heard again later does not make it newer. What else the
 * caller keeps in its events stays in them.
 */
export function inOrder<Event extends LifecycleEvent>(events: readonly Event[]): Statements<Event> {
  const firstHeard = new Map<string, Event>()
  for (const event of events.filter((event) => typeof event === 'object' && event !== null).map(readable)) {
    const key = contentOf(event)
    const known = firstHeard.get(key)
    if (known === undefined || byHearing(event, known) < 0) firstHeard.set(key, event)
  }
  const statements = [...firstHeard.values()].sort(byOccurrence)
  return {
    readable: statements.filter(hasPlaceInTime),
    unreadable: statements.filter((event) => !hasPlaceInTime(event)),
  }
}

/**
 * The timestamp for an event that an administrator makes at `now`: not before `now`, and just after the
 * employee's last event, which may lie up to five minutes ahead when its sender's clock does.
 * Its effect does not wait for that: see `spokenAt`.
 */
export function nextAdminMoment(events: readonly LifecycleEvent[], now: Date): Date {
  const last = inOrder(events).readable.at(-1)
  return last === undefined ? now : new Date(Math.max(now.getTime(), occurredAt(last).getTime() + 1))
}

/**
 * The earliest moment at which an event can take effect: when it occurred. An administrator's event may have
 * been dated ahead only to come after a fast clock; it takes effect when it was made.
 */
export function spokenAt(event: LifecycleEvent): Date {
  const at = occurredAt(event)
  return event.source === adminSource ? earlierOf(at, event.receivedAt) : at
}

function hasPlaceInTime(event: LifecycleEvent): boolean {
  return lifecycleKinds.includes(event.kind) && !Number.isNaN(occurredAt(event).getTime())
}

type Comparison = (a: LifecycleEvent, b: LifecycleEvent) => number

const ascending =
  (property: (event: LifecycleEvent) => string | number): Comparison =>
  (a, b) => {
    const [left, right] = [property(a), property(b)]
    return left < right ? -1 : left > right ? 1 : 0
  }

const inTurn =
  (...comparisons: readonly Comparison[]): Comparison =>
  (a, b) =>
    comparisons.reduce((order, compare) => order || compare(a, b), 0)

const bySender = inTurn(
  ascending((event) => event.source),
  ascending((event) => event.senderId),
  ascending((event) => event.place),
)

const byOccurrence = inTurn(
  ascending((event) => timeOf(occurredAt(event))),
  ascending((event) => lifecycleKinds.indexOf(event.kind)),
  bySender,
  ascending(contentOf),
)

// Only picks which of several equal messages stands for them all: the first one, so that no repeat shows.
const byHearing = inTurn(
  ascending((event) => timeOf(event.receivedAt)),
  bySender,
)

/** What makes two events the same statement, as text. */
function contentOf(event: LifecycleEvent): string {
  const side = event.source === adminSource ? adminSource : 'hr'
  const { kind, employeeId, data } = event
  return JSON.stringify([side, employeeId, kind, timeOf(event.timestamp), event.override, data])
}

/** A comparable number for any date; an invalid one comes first. */
function timeOf(date: Date): number {
  const time = date.getTime()
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}

/**
 * The event with no data but what the fold knows, in one order of keys. What reaches the fold was validated
 * once, but possibly by an older version: whatever is stored, it must still fold.
 */
function readable<Event extends LifecycleEvent>(event: Event): Event {
  return {
    ...event,
    employeeId: textOf(event.employeeId),
    kind: textOf(event.kind),
    timestamp: dateOf(event.timestamp),
    receivedAt: dateOf(event.receivedAt),
    source: textOf(event.source),
    senderId: textOf(event.senderId),
    place: Number.isFinite(event.place) ? event.place : 0,
    data: knownData(event.data),
    override: event.override === true,
  }
}

function knownData(data: Statement): Statement {
  const known: Record<string, string | boolean | null> = {}
  const given: Statement = typeof data === 'object' && data !== null ? data : {}
  for (const field of profileFields) {
    const value: unknown = given[field]
    if (typeof value === 'string' || value === null) known[field] = value
  }
  for (const field of ['startAt', 'effectiveAt'] as const) {
    const value: unknown = given[field]
    // Something that is no text stays visible as a moment that cannot be read.
    if (value !== undefined && value !== null) known[field] = typeof value === 'string' ? value : '(not text)'
  }
  if (given.urgent === true) known.urgent = true
  return known
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function dateOf(value: unknown): Date {
  return value instanceof Date ? value : new Date(Number.NaN)
}
