import type { Control } from '../control.ts'
import { passwordPolicyPart, passwordPolicyRemedy } from '../password-policy-part.ts'

export const passwordSymbol: Control = {
  id: 'password-symbol',
  title: 'Passwords need a symbol',
  practice: 'password-policy',
  severity: 'medium',
  remedy: passwordPolicyRemedy,
  checks: ['iam_password_policy_symbol'],
  judge: passwordPolicyPart(
    'requiresSymbols',
    (isRequired) => isRequired,
    'Passwords need not have a symbol',
  ),
}
