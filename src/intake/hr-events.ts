/** Reads the messages of the source `hr`: bytes in, lifecycle events out, or every fault. Pure. */
import {
  type LifecycleEvent,
  type LifecycleKind,
  lifecycleKinds,
  type Statement,
} from '../lifecycle/events.ts'
import { resolveMoment } from '../lifecycle/moments.ts'
import type { Fault } from '../problem.ts'
import {
  boolean,
  type Check,
  dateTime,
  email,
  employeeId,
  moment,
  oneSpelling,
  optional,
  text,
  timeZone,
} from './fields.ts'

/** What is known of a message besides its bytes. */
export interface Envelope {
  readonly source: string
  readonly senderId: string
  readonly receivedAt: Date
}

/** `kind` and `employeeIds` are told of a faulty message too, as far as they could be read. */
export type Reading =
  | {
      readonly ok: true
      readonly kind: LifecycleKind
      readonly employeeIds: readonly string[]
      readonly events: readonly LifecycleEvent[]
    }
  | {
      readonly ok: false
      readonly kind: LifecycleKind | undefined
      readonly employeeIds: readonly string[]
      readonly faults: readonly Fault[]
    }

/** A field of `data`: whether it must be there, and what it must be. */
interface Field {
  readonly name: string
  /** Its JSON pointer. */
  readonly at: string
  readonly check: Check
  readonly required: boolean
}

const field = (name: string, check: Check): Field => ({ name, at: `/data/${name}`, check, required: false })
const required = (given: Field): Field => ({ ...given, required: true })

const person = required(field('employeeId', employeeId))
const names = [field('givenName', text(200)), field('familyName', text(200)), field('email', email)]
const role = field('role', text(64))
const zone = field('timeZone', optional(timeZone))
const facts = [
  field('department', optional(text(200))),
  field('managerId', optional(employeeId)),
  field('employmentType', optional(text(200))),
  zone,
]
const startAt = field('startAt', moment)
const effectiveAt = field('effectiveAt', moment)

/**
 * The fields that each type knows. All others are ignored, also where another type knows them: a leaver
 * must not stay because the message about them has a malformed department.
 */
const knownFields: Readonly<Record<LifecycleKind, readonly Field[]>> = {
  'employee.hired': [...names.map(required), required(role), ...facts, startAt],
  'employee.updated': [...names, role, ...facts, startAt, effectiveAt],
  'employee.role_changed': [...names, required(role), ...facts, effectiveAt],
  'employee.suspended': [effectiveAt, zone],
  'employee.resumed': [effectiveAt, zone],
  'employee.terminated': [effectiveAt, zone, field('urgent', boolean)],
  'employee.termination_cancelled': [],
}

/** These overtake everything in intake. */
const urgentKinds: ReadonlySet<LifecycleKind | undefined> = new Set([
  'employee.terminated',
  'employee.suspended',
])

/** 0 is worked on first. */
export function urgencyOf(kind: LifecycleKind | undefined): 0 | 1 {
  return urgentKinds.has(kind) ? 0 : 1
}

/**
 * @param body the raw bytes, UTF-8 JSON (RFC 8259). A byte order mark is passed over; of keys that stand twice
 *   in an object, the last one counts.
 */
export function readHrEvents(body: Buffer, envelope: Envelope): Reading {
  const parsed = parse(body)
  if ('fault' in parsed) return { ok: false, kind: undefined, employeeIds: [], faults: [parsed.fault] }
  const message = parsed.value
  if (!isObject(message)) return unreadable('must be a JSON object with type, timestamp and data')

  const kind = lifecycleKinds.find((known) => known === message.type)
  const data = isObject(message.data) ? message.data : undefined
  const id = data && faultIn(data, person) === undefined ? oneSpelling(data.employeeId as string) : undefined
  const employeeIds = id === undefined ? [] : [id]
  const faults = faultsOf(message, kind, data)
  if (faults.length > 0 || !kind || !data || id === undefined) return { ok: false, kind, employeeIds, faults }
  const event: LifecycleEvent = {
    employeeId: id,
    kind,
    timestamp: resolveMoment(message.timestamp as string, 'beginning') as Date,
    receivedAt: envelope.receivedAt,
    source: envelope.source,
    senderId: envelope.senderId,
    place: 0,
    data: statementOf(kind, data),
  }
  return { ok: true, kind, employeeIds, events: [event] }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function parse(body: Buffer): { readonly value: unknown } | { readonly fault: Fault } {
  let json: string
  try {
    json = decoder.decode(body)
  } catch {
    return { fault: { at: '/', message: 'must be UTF-8' } }
  }
  try {
    return { value: JSON.parse(json) }
  } catch {
    return { fault: { at: '/', message: 'must be JSON' } }
  }
}

const unreadable = (message: string): Reading => ({
  ok: false,
  kind: undefined,
  employeeIds: [],
  faults: [{ at: '/', message }],
})

type JsonObject = Readonly<Record<string, unknown>>

const timestamp: Field = { name: 'timestamp', at: '/timestamp', check: dateTime, required: true }

function faultsOf(
  message: JsonObject,
  kind: LifecycleKind | undefined,
  data: JsonObject | undefined,
): Fault[] {
  const faults: (Fault | undefined)[] = []
  if (!kind) faults.push({ at: '/type', message: `must be one of ${lifecycleKinds.join(', ')}` })
  faults.push(faultIn(message, timestamp))
  if (data) {
    faults.push(faultIn(data, person))
    for (const known of kind ? knownFields[kind] : []) faults.push(faultIn(data, known))
  } else faults.push({ at: '/data', message: 'must be an object' })
  return faults.filter((fault) => fault !== undefined)
}

function faultIn(object: JsonObject, { name, at, check, required }: Field): Fault | undefined {
  const value = object[name]
  if (value === undefined) return required ? { at, message: 'is missing' } : undefined
  const message = check(value)
  return message === undefined ? undefined : { at, message }
}

/** Only what the type knows, as it was sent but for the spelling of keys; an empty text of an optional fact is read as `null`. */
function statementOf(kind: LifecycleKind, data: JsonObject): Statement {
  const said: Record<string, unknown> = {}
  for (const { name } of knownFields[kind]) {
    const value = data[name]
    if (value === undefined) continue
    if (value === '') said[name] = null
    else said[name] = name === 'managerId' && typeof value === 'string' ? oneSpelling(value) : value
  }
  return said as Statement
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
