import type { Control } from '../control.ts'
import { reportedOf, verdictOnEverybody, withFacts } from '../facts-at-hand.ts'
import { mfaOf, newUsersWithMfa } from '../mfa-of-users.ts'

export const consoleMfa: Control = {
  id: 'console-mfa',
  title: 'Everybody with a console password has MFA',
  practice: 'mfa',
  severity: 'critical',
  remedy:
    'Delete the login profile until the user has an MFA device. Muster does so for its own users, and lets them enroll anew.',
  checks: ['iam_user_mfa_enabled_console_access'],
  judge: (snapshot) =>
    withFacts({ reported: reportedOf(snapshot) }, ({ reported }) => {
      const hasMfa = mfaOf(snapshot)
      const findings = reported.users
        .filter((user) => user.hasPassword && !hasMfa(user))
        .map(({ arn, userName, passwordUsedAt }) => ({
          resource: arn,
          message: `User ${userName} has a console password and no MFA`,
          evidence: { passwordUsedAt: passwordUsedAt?.toISOString() ?? null },
        }))
      return verdictOnEverybody(findings, reported, newUsersWithMfa(snapshot))
    }),
}
