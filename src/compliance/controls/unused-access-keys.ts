import { type Control, verdictOf } from '../control.ts'
import { activeKeysOf, daysSince, everybodyIn, reportedOf, withFacts } from '../facts-at-hand.ts'

const quietDays = 45

/** A key that was never used is as unused as it is old. */
export const unusedAccessKeys: Control = {
  id: 'unused-access-keys',
  title: `Active access keys were used within ${quietDays} days`,
  practice: 'credential-rotation',
  severity: 'medium',
  remedy: 'Switch the key off, and delete it when nothing misses it.',
  checks: ['iam_user_accesskey_unused'],
  judge: (snapshot, now) =>
    withFacts({ reported: reportedOf(snapshot) }, ({ reported }) => {
      const findings = everybodyIn(reported).flatMap((user) => {
        const unused = activeKeysOf(user).flatMap(({ number, rotatedAt, usedAt }) => {
          const since = usedAt ?? rotatedAt
          if (since === null || daysSince(since, now) < quietDays) return []
          return [{ key: number, usedAt: usedAt?.toISOString() ?? null, unusedDays: daysSince(since, now) }]
        })
        if (unused.length === 0) return []
        const longest = Math.max(...unused.map(({ unusedDays }) => unusedDays))
        const message = `User ${user.userName} has an access key that was not used for ${longest} days`
        return [{ resource: user.arn, message, evidence: { keys: unused } }]
      })
      // Whom nobody has seen yet is too young to have anything that old.
      return verdictOf(findings, reported.evidence)
    }),
}
