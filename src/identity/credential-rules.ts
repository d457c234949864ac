/** What of a user's credentials may stay: from the devices, the role, the ages and an administrator's word. Pure. */
import { unlessAhead } from '../clock.ts'
import type { CredentialContext } from './credential-context.ts'
import type { Facet } from './facet.ts'
import type { Access, ObservedUser } from './model.ts'
import {
  earliest,
  type KeyDue,
  type KeyFacts,
  keyDue,
  nextKeyChange,
  passwordUnusedAt,
  type RotationRules,
} from './rotation.ts'

export type RemovalReason = 'no_mfa' | 'forbidden' | 'reset' | 'expired' | 'unused'

export interface KeyVerdict {
  readonly key: KeyFacts
  readonly due: Exclude<KeyDue, 'expired' | 'unused'> | 'disable'
  readonly reason: RemovalReason | null
}

export interface CredentialVerdict {
  /** Of the kinds that the role's credentials need; `unknown` when IAM did not tell. */
  readonly isEnrolled: Facet<boolean>
  /** Why the password has to go; null when it may stay. */
  readonly password: RemovalReason | null
  readonly keys: readonly KeyVerdict[]
  /** When any of this changes by itself. */
  readonly nextChangeAt: Date | null
}

/** For so long after a device was enabled, a list without any may be a read that lags behind. */
export const mfaSettlingMs = 5 * 60_000

/** Who has a deadline is reminded of it every day; what IAM did not tell is asked again. */
const remindMs = 86_400_000
const unreadMs = 3_600_000

const after = (moment: Date, ms: number) => new Date(moment.getTime() + ms)

export function judgeCredentials(
  user: ObservedUser,
  access: Pick<Access, 'console' | 'accessKeys'>,
  context: CredentialContext,
): CredentialVerdict {
  const { now, rotation, resetMfa, graceUntil } = context
  const devices = devicesOf(user, context)
  const inGrace = graceUntil !== null && now < graceUntil
  const withoutMfa = (has: Facet<boolean>): RemovalReason | null =>
    has === false && !inGrace ? 'no_mfa' : null
  const unusedAt = passwordUnusedAt(user.passwordUsedAt, rotation)
  const password: RemovalReason | null = resetMfa
    ? 'reset'
    : !access.console
      ? 'forbidden'
      : (withoutMfa(devices.any) ?? (unusedAt !== null && unusedAt <= now ? 'unused' : null))
  const forKeys: RemovalReason | null = resetMfa
    ? 'reset'
    : access.accessKeys === 'none'
      ? 'forbidden'
      : withoutMfa(devices.givingCodes)
  const facts = keyFacts(user, context)
  const keys = facts.map((key) => verdictOn(key, forKeys, rotation, now))
  return {
    isEnrolled: access.accessKeys === 'none' ? devices.any : devices.givingCodes,
    password,
    keys,
    nextChangeAt: earliest([
      ...facts.map((key) => nextKeyChange(key, rotation, now)),
      password === null && unusedAt !== null ? unusedAt : null,
      inGrace ? graceUntil : null,
      // What is believed now is looked at when there is no more reason to believe it.
      user.mfaSerials.length === 0 ? settlesAt(context) : null,
      inGrace && devices.any === false ? after(now, remindMs) : null,
      facts.some(({ active, lastUsedAt }) => active && lastUsedAt === 'unknown')
        ? after(now, unreadMs)
        : null,
    ]),
  }
}

function verdictOn(
  key: KeyFacts,
  forbidden: RemovalReason | null,
  rules: RotationRules,
  now: Date,
): KeyVerdict {
  if (key.active && forbidden) return { key, due: 'disable', reason: forbidden }
  const due = keyDue(key, rules, now)
  return due === 'expired' || due === 'unused'
    ? { key, due: 'disable', reason: due }
    : { key, due, reason: null }
}

/** FIDO devices give no codes: they are good for the console, and not for keys. */
export const givesCodes = (serial: string) => !serial.includes(':u2f/')

/** The serial number of a virtual device is an ARN of IAM; passkeys are `u2f/`, hardware is a plain number. */
export function isVirtual(serialNumber: string): boolean {
  return /^arn:[^:]+:iam::\d{12}:mfa\//.test(serialNumber)
}

/** Until when a device of ours may be missing from the list; null when that is over. */
export function settlesAt({
  mfaEnabledAt,
  resetMfa,
  now,
}: Pick<CredentialContext, 'mfaEnabledAt' | 'resetMfa' | 'now'>): Date | null {
  const enabledAt = unlessAhead(mfaEnabledAt, now)
  if (enabledAt === null || resetMfa) return null
  const until = after(enabledAt, mfaSettlingMs)
  return now < until ? until : null
}

function devicesOf(
  { mfaSerials }: ObservedUser,
  { mfaEnabledAt, resetMfa, now }: CredentialContext,
): { readonly any: Facet<boolean>; readonly givingCodes: Facet<boolean> } {
  const isSettling = settlesAt({ mfaEnabledAt, resetMfa, now }) !== null
  if (mfaSerials === 'unknown') return { any: 'unknown', givingCodes: 'unknown' }
  if (mfaSerials.length === 0 && isSettling) return { any: true, givingCodes: true }
  return { any: mfaSerials.length > 0, givingCodes: mfaSerials.some(givesCodes) || isSettling }
}

/** The keys as observed, with what is on record of each. */
export function keyFacts(
  { accessKeys }: ObservedUser,
  { records, now }: Pick<CredentialContext, 'records' | 'now'>,
): readonly KeyFacts[] {
  if (accessKeys === 'unknown') return []
  return accessKeys.map(({ id, active, createdAt, lastUsedAt }) => {
    const record = records.find((each) => each.id === id)
    const momentOf = (text: string | null | undefined) => (text ? new Date(text) : null)
    return {
      id,
      active,
      createdAt,
      lastUsedAt,
      warnedAt: momentOf(record?.warnedAt),
      disabledAt: active ? null : (momentOf(record?.disabledAt) ?? now),
    }
  })
}
