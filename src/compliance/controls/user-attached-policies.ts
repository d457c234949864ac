import { isDeny } from '../../identity/plan-reading.ts'
import { nameIn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

/**
 * Any of them, as the public checks ask. Those that only deny (AWS's quarantine of a leaked key, `AWSDenyAll`) are no
 * permission, and Muster leaves them where they are; but they tell of an incident, and somebody should look.
 */
export const userAttachedPolicies: Control = {
  id: 'user-attached-policies',
  title: 'No policy is attached to a user',
  practice: 'groups',
  severity: 'medium',
  remedy:
    'Put the user into a group that carries the policy, and detach it from the user. A policy that only denies was put there for an incident: end that first.',
  checks: ['iam_policy_attached_only_to_group_or_roles'],
  judge: ({ authorization }) =>
    withFacts({ authorization }, ({ authorization: { users } }) => {
      const bearers = users.filter(({ attachedPolicyArns }) => attachedPolicyArns.length > 0)
      const findings = bearers.map(({ arn, userName, attachedPolicyArns }) => {
        const onlyDenies = attachedPolicyArns.every(isDeny)
        const names = attachedPolicyArns.map(nameIn).join(', ')
        return {
          resource: arn,
          message: onlyDenies
            ? `User ${userName} carries ${names}, which only denies: an incident is not over`
            : `User ${userName} has policies attached: ${names}`,
          evidence: { policies: attachedPolicyArns, onlyDenies },
        }
      })
      return verdictOf(findings, { users: users.length })
    }),
}
