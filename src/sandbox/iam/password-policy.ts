/** The account's password policy. */
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, PasswordPolicy } from './account-data.ts'
import { flag } from './names.ts'

export const passwordPolicyOperations: OperationTable = {
  GetAccountPasswordPolicy: reads({}, (account) => {
    const policy = policyOf(account)
    return {
      PasswordPolicy: {
        MinimumPasswordLength: policy.minimumPasswordLength,
        RequireSymbols: policy.requireSymbols,
        RequireNumbers: policy.requireNumbers,
        RequireUppercaseCharacters: policy.requireUppercaseCharacters,
        RequireLowercaseCharacters: policy.requireLowercaseCharacters,
        AllowUsersToChangePassword: policy.allowUsersToChangePassword,
        ExpirePasswords: policy.maxPasswordAge !== undefined,
        MaxPasswordAge: policy.maxPasswordAge,
        PasswordReusePrevention: policy.passwordReusePrevention,
        HardExpiry: policy.hardExpiry,
      },
    }
  }),
  // No partial update: what is left out returns to its default (API_UpdateAccountPasswordPolicy).
  UpdateAccountPasswordPolicy: writes(
    {
      MinimumPasswordLength: { type: 'integer', min: 6, max: 128 },
      RequireSymbols: flag,
      RequireNumbers: flag,
      RequireUppercaseCharacters: flag,
      RequireLowercaseCharacters: flag,
      AllowUsersToChangePassword: flag,
      MaxPasswordAge: { type: 'integer', min: 1, max: 1095 },
      PasswordReusePrevention: { type: 'integer', min: 1, max: 24 },
      HardExpiry: flag,
    },
    (account, params) => {
      account.passwordPolicy = {
        minimumPasswordLength: params.MinimumPasswordLength ?? 6,
        requireSymbols: params.RequireSymbols ?? false,
        requireNumbers: params.RequireNumbers ?? false,
        requireUppercaseCharacters: params.RequireUppercaseCharacters ?? false,
        requireLowercaseCharacters: params.RequireLowercaseCharacters ?? false,
        allowUsersToChangePassword: params.AllowUsersToChangePassword ?? false,
        ...(params.MaxPasswordAge === undefined ? {} : { maxPasswordAge: params.MaxPasswordAge }),
        ...(params.PasswordReusePrevention === undefined
          ? {}
          : { passwordReusePrevention: params.PasswordReusePrevention }),
        hardExpiry: params.HardExpiry ?? false,
      }
    },
  ),
  DeleteAccountPasswordPolicy: writes({}, (account) => {
    policyOf(account)
    delete account.passwordPolicy
  }),
}

const upper = { pattern: /[A-Z]/, wanted: 'one uppercase letter' }
const lower = { pattern: /[a-z]/, wanted: 'one lowercase letter' }
const digit = { pattern: /[0-9]/, wanted: 'one number' }
const symbol = {
  pattern: /[!@#$%^&*()_+\-=[\]{}|']/,
  wanted: "one of the following characters: ! @ # $ % ^ & * ( ) _ + - = [ ] { } | '",
}

/** What is wrong with a password under the account's policy, or under AWS's default when it has none. */
export function passwordFault({ passwordPolicy: policy }: Account, password: string): string | undefined {
  if (!policy) {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html#default-policy-details
    if (password.length < 8) return tooShort(8)
    const kinds = [upper, lower, digit, symbol].filter(({ pattern }) => pattern.test(password)).length
    return kinds < 3 ? 'Password should contain at least three kinds of characters' : undefined
  }
  if (password.length < policy.minimumPasswordLength) return tooShort(policy.minimumPasswordLength)
  const required = [
    ...(policy.requireUppercaseCharacters ? [upper] : []),
    ...(policy.requireLowercaseCharacters ? [lower] : []),
    ...(policy.requireNumbers ? [digit] : []),
    ...(policy.requireSymbols ? [symbol] : []),
  ]
  const missing = required.find(({ pattern }) => !pattern.test(password))
  return missing ? `Password should have at least ${missing.wanted}` : undefined
}

const tooShort = (length: number) => `Password should have a minimum length of ${length}`

function policyOf(account: Account): PasswordPolicy {
  if (account.passwordPolicy) return account.passwordPolicy
  const message = `The Password Policy with domain name ${account.accountId} cannot be found.`
  throw new Refusal('NoSuchEntity', message)
}
