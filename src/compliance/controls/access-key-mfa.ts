import type { Control } from '../control.ts'
import { activeKeysOf, reportedOf, verdictOnEverybody, withFacts } from '../facts-at-hand.ts'
import { mfaOf, newUsersWithMfa } from '../mfa-of-users.ts'

export const accessKeyMfa: Control = {
  id: 'access-key-mfa',
  title: 'Everybody with an active access key has MFA',
  practice: 'mfa',
  severity: 'medium',
  remedy:
    'Switch the key off until the user has an MFA device, by whose codes it gets sessions. A program should have a role instead of a user.',
  checks: [],
  judge: (snapshot) =>
    withFacts({ reported: reportedOf(snapshot) }, ({ reported }) => {
      const hasMfa = mfaOf(snapshot)
      const findings = reported.users.flatMap((user) => {
        const keys = activeKeysOf(user)
        if (keys.length === 0 || hasMfa(user)) return []
        const message = `User ${user.userName} has an active access key and no MFA`
        return [{ resource: user.arn, message, evidence: { activeKeys: keys.length } }]
      })
      return verdictOnEverybody(findings, reported, newUsersWithMfa(snapshot))
    }),
}
