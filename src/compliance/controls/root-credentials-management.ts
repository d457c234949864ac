import { rootArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

/** Only the management account of an organization, or a delegated one, may ask; elsewhere it is not known. */
export const rootCredentialsManagement: Control = {
  id: 'root-credentials-management',
  title: 'The organization manages root credentials of its accounts centrally',
  practice: 'root-account',
  severity: 'medium',
  remedy:
    'In the management account run `aws iam enable-organizations-root-credentials-management`, and remove the root credentials of member accounts.',
  checks: ['iam_root_credentials_management_enabled'],
  judge: (snapshot) =>
    withFacts({ enabled: snapshot.rootCredentialsManagement }, ({ enabled }) => {
      const finding = {
        resource: rootArn(snapshot),
        message: 'Root credentials of member accounts are not managed centrally',
        evidence: { enabled },
      }
      return verdictOf(enabled ? [] : [finding], { enabled })
    }),
}
