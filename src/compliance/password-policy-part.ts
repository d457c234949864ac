/** Judging one part of the account's password policy. With no policy at all, IAM's weak default is in force. */
import type { PasswordPolicy } from '../store/schema.ts'
import { passwordPolicyArn } from './arns.ts'
import { type Verdict, verdictOf } from './control.ts'
import { withFacts } from './facts-at-hand.ts'
import type { AccountSnapshot } from './snapshot.ts'

/** For most parts there is but one thing to do. */
export const passwordPolicyRemedy =
  "Let Muster set the account's password policy, or run `aws iam update-account-password-policy` with every part of it: what is left out returns to its default."

export function passwordPolicyPart<Part extends keyof PasswordPolicy>(
  part: Part,
  isGoodEnough: (value: PasswordPolicy[Part]) => boolean,
  message: string,
) {
  return (snapshot: AccountSnapshot): Verdict =>
    withFacts({ policy: snapshot.passwordPolicy }, ({ policy }) => {
      const resource = passwordPolicyArn(snapshot)
      if (policy === null) {
        const evidence = { policy: null }
        return verdictOf([{ resource, message: 'The account has no password policy', evidence }], evidence)
      }
      const evidence = { [part]: policy[part] }
      return verdictOf(isGoodEnough(policy[part]) ? [] : [{ resource, message, evidence }], evidence)
    })
}
