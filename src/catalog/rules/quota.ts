/** IAM's quotas: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
import { type DraftCatalog, policyDocs } from '../catalog.ts'
import type { LintFault } from './fault.ts'

export interface Quotas {
  readonly groupsPerAccount: number
  readonly customerPoliciesPerAccount: number
  readonly groupsPerUser: number
  readonly policiesPerGroup: number
}

export const DEFAULT_QUOTAS: Quotas = {
  groupsPerAccount: 300,
  customerPoliciesPerAccount: 1500,
  groupsPerUser: 10,
  policiesPerGroup: 10,
}

/** Baseline and quarantine. */
const OWN_GROUPS = 2
/** The baseline's own; the quarantine carries one of AWS's. */
const OWN_POLICIES = 1
/** The baseline is one of a user's groups, and one place stays free for the quarantine. */
const RESERVED_PER_USER = 2

export function quotaFaults(catalog: DraftCatalog, quotas: Quotas): LintFault[] {
  const fault = (rule: LintFault['rule'], message: string, remedy: string): LintFault => ({
    file: catalog.file,
    statement: null,
    rule,
    message,
    remedy,
  })
  const groups = Object.entries(catalog.groups)
  const docs = policyDocs(catalog)
  const policies = docs.policies.length + docs.boundaries.length + OWN_POLICIES
  const perRole = quotas.groupsPerUser - RESERVED_PER_USER
  return [
    ...groups
      .map(([name, group]) => ({ name, count: group.policies.length + group.awsManagedPolicies.length }))
      .filter(({ count }) => count > quotas.policiesPerGroup)
      .map(({ name, count }) =>
        fault(
          'too-many-policies',
          `group ${name} has ${count} policies, IAM attaches ${quotas.policiesPerGroup} to a group`,
          'join some of them, or make two groups',
        ),
      ),
    ...Object.entries(catalog.roles)
      .filter(([, role]) => role.groups.length > perRole)
      .map(([name, role]) =>
        fault(
          'too-many-groups',
          `role ${name} has ${role.groups.length} groups; of a user's ${quotas.groupsPerUser} the baseline takes one ` +
            'and one stays free for the quarantine',
          `use ${perRole} groups or fewer`,
        ),
      ),
    ...(groups.length + OWN_GROUPS > quotas.groupsPerAccount
      ? [
          fault(
            'too-many-groups',
            `${groups.length} groups and Muster's ${OWN_GROUPS} exceed the account's ${quotas.groupsPerAccount}`,
            'join some of them, or have the quota raised',
          ),
        ]
      : []),
    ...(policies > quotas.customerPoliciesPerAccount
      ? [
          fault(
            'too-many-policies',
            `${policies} policies exceed the account's ${quotas.customerPoliciesPerAccount}`,
            'join some of them, or have the quota raised',
          ),
        ]
      : []),
  ]
}
