import { rootArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

/**
 * Asked of the management account of an organization, or of one that it delegated IAM to: no other has it, and to no
 * other does it apply.
 */
export const rootCredentialsManagement: Control = {
  id: 'root-credentials-management',
  title: 'The organization manages root credentials of its accounts centrally',
  practice: 'root-account',
  severity: 'medium',
  remedy:
    'In the management account run `aws iam enable-organizations-root-credentials-management`, and remove the root credentials of member accounts.',
  checks: ['iam_root_credentials_management_enabled'],
  judge: (snapshot) =>
    withFacts({ management: snapshot.rootCredentialsManagement }, ({ management }) => {
      const finding = {
        resource: rootArn(snapshot),
        message: 'Root credentials of member accounts are not managed centrally',
        evidence: { management },
      }
      const applies = management === 'on' || management === 'off'
      return verdictOf(management === 'off' ? [finding] : [], { applies, management })
    }),
}
