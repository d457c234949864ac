/**
 * The account's password policy: what it should be, and whether setting it would hurt anybody. Pure.
 *
 * IAM has no partial update and forgets what a call leaves out, so a policy is always whole here.
 */
import type { PasswordPolicy } from '../store/schema.ts'

export type { PasswordPolicy }

/** The least that Muster asks for; CIS AWS Foundations asks for the length and the reuse, FSBP for the kinds and the age. */
export const recommendedPolicy: PasswordPolicy = {
  minimumLength: 14,
  requiresUppercase: true,
  requiresLowercase: true,
  requiresDigits: true,
  requiresSymbols: true,
  usersMayChangeTheirOwn: true,
  maxAgeDays: 90,
  rememberedPasswords: 24,
  hardExpiry: false,
}

type Rule<Value> = (a: Value, b: Value) => Value

const either: Rule<boolean> = (a, b) => a || b
const larger: Rule<number> = (a, b) => Math.max(a, b)
const sooner: Rule<number | null> = (a, b) => (a === null ? b : b === null ? a : Math.min(a, b))

/** For each part, which of two values is the stricter one. */
const stricterOf: { readonly [Part in keyof PasswordPolicy]: Rule<PasswordPolicy[Part]> } = {
  minimumLength: larger,
  requiresUppercase: either,
  requiresLowercase: either,
  requiresDigits: either,
  requiresSymbols: either,
  // No strictness: who may not change their own password cannot get past the first sign-in.
  usersMayChangeTheirOwn: either,
  maxAgeDays: sooner,
  rememberedPasswords: larger,
  hardExpiry: either,
}

const parts = Object.keys(stricterOf) as (keyof PasswordPolicy)[]

/** What the account should have: `wanted`, but for the parts in which its own policy is stricter. */
export function strictest(wanted: PasswordPolicy, own: PasswordPolicy | null): PasswordPolicy {
  if (own === null) return wanted
  const stricter = <Part extends keyof PasswordPolicy>(part: Part) =>
    [part, stricterOf[part](wanted[part], own[part])] as const
  return Object.fromEntries(parts.map(stricter)) as unknown as PasswordPolicy
}

/** The parts in which `own` falls short of `wanted`; all of them where the account has no policy. */
export function weakParts(wanted: PasswordPolicy, own: PasswordPolicy | null): (keyof PasswordPolicy)[] {
  if (own === null) return parts
  const target = strictest(wanted, own)
  return parts.filter((part) => target[part] !== own[part])
}

/** A console password of the account, as the credential report has it. */
export interface PasswordAge {
  readonly userName: string
  readonly changedAt: Date
}

const dayMs = 86_400_000

/** Whose password would expire by going from one policy to the other, and has not expired already. */
export function expiringBy(
  passwords: readonly PasswordAge[],
  from: PasswordPolicy | null,
  to: PasswordPolicy,
  now: Date,
): string[] {
  const isExpired = ({ changedAt }: PasswordAge, maxAgeDays: number | null) =>
    maxAgeDays !== null && now.getTime() - changedAt.getTime() >= maxAgeDays * dayMs
  return passwords
    .filter(
      (password) => isExpired(password, to.maxAgeDays) && !isExpired(password, from?.maxAgeDays ?? null),
    )
    .map(({ userName }) => userName)
    .sort()
}
