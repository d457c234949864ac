import { unknown } from '../../aws/fact.ts'
import { nameIn } from '../arns.ts'
import { inlinePolicies, noDocument } from '../attached-policies.ts'
import { type Control, together, unknownVerdict, type Verdict, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import { isAdministrative } from '../policies.ts'
import type { AccountSnapshot } from '../snapshot.ts'

const rights = 'has full administrator rights'

export const administratorInlinePolicies: Control = {
  id: 'administrator-inline-policies',
  title: 'No inline policy of a user, a group or a role allows everything',
  practice: 'least-privilege',
  severity: 'high',
  remedy:
    'Delete the inline policy, and give the group, or the role, what is needed by a small managed policy.',
  checks: ['iam_inline_policy_no_administrative_privileges'],
  judge: (snapshot) => together(ofUsersAndGroups(snapshot), ofRoles(snapshot)),
}

const ofUsersAndGroups = noDocument(inlinePolicies, (document) => isAdministrative([document]), rights)

/** Of these, whoever read them kept those alone that are bad. */
function ofRoles({ roles }: AccountSnapshot): Verdict {
  return withFacts({ roles }, ({ roles: { count, readAt, administrators, unreadable } }) => {
    const findings = administrators.map(({ arn, policies }) => ({
      resource: arn,
      message: `Role ${nameIn(arn)}, by an inline policy, ${rights}`,
      evidence: { policies },
    }))
    if (unreadable.length > 0)
      return unknownVerdict([unknown(`The policy could not be read: ${unreadable.join(', ')}`)], findings)
    return verdictOf(findings, { roles: count, rolesReadAt: readAt.toISOString() })
  })
}
