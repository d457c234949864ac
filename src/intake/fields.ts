/** What a field of an HR message may be; each check answers with what would be right, or with nothing. */
import { isTimeZone, resolveMoment } from '../lifecycle/moments.ts'

/** The words complete "<field> ..."; undefined means the value is fine. */
export type Check = (value: unknown) => string | undefined

/** What neither `text` nor `jsonb` can hold, or no screen can show: control characters, lone surrogates. */
const unprintable = /[\p{Cc}\p{Cs}]/u

/** Characters are Unicode code points. */
export const text =
  (maxLength: number): Check =>
  (value) => {
    if (typeof value !== 'string') return 'must be a text'
    if (value.trim() === '') return 'must not be empty'
    if (value.length > maxLength && [...value].length > maxLength) {
      return `must be at most ${maxLength} characters long`
    }
    if (unprintable.test(value)) return 'must be without control characters and broken Unicode'
    return undefined
  }

const matching =
  (base: Check, pattern: RegExp, words: string): Check =>
  (value) =>
    base(value) ?? (pattern.test(value as string) ? undefined : words)

/** A key: two that look the same should be the same, so no white space around it and nothing invisible in it. */
export const employeeId = matching(
  text(128),
  /^[^\p{C}\p{Z}\p{DI}]+( [^\p{C}\p{Z}\p{DI}]+)*$/u,
  'must be of printable characters, with at most single spaces between them',
)

/** The one spelling of a key that is kept and looked for: Unicode writes "é" in two ways, and people see one. */
export const oneSpelling = (employeeId: string): string => employeeId.normalize('NFC')

/** Plausible, not proven: only a message that arrives proves an address. Length after RFC 5321 section 4.5.3.1.3. */
export const email = matching(
  text(254),
  /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:".]+(\.[^\s@<>()[\]\\,;:".]+)+$/u,
  'must be an e-mail address, like ada@example.com',
)

/** Outside of it lie typing errors, and years that PostgreSQL and ISO 8601 write differently. */
const [firstYear, lastYear] = [1900, 2999]

/** An RFC 3339 date-time with offset or a plain date. */
export const moment: Check = (value) => {
  const at = typeof value === 'string' ? resolveMoment(value, 'beginning') : null
  return at === null
    ? 'must be an RFC 3339 date-time with offset (2026-12-01T09:00:00Z) or a date (2026-12-01) of the calendar'
    : yearFault(at)
}

/** A point in time: a plain date is none. */
export const dateTime: Check = (value) => {
  const isPoint = typeof value === 'string' && value.length > '2026-12-01'.length
  const at = isPoint ? resolveMoment(value, 'beginning') : null
  return at === null ? 'must be an RFC 3339 date-time with offset, like 2026-12-01T09:00:00Z' : yearFault(at)
}

function yearFault(at: Date): string | undefined {
  const year = at.getUTCFullYear()
  return year >= firstYear && year <= lastYear ? undefined : `must lie between ${firstYear} and ${lastYear}`
}

export const timeZone: Check = (value) =>
  typeof value === 'string' && isTimeZone(value) ? undefined : 'must be an IANA time zone, like Europe/Berlin'

export const boolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false')

/** `null` takes the fact back; many systems write nothing as an empty text, which is read as `null`. */
export const optional =
  (check: Check): Check =>
  (value) =>
    value === null || value === '' ? undefined : check(value)
