/** What a group uses of what it allows: the last report of AWS, and what would be enough. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import type { CatalogGroup } from '../../catalog/catalog.ts'
import { smallerPolicy } from '../../compliance/smaller-policy.ts'
import { judgeUse, readGroupUsage, type UsageRecord, unusedAfterDays } from '../../compliance/usage.ts'
import { accountUnknown, Problem } from '../../problem.ts'
import type { AppDeps } from '../deps.ts'
import { answer, ref } from '../schemas/common.ts'
import { adminProblems, problems } from '../schemas/problem.ts'
import { GroupUsageSchema } from '../schemas/usage.ts'

export const usageRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, catalog, clock } = deps

  app.get(
    '/groups/:group/usage',
    {
      schema: {
        operationId: 'getGroupUsage',
        tags: ['compliance'],
        summary: 'What a group uses, and smaller policies for it',
        description:
          'AWS is asked about once a week for each group of the catalog that has members. A proposal is never carried out: change the file in the catalog.',
        params: Type.Object({
          group: Type.String({
            minLength: 1,
            maxLength: 128,
            description: 'The name of a group of the catalog.',
          }),
        }),
        response: {
          200: answer('As last reported.', ref(GroupUsageSchema)),
          ...adminProblems,
          ...problems(404),
        },
      },
    },
    async ({ params: { group: groupName } }) => {
      const group = catalog.groups[groupName]
      if (!group) throw new Problem(404, 'no-such-group', `The catalog has no group "${groupName}".`)
      const record = await readGroupUsage(store.db, deps.accountId() ?? accountUnknown(), groupName)
      return shown(groupName, group, record, clock())
    },
  )
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html#access_policies_last-accessed-know */
const limits = [
  'AWS counts attempts, whether they were allowed or not, and may show them up to four hours late.',
  'AWS knows of the last 400 days at least, and of less where a Region began to be tracked later.',
  'What happens seldom (a yearly closing, an emergency) may not have happened in this time.',
  'Whether iam:PassRole is used is not tracked, nor what a service does on behalf of a user.',
]

function shown(
  groupName: string,
  group: CatalogGroup,
  record: UsageRecord | undefined,
  now: Date,
): Static<typeof GroupUsageSchema> {
  const { checkedAt = null, triedAt = null, problem = null, services: reported = [] } = record ?? {}
  const services =
    checkedAt === null
      ? []
      : reported.map((service) => ({ ...service, verdict: judgeUse(service, checkedAt) }))
  const unused = new Set(
    services.filter(({ verdict }) => verdict === 'unused').map(({ namespace }) => namespace),
  )
  return {
    groupName,
    checkedAt: checkedAt?.toISOString() ?? null,
    triedAt: triedAt?.toISOString() ?? null,
    problem,
    unusedAfterDays,
    services,
    proposals: unused.size === 0 ? [] : proposalsFor(group, unused),
    limits,
    answeredAt: now.toISOString(),
  }
}

function proposalsFor(group: CatalogGroup, unused: ReadonlySet<string>) {
  return group.policies.flatMap(({ name: policyName, file, document }) => {
    const { removed, notes, ...smaller } = smallerPolicy(document, unused)
    if (removed.length === 0 && notes.length === 0) return []
    return [
      {
        policyName,
        file,
        ...smaller,
        removed: removed.map((each) => ({ ...each, actions: [...each.actions] })),
        notes: [...notes],
      },
    ]
  })
}
