/** The account's password policy in IAM's words. */
import {
  GetAccountPasswordPolicyCommand,
  type PasswordPolicy as IamPasswordPolicy,
  UpdateAccountPasswordPolicyCommand,
  type UpdateAccountPasswordPolicyRequest,
} from '@aws-sdk/client-iam'
import type { Account } from '../aws/account.ts'
import type { Ask } from '../aws/ask.ts'
import { isAwsError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'
import type { PasswordPolicy } from './password-policy.ts'

/** Null when the account has none: then AWS's default of eight characters holds. One attempt. @throws AwsCallError */
export async function readPasswordPolicy(account: Account): Promise<PasswordPolicy | null> {
  return await askForPasswordPolicy(
    async (command) => (await account.call(command, { priority: priorities.interactive })).output,
  )
}

/** The same, asked as the caller asks. @throws AwsCallError */
export async function askForPasswordPolicy(ask: Ask): Promise<PasswordPolicy | null> {
  try {
    return fromIam((await ask(new GetAccountPasswordPolicyCommand({}))).PasswordPolicy)
  } catch (error) {
    if (isAwsError(error, 'absent')) return null
    throw error
  }
}

/** Sets the whole policy, and can be repeated. @returns AWS's request id @throws AwsCallError */
export async function writePasswordPolicy(
  account: Account,
  policy: PasswordPolicy,
): Promise<string | undefined> {
  const { requestId } = await account.call(new UpdateAccountPasswordPolicyCommand(toIam(policy)), {
    priority: priorities.interactive,
  })
  return requestId
}

function fromIam(policy: IamPasswordPolicy | undefined): PasswordPolicy {
  return {
    minimumLength: policy?.MinimumPasswordLength ?? 6,
    requiresUppercase: policy?.RequireUppercaseCharacters ?? false,
    requiresLowercase: policy?.RequireLowercaseCharacters ?? false,
    requiresDigits: policy?.RequireNumbers ?? false,
    requiresSymbols: policy?.RequireSymbols ?? false,
    usersMayChangeTheirOwn: policy?.AllowUsersToChangePassword ?? false,
    maxAgeDays: policy?.MaxPasswordAge || null,
    rememberedPasswords: policy?.PasswordReusePrevention ?? 0,
    hardExpiry: policy?.HardExpiry ?? false,
  }
}

/**
 * Every field is sent, since one that is left out returns to its default. The two that cannot be sent as
 * "none" (age and reuse begin at 1) mean none when they are left out.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
 */
function toIam(policy: PasswordPolicy): UpdateAccountPasswordPolicyRequest {
  return {
    MinimumPasswordLength: policy.minimumLength,
    RequireUppercaseCharacters: policy.requiresUppercase,
    RequireLowercaseCharacters: policy.requiresLowercase,
    RequireNumbers: policy.requiresDigits,
    RequireSymbols: policy.requiresSymbols,
    AllowUsersToChangePassword: policy.usersMayChangeTheirOwn,
    HardExpiry: policy.hardExpiry,
    ...(policy.maxAgeDays === null ? {} : { MaxPasswordAge: policy.maxAgeDays }),
    ...(policy.rememberedPasswords === 0 ? {} : { PasswordReusePrevention: policy.rememberedPasswords }),
  }
}
