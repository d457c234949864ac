import { type Control, verdictOf } from '../control.ts'
import { activeKeysOf, daysSince, everybodyIn, reportedOf, withFacts } from '../facts-at-hand.ts'

const maxAgeDays = 90

/** `rotatedAt` also moves when a key is switched off and on, so a key is at least as old as this says. */
export const accessKeyAge: Control = {
  id: 'access-key-age',
  title: `Active access keys are at most ${maxAgeDays} days old`,
  practice: 'credential-rotation',
  severity: 'medium',
  remedy:
    'Make a new key, put it where the old one is used, switch the old one off, and delete it when nothing misses it. Muster asks its own users to do so in time.',
  checks: ['iam_rotate_access_key_90_days'],
  judge: (snapshot, now) =>
    withFacts({ reported: reportedOf(snapshot) }, ({ reported }) => {
      const findings = everybodyIn(reported).flatMap((user) => {
        const old = activeKeysOf(user)
          .flatMap(({ number, rotatedAt }) =>
            rotatedAt === null ? [] : [{ key: number, ageDays: daysSince(rotatedAt, now) }],
          )
          .filter(({ ageDays }) => ageDays > maxAgeDays)
        if (old.length === 0) return []
        const oldest = Math.max(...old.map(({ ageDays }) => ageDays))
        const message = `User ${user.userName} has an access key that is ${oldest} days old`
        return [{ resource: user.arn, message, evidence: { keys: old } }]
      })
      // Whom nobody has seen yet is too young to have anything that old.
      return verdictOf(findings, reported.evidence)
    }),
}
