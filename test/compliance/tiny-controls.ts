/** A few controls of the tests' own, so that they are about what becomes of a verdict and not about AWS. */
import { type Control, unknownVerdict, verdictOf } from '../../src/compliance/control.ts'

export const rootKeys: Control = {
  id: 'test-root-keys',
  title: 'Root has no access keys',
  practice: 'root-account',
  severity: 'critical',
  remedy: 'Delete them.',
  checks: ['iam_no_root_access_key'],
  oneByOne: 'nobody can answer for a key that is made later',
  judge({ summary, accountId }) {
    if (!summary.known) return unknownVerdict([summary])
    const { rootAccessKeys } = summary.value
    const resource = `arn:aws:iam::${accountId}:root`
    const finding = { resource, message: 'Root has an access key.', evidence: { rootAccessKeys } }
    return verdictOf(rootAccessKeys > 0 ? [finding] : [], { rootAccessKeys })
  },
}

export const attachedPolicies: Control = {
  id: 'test-attached-policies',
  title: 'No policy on a user',
  practice: 'groups',
  severity: 'high',
  remedy: 'Detach it.',
  checks: ['iam_policy_attached_only_to_group_or_roles'],
  judge({ authorization }) {
    if (!authorization.known) return unknownVerdict([authorization])
    const { users } = authorization.value
    const findings = users
      .filter(({ attachedPolicyArns }) => attachedPolicyArns.length > 0)
      .map(({ arn, userName, attachedPolicyArns }) => ({
        resource: arn,
        message: `${userName} carries ${attachedPolicyArns.length} policies.`,
        evidence: { attachedPolicyArns },
      }))
    return verdictOf(findings, { users: users.length })
  },
}

export const devices: Control = {
  id: 'test-devices',
  title: 'Devices can be seen',
  practice: 'mfa',
  severity: 'low',
  remedy: 'Let Muster look.',
  checks: [],
  judge: ({ virtualMfaDevices }) =>
    virtualMfaDevices.known
      ? { status: 'pass', evidence: { devices: virtualMfaDevices.value.length } }
      : unknownVerdict([virtualMfaDevices]),
}

export const tinyControls: readonly Control[] = [rootKeys, attachedPolicies, devices]
