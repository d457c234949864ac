import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import { whoseUsers } from '../whose-users.ts'

export const unmanagedUsers: Control = {
  id: 'unmanaged-users',
  title: 'Every user belongs to an employee',
  practice: 'groups',
  severity: 'medium',
  remedy:
    'Find out whose it is. Let Muster adopt a person; replace what a program uses by a role; delete the rest, or record an exception.',
  checks: [],
  judge: ({ authorization, muster }) =>
    withFacts({ authorization }, ({ authorization: found }) => {
      const { managed, unmanaged } = whoseUsers(found, muster)
      const findings = unmanaged.map(({ arn, userName, createdAt, tags }) => ({
        resource: arn,
        message: `User ${userName} belongs to no employee`,
        evidence: { createdAt: createdAt.toISOString(), tags },
      }))
      return verdictOf(findings, { managedUsers: managed.length })
    }),
}
