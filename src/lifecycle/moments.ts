/**
 * Moments as people write them, turned into points in time.
 *
 * A plain date is a whole day of the employee: it begins at the first instant that their clocks show
 * (not always midnight) and ends where the next day begins (not always 24 hours later).
 */
import type { Moment } from './events.ts'

/** Which end of a plain date is meant: starts and effects take the beginning, endings the end. */
export type DayEdge = 'beginning' | 'end'

const plainDate = /^\d{4}-\d{2}-\d{2}$/
// RFC 3339 section 5.6: the offset is required, "T" and "Z" may be lower case.
const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i
/** What nearly all senders write: it needs no calendar, since every month has these days. */
const usual = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?Z$/
// Temporal also takes offsets and whole ISO 8601 strings as a time zone; IANA names begin with a letter.
const zoneName = /^[a-z][\w+/-]*$/i

/**
 * The point in time that a moment means, `null` when it is neither an RFC 3339 date-time with offset nor an
 * existing plain date. A plain date counts in `timeZone` (IANA); without one, or with an unknown one, in UTC.
 * Precision is the millisecond, finer digits are cut. Never throws.
 */
export function resolveMoment(moment: Moment, edge: DayEdge, timeZone?: string | null): Date | null {
  if (usual.test(moment)) return new Date(moment)
  try {
    if (dateTime.test(moment)) {
      return new Date(Temporal.Instant.from(moment.toUpperCase()).epochMilliseconds)
    }
    if (!plainDate.test(moment)) return null
    const day = Temporal.PlainDate.from(moment)
    const zone = timeZone && isTimeZone(timeZone) ? timeZone : 'UTC'
    // Without a time of day this is the first instant of the day, also where midnight is skipped.
    const instant = (edge === 'end' ? day.add({ days: 1 }) : day).toZonedDateTime({ timeZone: zone })
    return new Date(instant.epochMilliseconds)
  } catch {
    return null
  }
}

/** Whether `text` is a moment at all; what an API refuses when it is false. */
export function isMoment(text: string): boolean {
  return resolveMoment(text, 'end') !== null
}

/** Whether `name` is an IANA time zone that this runtime knows. */
export function isTimeZone(name: string): boolean {
  if (!zoneName.test(name)) return false
  try {
    Temporal.PlainDate.from('2000-01-01').toZonedDateTime({ timeZone: name })
    return true
  } catch {
    return false
  }
}

export function laterOf(a: Date, b: Date): Date {
  return a.getTime() >= b.getTime() ? a : b
}

export function earlierOf(a: Date, b: Date): Date {
  return a.getTime() <= b.getTime() ? a : b
}

/** Strictly after: what takes effect exactly at `b` is in effect at `b`. */
export function isAfter(a: Date, b: Date): boolean {
  return a.getTime() > b.getTime()
}
