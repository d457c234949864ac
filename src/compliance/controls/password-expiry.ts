import type { Control } from '../control.ts'
import { passwordPolicyPart, passwordPolicyRemedy } from '../password-policy-part.ts'

export const passwordExpiry: Control = {
  id: 'password-expiry',
  title: 'Passwords expire within 90 days',
  practice: 'password-policy',
  severity: 'medium',
  remedy: passwordPolicyRemedy,
  checks: ['iam_password_policy_expires_passwords_within_90_days_or_less'],
  judge: passwordPolicyPart(
    'maxAgeDays',
    (days) => days !== null && days <= 90,
    'Passwords do not expire within 90 days',
  ),
}
