/** An employee at one moment: what the rest of Muster, and the API, work with. */
import type { Employee } from './employee.ts'
import { type Employment, hasEnded, neverStarts } from './employments.ts'
import { type ProfileField, profileFields } from './events.ts'
import { isAfter, laterOf } from './moments.ts'
import { sameSince, valueAt } from './timeline.ts'

/**
 * scheduled: will start. active: works here. suspended: works here, is to have no access.
 * terminated: works here no more, also when a rehire is already known, or never will after all.
 */
export type EmploymentStatus = 'scheduled' | 'active' | 'suspended' | 'terminated'

export interface EmployeeView extends Readonly<Record<ProfileField, string | null>> {
  /** False while nobody was hired under this id; everything else is null or empty then. */
  readonly known: boolean
  readonly status: EmploymentStatus | null
  /** Of the employment that counts: the latest that has begun, or else the first that was agreed. */
  readonly startAt: Date | null
  /** The first moment without access; in the past, or known of the future. */
  readonly endAt: Date | null
  readonly suspendedSince: Date | null
  /** When access ended, of somebody terminated. */
  readonly terminatedAt: Date | null
  /** The start of an employment to come, of somebody terminated. */
  readonly rehireAt: Date | null
  readonly overrides: readonly Override[]
  /** The next moment at which anything above will be different; `null` when only new events can change it. */
  readonly nextChangeAt: Date | null
}

export interface Override {
  readonly field: ProfileField
  readonly value: string
  readonly since: Date
}

/**
 * The employee at `now`. Before the start, `role` is the role they will start with. It stays as it is until
 * `nextChangeAt`, so whoever keeps a view must look again then.
 */
export function employeeAt(employee: Employee, now: Date): EmployeeView {
  const view = viewAt(employee, now)
  const ahead = turningPoints(employee).filter((moment) => isAfter(moment, now))
  if (ahead.length === 0) return { ...view, nextChangeAt: null }
  const current = JSON.stringify(view)
  const nextChangeAt = ahead
    .sort((a, b) => a.getTime() - b.getTime())
    .find((moment) => JSON.stringify(viewAt(employee, moment)) !== current)
  return { ...view, nextChangeAt: nextChangeAt ?? null }
}

function viewAt(employee: Employee, now: Date): Omit<EmployeeView, 'nextChangeAt'> {
  const employment = employmentThatCounts(employee, now)
  const status = employment === undefined ? null : statusOf(employment, now)
  const upcoming = employee.employments.find((next) => isAfter(next.startAt, now) && !neverStarts(next))
  return {
    ...profileAt(employee, employment, now),
    known: employment !== undefined,
    status,
    startAt: employment?.startAt ?? null,
    endAt: employment?.endAt ?? null,
    suspendedSince: status === 'suspended' && employment ? suspendedSince(employment, now) : null,
    terminatedAt: status === 'terminated' ? (employment?.endAt ?? null) : null,
    rehireAt: status === 'terminated' ? (upcoming?.startAt ?? null) : null,
    overrides: overridesAt(employee, now),
  }
}

/** The latest that has begun, else the first: when that was called off, the person is out until another begins. */
function employmentThatCounts({ employments }: Employee, now: Date): Employment | undefined {
  return (
    employments.findLast((known) => !isAfter(known.startAt, now) && !neverStarts(known)) ?? employments[0]
  )
}

function statusOf(employment: Employment, now: Date): EmploymentStatus {
  if (hasEnded(employment, now)) return 'terminated'
  if (isAfter(employment.startAt, now)) return 'scheduled'
  return valueAt(employment.suspensions, now) ? 'suspended' : 'active'
}

function suspendedSince(employment: Employment, now: Date): Date | null {
  const since = sameSince(employment.suspensions, now)
  return since && laterOf(since, employment.startAt)
}

function profileAt(
  employee: Employee,
  employment: Employment | undefined,
  now: Date,
): Readonly<Record<ProfileField, string | null>> {
  // Who was hired by a clock that runs a little ahead has a name already.
  const profileMoment = employee.hiredAt ? laterOf(now, employee.hiredAt) : now
  const roleMoment = employment ? laterOf(profileMoment, employment.startAt) : now
  const role =
    valueAt(employee.overrides.role ?? [], roleMoment) ?? valueAt(employment?.roles ?? [], roleMoment) ?? null
  const fields = profileFields.map((field) => {
    if (field === 'role') return [field, role] as const
    const override = valueAt(employee.overrides[field] ?? [], now)
    return [field, override ?? valueAt(employee.profile[field] ?? [], profileMoment) ?? null] as const
  })
  return Object.fromEntries(fields) as Record<ProfileField, string | null>
}

function overridesAt({ overrides }: Employee, now: Date): readonly Override[] {
  return profileFields.flatMap((field) => {
    const timeline = overrides[field] ?? []
    const value = valueAt(timeline, now)
    const since = sameSince(timeline, now)
    return typeof value === 'string' && since !== null ? [{ field, value, since }] : []
  })
}

/** Every moment at which a view may change, in no order. */
function turningPoints({ profile, overrides, employments }: Employee): readonly Date[] {
  const timelines = [
    ...Object.values(profile),
    ...Object.values(overrides),
    ...employments.flatMap(({ roles, suspensions }) => [roles, suspensions]),
  ]
  return [
    ...employments.flatMap(({ startAt, endAt }) => (endAt ? [startAt, endAt] : [startAt])),
    ...timelines.flatMap((timeline) => timeline.map(({ effectiveAt }) => effectiveAt)),
  ]
}
