import type { Control } from '../control.ts'
import { passwordPolicyPart, passwordPolicyRemedy } from '../password-policy-part.ts'

export const passwordNumber: Control = {
  id: 'password-number',
  title: 'Passwords need a number',
  practice: 'password-policy',
  severity: 'medium',
  remedy: passwordPolicyRemedy,
  checks: ['iam_password_policy_number'],
  judge: passwordPolicyPart('requiresDigits', (isRequired) => isRequired, 'Passwords need not have a number'),
}
