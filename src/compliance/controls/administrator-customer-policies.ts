import { attachedPolicies, isOfAws, noDocument } from '../attached-policies.ts'
import type { Control } from '../control.ts'
import { isAdministrative } from '../policies.ts'

export const administratorCustomerPolicies: Control = {
  id: 'administrator-customer-policies',
  title: 'No customer managed policy that is attached allows everything',
  practice: 'least-privilege',
  severity: 'high',
  remedy: 'Replace it by policies that name the actions and the resources that are needed, and detach it.',
  checks: ['iam_customer_attached_policy_no_administrative_privileges'],
  judge: noDocument(
    (authorization) => attachedPolicies(authorization, (arn) => !isOfAws(arn)),
    (document) => isAdministrative([document]),
    'is attached and allows everything',
  ),
}
