import { attachedPolicies, isOfAws, noDocument } from '../attached-policies.ts'
import type { Control } from '../control.ts'
import { isAdministrative } from '../policies.ts'

/** Attached to whomever, roles too: those of break-glass roles are for an exception, with its reason. */
export const administratorAwsPolicies: Control = {
  id: 'administrator-aws-policies',
  title: 'No AWS managed policy that is attached allows everything',
  practice: 'least-privilege',
  severity: 'high',
  remedy:
    'Detach AdministratorAccess from users, groups and roles, and give them what they need; record an exception for a break-glass role.',
  checks: ['iam_aws_attached_policy_no_administrative_privileges'],
  judge: noDocument(
    (authorization) => attachedPolicies(authorization, isOfAws),
    (document) => isAdministrative([document]),
    'is attached and allows everything',
  ),
}
