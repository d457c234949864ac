import type { Control } from '../control.ts'
import { passwordPolicyPart, passwordPolicyRemedy } from '../password-policy-part.ts'

export const passwordUppercase: Control = {
  id: 'password-uppercase',
  title: 'Passwords need an uppercase letter',
  practice: 'password-policy',
  severity: 'medium',
  remedy: passwordPolicyRemedy,
  checks: ['iam_password_policy_uppercase'],
  judge: passwordPolicyPart(
    'requiresUppercase',
    (isRequired) => isRequired,
    'Passwords need not have an uppercase letter',
  ),
}
