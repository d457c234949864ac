import { rootArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

/** From the account summary, which is live; the credential report may be hours old. */
export const rootAccessKeys: Control = {
  id: 'root-access-keys',
  title: 'The root user has no access keys',
  practice: 'root-account',
  severity: 'critical',
  remedy: 'Sign in as root, open Security credentials, and delete the access keys; use a role instead.',
  checks: ['iam_no_root_access_key'],
  judge: (snapshot) =>
    withFacts({ summary: snapshot.summary }, ({ summary: { rootAccessKeys: accessKeys } }) => {
      const finding = {
        resource: rootArn(snapshot),
        message: 'The root user has access keys',
        evidence: { accessKeys },
      }
      return verdictOf(accessKeys > 0 ? [finding] : [], { accessKeys })
    }),
}
