import type { Control } from '../control.ts'
import { passwordPolicyPart, passwordPolicyRemedy } from '../password-policy-part.ts'

export const passwordLowercase: Control = {
  id: 'password-lowercase',
  title: 'Passwords need a lowercase letter',
  practice: 'password-policy',
  severity: 'medium',
  remedy: passwordPolicyRemedy,
  checks: ['iam_password_policy_lowercase'],
  judge: passwordPolicyPart(
    'requiresLowercase',
    (isRequired) => isRequired,
    'Passwords need not have a lowercase letter',
  ),
}
