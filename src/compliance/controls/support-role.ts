import { awsPolicyArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

export const supportRole: Control = {
  id: 'support-role',
  title: 'There is a role for incidents with AWS Support',
  practice: 'least-privilege',
  severity: 'low',
  remedy: 'Make a role that the people who handle incidents may assume, and attach AWSSupportAccess to it.',
  checks: ['iam_support_role_created'],
  judge: (snapshot) =>
    withFacts({ holders: snapshot.supportAccess }, ({ holders: { roles } }) => {
      const finding = {
        resource: awsPolicyArn(snapshot, 'AWSSupportAccess'),
        message: 'No role carries AWSSupportAccess',
        evidence: { roles },
      }
      return verdictOf(roles.length === 0 ? [finding] : [], { roles })
    }),
}
