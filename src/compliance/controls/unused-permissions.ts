import { type Unknown, unknown } from '../../aws/fact.ts'
import { some } from '../../catalog/rules/fault.ts'
import { isAhead } from '../../clock.ts'
import { type Control, type Finding, unknownVerdict, verdictOf } from '../control.ts'
import { daysSince, withFacts } from '../facts-at-hand.ts'
import { type Held, holdingsOf, readable } from '../holdings.ts'
import type { Authorization, AuthorizedGroup, GroupUsage, MusterFacts } from '../snapshot.ts'
import { isAllUntracked } from '../untracked.ts'

const quietDays = 90
const maxAgeDays = 14

/**
 * By service, as AWS tracks it: the last attempt, allowed or not. Groups that are empty, or younger than the time
 * asked for, have had nobody or no time to use anything.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
 */
export const unusedPermissions: Control = {
  id: 'unused-permissions',
  title: `Members of groups used every service that the group allows within ${quietDays} days`,
  practice: 'least-privilege',
  severity: 'low',
  remedy: 'Take the service out of the policies of the group; Muster proposes the smaller policy.',
  checks: [],
  judge: ({ authorization, muster, usage }, now) =>
    withFacts({ authorization }, ({ authorization: found }) => {
      const groups = judgedGroups(found, muster, now)
      const holdings = holdingsOf(found)
      const usageOf = new Map(usage.map((each) => [each.groupName, each]))
      const findings: Finding[] = []
      const unsure: Unknown[] = []
      for (const group of groups) {
        const used = usageOf.get(group.groupName)
        const gap = whyNotKnown(group, used, now)
        if (gap) unsure.push(gap)
        else if (used) findings.push(...unusedIn(group, holdings.ownOf(group), used, now))
      }
      if (unsure.length > 0) return unknownVerdict(unsure, findings)
      return verdictOf(findings, { groups: groups.map(({ groupName }) => groupName) })
    }),
}

function judgedGroups(
  { groups, users }: Authorization,
  { groups: kept, baselineGroup, quarantineGroup }: MusterFacts,
  now: Date,
): AuthorizedGroup[] {
  const peopled = new Set(users.flatMap((user) => user.groups))
  return groups.filter(
    ({ groupName, createdAt }) =>
      Object.hasOwn(kept, groupName) &&
      groupName !== baselineGroup &&
      groupName !== quarantineGroup &&
      peopled.has(groupName) &&
      daysSince(createdAt, now) >= quietDays,
  )
}

function whyNotKnown(
  { groupName }: AuthorizedGroup,
  usage: GroupUsage | undefined,
  now: Date,
): Unknown | null {
  if (usage === undefined) return unknown(`What members of group ${groupName} use has not been looked at yet`)
  const isOfNow = !isAhead(usage.checkedAt, now) && daysSince(usage.checkedAt, now) < maxAgeDays
  if (isOfNow) return null
  return unknown(`What members of group ${groupName} use was last looked at ${usage.checkedAt.toISOString()}`)
}

function unusedIn(
  { arn, groupName }: AuthorizedGroup,
  held: readonly Held[],
  { services, checkedAt }: GroupUsage,
  now: Date,
): Finding[] {
  const unused = services
    .filter(({ usedAt }) => usedAt === null || daysSince(usedAt, now) > quietDays)
    .map(({ namespace }) => namespace)
    .filter((namespace) => !isAllUntracked(namespace, readable(held)))
  if (unused.length === 0) return []
  return [
    {
      resource: arn,
      message: `Group ${groupName} allows what no member used in ${quietDays} days: ${some(unused)}`,
      evidence: { unused, allowed: services.length, checkedAt: checkedAt.toISOString() },
    },
  ]
}
