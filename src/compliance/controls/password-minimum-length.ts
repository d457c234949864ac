import type { Control } from '../control.ts'
import { passwordPolicyPart, passwordPolicyRemedy } from '../password-policy-part.ts'

export const passwordMinimumLength: Control = {
  id: 'password-minimum-length',
  title: 'Passwords have at least 14 characters',
  practice: 'password-policy',
  severity: 'medium',
  remedy: passwordPolicyRemedy,
  checks: ['iam_password_policy_minimum_length_14'],
  judge: passwordPolicyPart(
    'minimumLength',
    (length) => length >= 14,
    'Passwords may have fewer than 14 characters',
  ),
}
