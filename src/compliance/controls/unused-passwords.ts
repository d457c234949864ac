import { type Control, verdictOf } from '../control.ts'
import { daysSince, reportedOf, withFacts } from '../facts-at-hand.ts'

const quietDays = 45

/** A password that was never used is as unused as it is old. */
export const unusedPasswords: Control = {
  id: 'unused-passwords',
  title: `Console passwords were used within ${quietDays} days`,
  practice: 'credential-rotation',
  severity: 'medium',
  remedy: 'Delete the login profile; whoever needs the console again gets a new one by enrolling.',
  checks: ['iam_user_console_access_unused'],
  judge: (snapshot, now) =>
    withFacts({ reported: reportedOf(snapshot) }, ({ reported }) => {
      const findings = reported.users.flatMap((user) => {
        // Set before this could be told: then as old as the user.
        const since = user.passwordUsedAt ?? user.passwordChangedAt ?? user.createdAt
        if (!user.hasPassword || since === null || daysSince(since, now) < quietDays) return []
        return [
          {
            resource: user.arn,
            message: `User ${user.userName} has not used their password for ${daysSince(since, now)} days`,
            evidence: { usedAt: user.passwordUsedAt?.toISOString() ?? null, since: since.toISOString() },
          },
        ]
      })
      // Whom nobody has seen yet is too young to have anything that old.
      return verdictOf(findings, reported.evidence)
    }),
}
