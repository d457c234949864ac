import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import { whoseUsers } from '../whose-users.ts'

/**
 * What the catalog gives to a role, somebody else has as well: no joiner, no leaver and no review reaches them. The
 * quarantine only denies: whoever is put there by hand has less, not more.
 */
export const foreignMembers: Control = {
  id: 'foreign-members',
  title: 'Groups that Muster manages have no members but its own users',
  practice: 'groups',
  severity: 'high',
  remedy:
    'Take the user out of the group, after finding out in CloudTrail who put them there. Let Muster adopt a person who needs what the group gives.',
  checks: [],
  judge: ({ authorization, muster }) =>
    withFacts({ authorization }, ({ authorization: found }) => {
      const giving = Object.keys(muster.groups).filter((name) => name !== muster.quarantineGroup)
      const kept = new Set(giving)
      const findings = whoseUsers(found, muster).unmanaged.flatMap(({ arn, userName, groups }) => {
        const foreign = groups.filter((name) => kept.has(name))
        if (foreign.length === 0) return []
        const message = `User ${userName} belongs to no employee, and is in ${foreign.join(', ')}`
        return [{ resource: arn, message, evidence: { groups: foreign } }]
      })
      return verdictOf(findings, { groups: giving })
    }),
}
