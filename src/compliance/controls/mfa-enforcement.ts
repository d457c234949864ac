import { unknown } from '../../aws/fact.ts'
import { canonicalPolicy } from '../../catalog/policy-document.ts'
import { groupArn } from '../arns.ts'
import { type Control, type Finding, unknownVerdict, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import type { AccountSnapshot, Authorization, MusterFacts } from '../snapshot.ts'
import { isAtWork, whoseUsers, worksUnfinished } from '../whose-users.ts'

/** The baseline policy as Muster wrote it, in the baseline group, with all of Muster's users in it. */
export const mfaEnforcement: Control = {
  id: 'mfa-enforcement',
  title: 'Without MFA nobody can do anything: the baseline is whole, and everybody is in it',
  practice: 'mfa',
  severity: 'critical',
  remedy:
    'Let Muster put it back, which it does by itself in mode enforce; then see in the drifts who changed it.',
  checks: [],
  judge: (snapshot) =>
    withFacts({ authorization: snapshot.authorization }, ({ authorization }) => {
      const policy = authorization.policies.find(({ arn }) => arn === snapshot.muster.baselinePolicyArn)
      const findings = [
        ...policyFindings(policy, snapshot.muster),
        ...groupFindings(authorization, snapshot),
        ...memberFindings(authorization, snapshot.muster),
      ]
      if (policy !== undefined && policy.document === undefined)
        return unknownVerdict([unknown(`Policy ${policy.policyName} could not be read`)], findings)
      return verdictOf(findings, {
        policy: snapshot.muster.baselinePolicyArn,
        group: snapshot.muster.baselineGroup,
      })
    }),
}

function policyFindings(
  policy: Authorization['policies'][number] | undefined,
  muster: MusterFacts,
): Finding[] {
  const about = (message: string): Finding[] => [
    { resource: muster.baselinePolicyArn, message, evidence: { document: policy?.document ?? null } },
  ]
  if (policy === undefined) return about('The policy that enforces MFA is not there')
  if (policy.document === undefined) return []
  const isWhole = canonicalPolicy(policy.document) === canonicalPolicy(muster.baselineDocument)
  return isWhole ? [] : about(`Policy ${policy.policyName}, which enforces MFA, was altered`)
}

function groupFindings({ groups }: Authorization, snapshot: AccountSnapshot): Finding[] {
  const { baselineGroup, baselinePolicyArn, path } = snapshot.muster
  const group = groups.find(({ groupName }) => groupName === baselineGroup)
  if (group?.attachedPolicyArns.includes(baselinePolicyArn)) return []
  return [
    {
      resource: group?.arn ?? groupArn(snapshot, path, baselineGroup),
      message: group
        ? `Group ${baselineGroup} does not carry the policy that enforces MFA`
        : `Group ${baselineGroup} is not there`,
      evidence: { policies: group?.attachedPolicyArns ?? null },
    },
  ]
}

function memberFindings(authorization: Authorization, muster: MusterFacts): Finding[] {
  return whoseUsers(authorization, muster)
    .managed.filter((each) => isAtWork(each.identity) || worksUnfinished(each, muster))
    .filter(({ user }) => !user.groups.includes(muster.baselineGroup))
    .map(({ user, identity }) => ({
      resource: user.arn,
      message: `User ${user.userName} is not in group ${muster.baselineGroup}, so nothing asks them for MFA`,
      evidence: { employeeId: identity.employeeId, groups: user.groups },
    }))
}
