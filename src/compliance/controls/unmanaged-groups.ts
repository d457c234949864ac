import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

export const unmanagedGroups: Control = {
  id: 'unmanaged-groups',
  title: 'Every group comes from the catalog',
  practice: 'groups',
  severity: 'low',
  remedy: 'Write the group into the catalog, or delete it once nobody is in it; or record an exception.',
  checks: [],
  judge: ({ authorization, muster }) =>
    withFacts({ authorization }, ({ authorization: { groups, users } }) => {
      const findings = groups
        .filter(({ groupName }) => !Object.hasOwn(muster.groups, groupName))
        .map(({ arn, groupName }) => ({
          resource: arn,
          message: `Group ${groupName} is not in the catalog`,
          evidence: { members: users.filter((user) => user.groups.includes(groupName)).length },
        }))
      return verdictOf(findings, { groups: groups.length })
    }),
}
