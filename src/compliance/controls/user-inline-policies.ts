import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

export const userInlinePolicies: Control = {
  id: 'user-inline-policies',
  title: 'No user has an inline policy',
  practice: 'groups',
  severity: 'medium',
  remedy:
    'Put what the policy allows into the policy of a group, put the user into it, and delete the inline policy.',
  checks: ['iam_policy_attached_only_to_group_or_roles'],
  judge: ({ authorization }) =>
    withFacts({ authorization }, ({ authorization: { users } }) => {
      const findings = users
        .filter(({ inlinePolicies }) => inlinePolicies.length > 0)
        .map(({ arn, userName, inlinePolicies }) => {
          const policies = inlinePolicies.map(({ name }) => name)
          return {
            resource: arn,
            message: `User ${userName} has inline policies: ${policies.join(', ')}`,
            evidence: { policies },
          }
        })
      return verdictOf(findings, { users: users.length })
    }),
}
