/** How old keys and passwords may become, and what is due for each now. Pure; days are 86,400,000 ms. */
import type { Facet } from './facet.ts'

export interface RotationRules {
  /** Its owner is told, and gets a link for a new one. */
  readonly warnAfterDays: number
  /** It becomes inactive. */
  readonly disableAfterDays: number
  /** It is deleted so long after it became inactive. */
  readonly deleteAfterDays: number
  /** A key becomes inactive, a password goes, when it was not used for so long. */
  readonly unusedDays: number
  /** So long two active keys may stand side by side. */
  readonly secondKeyGraceDays: number
}

/** CIS AWS Foundations: 90 days of age, 45 days without use. */
export const usualRotation: RotationRules = {
  warnAfterDays: 75,
  disableAfterDays: 90,
  deleteAfterDays: 7,
  unusedDays: 45,
  secondKeyGraceDays: 7,
}

export interface KeyFacts {
  readonly id: string
  readonly active: boolean
  readonly createdAt: Date
  readonly lastUsedAt: Facet<Date | null>
  readonly warnedAt: Date | null
  /** When Muster made it inactive, or first saw it so. */
  readonly disabledAt: Date | null
}

export type KeyDue = 'warn' | 'expired' | 'unused' | 'delete' | null

/** What is due for a key that its owner may have. */
export function keyDue(key: KeyFacts, rules: RotationRules, now: Date): KeyDue {
  const reached = (moment: Date | null) => moment !== null && moment <= now
  const moments = momentsOf(key, rules)
  if (!key.active) return reached(moments.delete) ? 'delete' : null
  if (reached(moments.expired)) return 'expired'
  if (reached(moments.unused)) return 'unused'
  return key.warnedAt === null && reached(moments.warn) ? 'warn' : null
}

/** When something becomes due for it; null when nothing ever does by itself. */
export function nextKeyChange(key: KeyFacts, rules: RotationRules, now: Date): Date | null {
  const moments = momentsOf(key, rules)
  const ahead = key.active
    ? [moments.expired, moments.unused, key.warnedAt === null ? moments.warn : null]
    : [moments.delete]
  return earliest(ahead.filter((moment) => moment !== null && moment > now))
}

/** @param usedAt when it was last used, or made; null when that is not known */
export function passwordUnusedAt(usedAt: Date | null, { unusedDays }: RotationRules): Date | null {
  return usedAt === null ? null : daysAfter(usedAt, unusedDays)
}

/** The older of two active keys that have stood side by side for too long. */
export function keptTooLong(
  keys: readonly KeyFacts[],
  { secondKeyGraceDays }: RotationRules,
  now: Date,
): KeyFacts | undefined {
  const [older, newer] = keys
    .filter(({ active }) => active)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
  return older && newer && daysAfter(newer.createdAt, secondKeyGraceDays) <= now ? older : undefined
}

export function earliest(moments: readonly (Date | null)[]): Date | null {
  const times = moments.flatMap((moment) => (moment === null ? [] : [moment.getTime()]))
  return times.length > 0 ? new Date(Math.min(...times)) : null
}

function momentsOf({ createdAt, lastUsedAt, disabledAt }: KeyFacts, rules: RotationRules) {
  const expired = daysAfter(createdAt, rules.disableAfterDays)
  const usedAt =
    lastUsedAt === null || lastUsedAt === 'unknown' || lastUsedAt < createdAt ? createdAt : lastUsedAt
  return {
    warn: daysAfter(createdAt, rules.warnAfterDays),
    expired,
    // Nothing is taken on a read that failed.
    unused: lastUsedAt === 'unknown' ? null : daysAfter(usedAt, rules.unusedDays),
    delete: disabledAt && latest(daysAfter(disabledAt, rules.deleteAfterDays), expired),
  }
}

const dayMs = 86_400_000

const daysAfter = (moment: Date, days: number) => new Date(moment.getTime() + days * dayMs)

const latest = (a: Date, b: Date) => (a > b ? a : b)
