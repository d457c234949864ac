import type { Control } from '../control.ts'
import { passwordPolicyPart, passwordPolicyRemedy } from '../password-policy-part.ts'

export const passwordOwnChange: Control = {
  id: 'password-own-change',
  title: 'Users may change their own password',
  practice: 'password-policy',
  severity: 'medium',
  remedy: passwordPolicyRemedy,
  checks: [],
  judge: passwordPolicyPart(
    'usersMayChangeTheirOwn',
    (mayChange) => mayChange,
    'Users may not change their own password, so a first sign-in ends there',
  ),
}
