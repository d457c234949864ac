/**
 * Employments: from when to when somebody works here, in which role, and on leave or not.
 *
 * A rehire is a new employment with a role and a leave of its own, so that it neither inherits the old leave
 * nor ends it early when the rehire is agreed while the old employment still runs.
 */
import { earlierOf, isAfter } from './moments.ts'
import { type Timeline, withEntry, withoutUpcoming } from './timeline.ts'

export interface Employment {
  readonly startAt: Date
  /** The first moment without access; `null` while nobody named one. At or before the start: it never starts. */
  readonly endAt: Date | null
  readonly roles: Timeline<string>
  readonly suspensions: Timeline<boolean>
}

/** Oldest first. */
export type Employments = readonly Employment[]

/** When something was said, and from when it is meant to hold. */
export interface Saying {
  readonly saidAt: Date
  readonly effectiveAt: Date
}

export function newEmployment(startAt: Date, endAt: Date | null = null): Employment {
  return { startAt, endAt, roles: [], suspensions: [] }
}

/** Ended at or before its start: it was called off. */
export function neverStarts({ startAt, endAt }: Employment): boolean {
  return endAt !== null && !isAfter(endAt, startAt)
}

export function hasEnded({ endAt }: Employment, at: Date): boolean {
  return endAt !== null && !isAfter(endAt, at)
}

/** The newest employment with `changes`. */
export function changeLatest(employments: Employments, changes: Partial<Employment>): Employments {
  return employments.map((employment, index) =>
    index === employments.length - 1 ? { ...employment, ...changes } : employment,
  )
}

/** Whether the newest employment, if it began at `startAt`, would not come after the one before it. */
export function overlapsPrevious(employments: Employments, startAt: Date): boolean {
  const endAt = employments.at(-2)?.endAt
  return endAt !== undefined && endAt !== null && !isAfter(startAt, endAt)
}

/**
 * A newer statement about an end: it replaces one that is not in effect at `saidAt`, earlier or later.
 * One that is in effect can only move back.
 */
export function replacedEnd(endAt: Date | null, saidAt: Date, newEndAt: Date): Date {
  if (endAt === null) return newEndAt
  return isAfter(endAt, saidAt) ? newEndAt : earlierOf(endAt, newEndAt)
}

/**
 * Ends the newest employment at `endAt` by the rule of `replacedEnd`. A termination is about the person:
 * no earlier employment goes on after it either, when a rehire was agreed before the old employment ended.
 */
export function terminate(employments: Employments, saidAt: Date, endAt: Date): Employments {
  return employments.map((employment, index) => ({
    ...employment,
    endAt:
      index === employments.length - 1
        ? replacedEnd(employment.endAt, saidAt, endAt)
        : earlierOf(employment.endAt ?? endAt, endAt),
  }))
}

/** Takes back the newest end that is not in effect at `saidAt`; `null` when there is none. */
export function cancelTermination(employments: Employments, saidAt: Date): Employments | null {
  const index = employments.findLastIndex(({ endAt }) => endAt !== null && isAfter(endAt, saidAt))
  const employment = employments[index]
  return employment === undefined ? null : employments.with(index, { ...employment, endAt: null })
}

/** Says in which role the newest employment starts, or goes on: what a hiring says. */
export function stateRoleOfLatest(
  employments: Employments,
  role: string,
  { saidAt, effectiveAt }: Saying,
): Employments {
  const roles = employments.at(-1)?.roles ?? []
  return changeLatest(employments, { roles: withEntry(roles, saidAt, { value: role, effectiveAt }) })
}

/**
 * Says that `value` holds for the employment that runs at `effectiveAt`. It replaces all about the same fact
 * that is not yet in effect when it is said, in whichever employment.
 */
export function stateFact<Fact extends 'roles' | 'suspensions'>(
  employments: Employments,
  fact: Fact,
  value: Employment[Fact][number]['value'],
  { saidAt, effectiveAt }: Saying,
): Employments {
  const concerned = indexOfConcerned(employments, effectiveAt)
  return employments.map((employment, index) => {
    const timeline: Timeline<string | boolean> = employment[fact]
    const entry = { value, effectiveAt }
    return {
      ...employment,
      [fact]: index === concerned ? withEntry(timeline, saidAt, entry) : withoutUpcoming(timeline, saidAt),
    }
  })
}

/** The newest employment, unless it begins later and the one before it has not ended by then. */
function indexOfConcerned(employments: Employments, at: Date): number {
  return employments.findLastIndex((employment, index) => {
    const previous = employments[index - 1]
    return previous === undefined || !isAfter(employment.startAt, at) || hasEnded(previous, at)
  })
}
