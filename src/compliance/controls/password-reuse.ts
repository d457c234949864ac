import type { Control } from '../control.ts'
import { passwordPolicyPart, passwordPolicyRemedy } from '../password-policy-part.ts'

export const passwordReuse: Control = {
  id: 'password-reuse',
  title: 'None of the last 24 passwords can be used again',
  practice: 'password-policy',
  severity: 'medium',
  remedy: passwordPolicyRemedy,
  checks: ['iam_password_policy_reuse_24'],
  judge: passwordPolicyPart(
    'rememberedPasswords',
    (count) => count >= 24,
    'Fewer than 24 earlier passwords are remembered',
  ),
}
