import { unknown } from '../../aws/fact.ts'
import { statementsOf } from '../../catalog/policy-document.ts'
import {
  type EscalationWay,
  escalationWays,
  type Grant,
  passesAnyRole,
  saidOf,
} from '../../catalog/rules/escalation.ts'
import { some } from '../../catalog/rules/fault.ts'
import { type Control, type Finding, unknownVerdict, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import { type Held, holdingsOf, readable, unreadable } from '../holdings.ts'
import { isAdministrative } from '../policies.ts'
import type { Authorization, AuthorizedGroup } from '../snapshot.ts'

/**
 * The ways that the catalog's lint knows, in what groups really carry: each group by itself, and the groups that
 * somebody is in together, where one passes roles and another has what runs as them. Policies of a group that allow
 * everything together are the shortest way of all.
 */
export const privilegeEscalation: Control = {
  id: 'privilege-escalation',
  title: 'No group leads to more rights than it gives',
  practice: 'least-privilege',
  severity: 'high',
  remedy:
    'Take the named actions out of the policies of the group, or name the resources they are for: roles that may be passed, functions that may be changed.',
  checks: [],
  judge: ({ authorization }) =>
    withFacts({ authorization }, ({ authorization: found }) => {
      const holdings = holdingsOf(found)
      const held = new Map(found.groups.map((group) => [group, holdings.ownOf(group)]))
      const ways = waysUp(found, held)
      const findings = found.groups.flatMap((group) =>
        findingsOf(group, ways.get(group) ?? [], administrativeTogether(held.get(group) ?? [])),
      )
      const unread = [...held].flatMap(([{ groupName }, all]) =>
        unreadable(all).map((label) => `${label} of group ${groupName}`),
      )
      if (unread.length > 0)
        return unknownVerdict([unknown(`The policy could not be read: ${unread.join(', ')}`)], findings)
      return verdictOf(findings, { groups: found.groups.length })
    }),
}

type Ways = readonly EscalationWay<AuthorizedGroup>[]

function waysUp(
  { users }: Authorization,
  held: ReadonlyMap<AuthorizedGroup, readonly Held[]>,
): ReadonlyMap<AuthorizedGroup, Ways> {
  const grants = new Map<string, readonly Grant<AuthorizedGroup>[]>()
  for (const [group, all] of held) {
    const documents = readable(all)
    // What gives everything by itself is said of the policy that does.
    if (documents.some((document) => isAdministrative([document]))) continue
    const statements = documents.flatMap(statementsOf)
    grants.set(
      group.groupName,
      statements.map((statement) => ({ source: group, statement })),
    )
  }
  const alone = [...grants.values()].flatMap((own) => escalationWays(own))
  const together = groupsHeldTogether(users, passersIn(grants)).flatMap((names) =>
    escalationWays(names.flatMap((name) => grants.get(name) ?? [])).filter(
      ({ kind }) => kind === 'pass-role',
    ),
  )
  return Map.groupBy([...alone, ...together], ({ source }) => source)
}

/** The policies that give everything together, and none of which does alone: no other control says it of them. */
function administrativeTogether(held: readonly Held[]): readonly string[] {
  const documents = readable(held)
  if (!isAdministrative(documents) || documents.some((document) => isAdministrative([document]))) return []
  return held.filter(({ document }) => document !== undefined).map(({ label }) => label)
}

/** Distinct sets of groups that users are in, of those in which two groups may lead further than each alone. */
function groupsHeldTogether(
  users: Authorization['users'],
  passers: ReadonlySet<string>,
): readonly (readonly string[])[] {
  const sets = new Map<string, readonly string[]>()
  for (const { groups } of users)
    if (groups.length > 1 && groups.some((name) => passers.has(name)))
      sets.set([...groups].sort().join('\n'), groups)
  return [...sets.values()]
}

function passersIn(grants: ReadonlyMap<string, readonly Grant<AuthorizedGroup>[]>): ReadonlySet<string> {
  return new Set(
    [...grants]
      .filter(([, own]) => own.some(({ statement }) => passesAnyRole(statement)))
      .map(([name]) => name),
  )
}

function findingsOf(group: AuthorizedGroup, ways: Ways, together: readonly string[]): Finding[] {
  const byKind = [...Map.groupBy(ways, ({ kind }) => kind)].map(
    ([kind, same]) => [kind, [...new Set(same.flatMap(({ actions }) => actions))].sort()] as const,
  )
  const told = byKind.map(([kind, actions]) => saidOf[kind](some(actions)))
  const isEverything = together.length > 0
  if (isEverything) told.unshift('its policies allow everything together, though none does alone')
  if (told.length === 0) return []
  return [
    {
      resource: group.arn,
      message: `Group ${group.groupName}: ${told.join('; ')}`,
      evidence: { ...(isEverything ? { policies: together } : {}), ...Object.fromEntries(byKind) },
    },
  ]
}
