/** The account as a whole, asked of both. */
import { type Step, step } from './step.ts'

export const theAccount: readonly Step[] = [
  step('no password policy', 'GetAccountPasswordPolicyCommand', {}),
  step('delete no password policy', 'DeleteAccountPasswordPolicyCommand', {}),
  step('set the password policy', 'UpdateAccountPasswordPolicyCommand', {
    MinimumPasswordLength: 14,
    RequireSymbols: true,
    RequireNumbers: true,
    MaxPasswordAge: 90,
    PasswordReusePrevention: 24,
    AllowUsersToChangePassword: true,
  }),
  step('get the password policy', 'GetAccountPasswordPolicyCommand', {}),
  step('set only the length', 'UpdateAccountPasswordPolicyCommand', { MinimumPasswordLength: 10 }),
  step('get what is left of it', 'GetAccountPasswordPolicyCommand', {}),
  step('set too short a length', 'UpdateAccountPasswordPolicyCommand', { MinimumPasswordLength: 5 }),
  step('delete the password policy', 'DeleteAccountPasswordPolicyCommand', {}),
  step('no alias', 'ListAccountAliasesCommand', {}),
  step('make an alias', 'CreateAccountAliasCommand', { AccountAlias: 'muster-example' }),
  step('list the alias', 'ListAccountAliasesCommand', {}),
  step('get no report', 'GetCredentialReportCommand', {}),
  step('make a report', 'GenerateCredentialReportCommand', {}),
  step('make a report again', 'GenerateCredentialReportCommand', {}),
  step('summary', 'GetAccountSummaryCommand', {}),
]
