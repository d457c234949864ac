/** What events say about the profile of an employee, and from when. */
import type { Employee, Timelines } from './employee.ts'
import { stateFact, stateRoleOfLatest } from './employments.ts'
import { type LifecycleEvent, occurredAt, type ProfileField, profileFields } from './events.ts'
import { type DayEdge, laterOf, resolveMoment } from './moments.ts'
import { spokenAt } from './statements.ts'
import { valueAt, withEntry } from './timeline.ts'

/** HR may leave these out, but not take them back. */
const required: ReadonlySet<ProfileField> = new Set(['givenName', 'familyName', 'email', 'role'])

/**
 * When an event takes effect: at its `effectiveAt`, but never before it was said, so that no statement rewrites
 * the past. `null` when the moment cannot be read.
 */
export function effectOf(employee: Employee, event: LifecycleEvent, edge: DayEdge): Date | null {
  const { effectiveAt } = event.data
  const earliest = spokenAt(event)
  if (effectiveAt === undefined) return earliest
  const at = resolveMoment(effectiveAt, edge, zoneOf(employee, event))
  return at === null ? null : laterOf(at, earliest)
}

/** The start that an event names: `undefined` when it names none, `null` when it cannot be read. */
export function startOf(employee: Employee, event: LifecycleEvent): Date | null | undefined {
  const { startAt } = event.data
  return startAt === undefined ? undefined : resolveMoment(startAt, 'beginning', zoneOf(employee, event))
}

/** The employee with the fields that `event` names from `effectiveAt` on, without the role. */
export function withProfile(employee: Employee, event: LifecycleEvent, effectiveAt: Date): Employee {
  const fields = profileFields.filter((field) => field !== 'role' && isSaid(event, field))
  return { ...employee, profile: withFields(employee.profile, fields, event, effectiveAt) }
}

/** The same with the role, in the employment that runs at `effectiveAt`. */
export function withProfileAndRole(employee: Employee, event: LifecycleEvent, effectiveAt: Date): Employee {
  const said = withProfile(employee, event, effectiveAt)
  const { role } = event.data
  if (typeof role !== 'string') return said
  const when = { saidAt: occurredAt(event), effectiveAt }
  return { ...said, employments: stateFact(said.employments, 'roles', role, when) }
}

/** The role that a hiring names, for the newest employment. */
export function withRoleOfLatest(employee: Employee, event: LifecycleEvent, effectiveAt: Date): Employee {
  const { role } = event.data
  if (typeof role !== 'string') return employee
  const when = { saidAt: occurredAt(event), effectiveAt }
  return { ...employee, employments: stateRoleOfLatest(employee.employments, role, when) }
}

/** An administrator's word on the fields that `event` names, which stays until `null` lifts it. */
export function withOverrides(employee: Employee, event: LifecycleEvent, effectiveAt: Date): Employee {
  const fields = profileFields.filter((field) => event.data[field] !== undefined)
  return { ...employee, overrides: withFields(employee.overrides, fields, event, effectiveAt) }
}

function isSaid(event: LifecycleEvent, field: ProfileField): boolean {
  const value = event.data[field]
  return typeof value === 'string' || (value === null && !required.has(field))
}

function withFields(
  timelines: Timelines<ProfileField>,
  fields: readonly ProfileField[],
  event: LifecycleEvent,
  effectiveAt: Date,
): Timelines<ProfileField> {
  const saidAt = occurredAt(event)
  const changed = fields.map((field) => {
    const entry = { value: event.data[field] ?? null, effectiveAt }
    return [field, withEntry(timelines[field] ?? [], saidAt, entry)] as const
  })
  return { ...timelines, ...Object.fromEntries(changed) }
}

/** Where the employee's days begin, as known when `event` was said, itself included. */
function zoneOf(employee: Employee, event: LifecycleEvent): string | null {
  const own = event.data.timeZone
  if (own !== undefined) return own
  const at = occurredAt(event)
  const override = valueAt(employee.overrides.timeZone ?? [], at)
  return override ?? valueAt(employee.profile.timeZone ?? [], at) ?? null
}
