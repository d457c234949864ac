import { rootArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import { rootHasNoCredentials } from '../root-credentials.ts'

export const rootMfa: Control = {
  id: 'root-mfa',
  title: 'The root user has MFA',
  practice: 'root-account',
  severity: 'critical',
  remedy:
    'Sign in as root, open Security credentials, and assign an MFA device; or remove root credentials of member accounts centrally.',
  checks: ['iam_root_mfa_enabled'],
  judge: (snapshot) =>
    withFacts({ summary: snapshot.summary }, ({ summary }) => {
      const hasNoCredentials = rootHasNoCredentials(summary)
      const evidence = { hasMfa: summary.rootHasMfa, hasNoCredentials }
      const finding = { resource: rootArn(snapshot), message: 'The root user has no MFA', evidence }
      return verdictOf(summary.rootHasMfa || hasNoCredentials ? [] : [finding], evidence)
    }),
}
