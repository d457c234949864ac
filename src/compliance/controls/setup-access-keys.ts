import type { Control } from '../control.ts'
import { activeKeysOf, reportedOf, verdictOnEverybody, withFacts } from '../facts-at-hand.ts'

/** Made in one go with the user, as a form offers it: nobody makes a key that soon because they need one. */
const setupMs = 3_600_000

export const setupAccessKeys: Control = {
  id: 'setup-access-keys',
  title: 'Console users have no unused access key from when they were set up',
  practice: 'credential-rotation',
  severity: 'medium',
  remedy: 'Delete the key: it was made with the user and never used. Who needs one makes one then.',
  checks: [],
  judge: (snapshot) =>
    withFacts({ reported: reportedOf(snapshot) }, ({ reported }) => {
      const findings = reported.users.flatMap((user) => {
        const { arn, userName, hasPassword, createdAt } = user
        if (!hasPassword || createdAt === null) return []
        const keys = activeKeysOf(user)
          .filter(
            ({ usedAt, rotatedAt }) =>
              usedAt === null && rotatedAt !== null && rotatedAt.getTime() - createdAt.getTime() <= setupMs,
          )
          .map(({ number }) => number)
        if (keys.length === 0) return []
        const message = `User ${userName} has an access key from when they were set up, never used`
        return [{ resource: arn, message, evidence: { keys, createdAt: createdAt.toISOString() } }]
      })
      return verdictOnEverybody(findings, reported)
    }),
}
