import { unknown } from '../../aws/fact.ts'
import { type Control, unknownVerdict } from '../control.ts'
import { activeKeysOf, reportedOf, verdictOnEverybody, withFacts } from '../facts-at-hand.ts'
import { mfaOf, newUsersWithMfa } from '../mfa-of-users.ts'
import { whoIsPrivileged } from '../who-is-privileged.ts'

/** Of those who could act at all, by a password or a key: who has neither has nothing for MFA to guard. */
export const privilegedMfa: Control = {
  id: 'privileged-mfa',
  title: 'Everybody who could take the whole account has MFA',
  practice: 'mfa',
  severity: 'critical',
  remedy: 'Take the rights away, or the password and the keys, until the user has an MFA device.',
  checks: [],
  judge: (snapshot) =>
    withFacts(
      { reported: reportedOf(snapshot), authorization: snapshot.authorization },
      ({ reported, authorization }) => {
        const hasMfa = mfaOf(snapshot)
        const unguarded = new Map(
          reported.users
            .filter((user) => (user.hasPassword || activeKeysOf(user).length > 0) && !hasMfa(user))
            .map((user) => [user.arn, user]),
        )
        const { privileged, unsure } = whoIsPrivileged(authorization, snapshot.muster)
        const findings = privileged
          .filter(({ user }) => unguarded.has(user.arn))
          .map(({ user, why }) => ({
            resource: user.arn,
            message: `User ${user.userName} has no MFA, and ${why}`,
            evidence: { why, hasPassword: unguarded.get(user.arn)?.hasPassword ?? false },
          }))
        const open = unsure.filter(({ arn }) => unguarded.has(arn)).map(({ userName }) => userName)
        if (open.length > 0)
          return unknownVerdict([unknown(`Policies of ${open.join(', ')} could not be read`)], findings)
        const evidence = { ...reported.evidence, privilegedUsers: privileged.length }
        const maybePrivileged = new Set([...privileged.map(({ user }) => user), ...unsure])
        const hasMfaForSure = newUsersWithMfa(snapshot)
        return verdictOnEverybody(
          findings,
          { ...reported, evidence },
          (user) => !maybePrivileged.has(user) || hasMfaForSure(user),
        )
      },
    ),
}
