import { nameIn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import { isAtWork, type ManagedUser, whoseUsers, worksUnfinished } from '../whose-users.ts'

/** Of Muster's users at work. A locked one may carry the boundary of last resort, which is right there. */
export const missingBoundaries: Control = {
  id: 'missing-boundaries',
  title: "Every user of Muster's has the boundary of their role",
  practice: 'least-privilege',
  severity: 'high',
  remedy: 'Reconcile the employee (POST /v1/employees/{employeeId}/reconcile), and see who changed it.',
  checks: [],
  judge: ({ authorization, muster }) =>
    withFacts({ authorization }, ({ authorization: found }) => {
      const { managed } = whoseUsers(found, muster)
      const bounded = managed.filter(({ identity }) => isAtWork(identity) && identity.boundaryArn !== null)
      const unfinished = managed.filter((each) => worksUnfinished(each, muster))
      const findings = [...bounded.filter(hasAnother), ...unfinished.filter(hasNone)].map(
        ({ user, identity }) => ({
          resource: user.arn,
          message:
            user.boundaryArn === null
              ? `User ${user.userName} has no boundary`
              : `User ${user.userName} has the boundary ${nameIn(user.boundaryArn)}, not that of role ${identity.role}`,
          evidence: {
            wanted: identity.boundaryArn,
            found: user.boundaryArn,
            employeeId: identity.employeeId,
          },
        }),
      )
      return verdictOf(findings, { users: bounded.length + unfinished.length })
    }),
}

const hasAnother = ({ user, identity }: ManagedUser): boolean => user.boundaryArn !== identity.boundaryArn

const hasNone = ({ user }: ManagedUser): boolean => user.boundaryArn === null
