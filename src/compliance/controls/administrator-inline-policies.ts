import { inlinePolicies, noDocument } from '../attached-policies.ts'
import type { Control } from '../control.ts'
import { isAdministrative } from '../policies.ts'

export const administratorInlinePolicies: Control = {
  id: 'administrator-inline-policies',
  title: 'No inline policy of a user or a group allows everything',
  practice: 'least-privilege',
  severity: 'high',
  remedy: 'Delete the inline policy, and give a group what is needed by a small managed policy.',
  checks: ['iam_inline_policy_no_administrative_privileges'],
  judge: noDocument(
    inlinePolicies,
    (document) => isAdministrative([document]),
    'has full administrator rights',
  ),
}
