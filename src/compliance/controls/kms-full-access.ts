import { attachedPolicies, inlinePolicies, noDocument } from '../attached-policies.ts'
import type { Control } from '../control.ts'
import { givesAllOf } from '../policies.ts'

export const kmsFullAccess: Control = {
  id: 'kms-full-access',
  title: 'No policy that somebody carries gives all of KMS on all resources',
  practice: 'least-privilege',
  severity: 'medium',
  remedy: 'Leave out what decrypts, deletes keys and changes key policies, or name the keys.',
  checks: [],
  judge: noDocument(
    (authorization) => [...attachedPolicies(authorization, () => true), ...inlinePolicies(authorization)],
    (document) => givesAllOf('kms', document),
    'gives all of KMS on all resources',
  ),
}
