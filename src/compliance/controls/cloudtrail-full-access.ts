import { attachedPolicies, inlinePolicies, noDocument } from '../attached-policies.ts'
import type { Control } from '../control.ts'
import { givesAllOf } from '../policies.ts'

export const cloudtrailFullAccess: Control = {
  id: 'cloudtrail-full-access',
  title: 'No policy that somebody carries gives all of CloudTrail on all resources',
  practice: 'least-privilege',
  severity: 'medium',
  remedy:
    'Leave out what stops, changes and deletes trails; reading needs Describe*, Get*, List* and LookupEvents only.',
  checks: [],
  judge: noDocument(
    (authorization) => [...attachedPolicies(authorization, () => true), ...inlinePolicies(authorization)],
    (document) => givesAllOf('cloudtrail', document),
    'gives all of CloudTrail on all resources',
  ),
}
