/**
 * Service last accessed data: which services an entity's policies allow, and who last tried to use them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
 */
import { createHash } from 'node:crypto'
import { required } from '../fields.ts'
import { type Caller, type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, Attempt, Group, LastAccessedService, Role, User } from './account-data.ts'
import { groupArn, keyOf, moment, roleArn, userArn } from './account-state.ts'
import { drawId } from './ids.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { policyWithArn } from './policy-lookup.ts'
import { serviceNames } from './service-names.ts'

const trackedMs = 400 * 86_400_000
const rememberedJobs = 1000

export const lastAccessedOperations: OperationTable = {
  GenerateServiceLastAccessedDetails: writes(
    {
      Arn: required(is.arn),
      Granularity: { type: 'text', oneOf: ['SERVICE_LEVEL', 'ACTION_LEVEL'] } as const,
    },
    (account, { Arn: arn, Granularity: granularity = 'SERVICE_LEVEL' }, { now, caller }) => {
      const services = report(account, subjectOf(account, arn), now)
      const jobId = uuidFrom(drawId(account, 'JOB'))
      const job = { owner: ownerOf(caller), granularity, createdAt: moment(now), services, asked: false }
      account.lastAccessedJobs.set(jobId, job)
      const [oldest] = account.lastAccessedJobs.keys()
      if (account.lastAccessedJobs.size > rememberedJobs && oldest) account.lastAccessedJobs.delete(oldest)
      return { JobId: jobId }
    },
  ),
  // It reads, as AWS counts it; that somebody asked is the sandbox's own way to let a job take its time.
  GetServiceLastAccessedDetails: reads(
    { JobId: required({ type: 'text', min: 36, max: 36 }), ...is.paging },
    (account, params, { caller }) => {
      const job = account.lastAccessedJobs.get(params.JobId)
      if (!job || job.owner !== ownerOf(caller)) {
        throw new Refusal('NoSuchEntity', `JobId ${params.JobId} not found.`)
      }
      const about = { JobType: job.granularity, JobCreationDate: job.createdAt }
      if (!job.asked) {
        job.asked = true
        return { JobStatus: 'IN_PROGRESS', ...about, ServicesLastAccessed: [], IsTruncated: false }
      }
      const found = page(job.services, ({ namespace }) => namespace, params)
      return {
        JobStatus: 'COMPLETED',
        ...about,
        JobCompletionDate: job.createdAt,
        ServicesLastAccessed: found.items.map(described),
        ...rest(found),
      }
    },
  ),
}

/** Notes that a user or role tried to call a service; for tests also, to say what happened before they began. */
export function noteAttempt(
  account: Account,
  principalId: string,
  namespace: string,
  attempt: Attempt,
): void {
  const byService = account.attempts.get(principalId) ?? new Map<string, Attempt>()
  byService.set(namespace, attempt)
  account.attempts.set(principalId, byService)
}

const described = ({ namespace, last, entities }: LastAccessedService) => ({
  ServiceName: serviceNames[namespace] ?? namespace,
  LastAuthenticated: last?.at,
  ServiceNamespace: namespace,
  LastAuthenticatedEntity: last?.entity,
  LastAuthenticatedRegion: last?.region,
  TotalAuthenticatedEntities: entities,
})

/** A job is for the same user, or the same session of a role. */
const ownerOf = ({ type, principalId, accessKeyId }: Caller) =>
  type === 'AssumedRole' ? `${principalId}/${accessKeyId}` : principalId

interface Subject {
  /** Documents of the policies that count. */
  readonly policies: readonly string[]
  readonly principals: readonly { readonly id: string; readonly arn: string }[]
}

function subjectOf(account: Account, arn: string): Subject {
  const [, kind = '', name = ''] =
    /^arn:aws:iam::[^:]+:(user|group|role|policy)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? []
  switch (kind) {
    case 'user': {
      const user = account.users.get(keyOf(name))
      if (!user || userArn(account, user) !== arn) break
      const groups = user.groups.flatMap((key) => account.groups.get(key) ?? [])
      return { policies: documentsOf(account, user, ...groups), principals: [userAt(account, user)] }
    }
    case 'group': {
      const group = account.groups.get(keyOf(name))
      if (!group || groupArn(account, group) !== arn) break
      const principals = membersOf(account, group).map((user) => userAt(account, user))
      return { policies: documentsOf(account, group), principals }
    }
    case 'role': {
      const role = account.roles.get(keyOf(name))
      if (!role || roleArn(account, role) !== arn) break
      return { policies: documentsOf(account, role), principals: [roleAt(account, role)] }
    }
    case 'policy':
      return { policies: [documentOf(account, arn)], principals: holdersOf(account, arn) }
  }
  if (kind === '') throw new Refusal('InvalidInput', `Invalid ARN: ${arn}`)
  throw new Refusal('NoSuchEntity', `${arn} does not exist.`)
}

function report(account: Account, { policies, principals }: Subject, now: Date): LastAccessedService[] {
  const since = moment(new Date(now.getTime() - trackedMs))
  return [...allowedServices(policies)].sort().map((namespace) => {
    const attempts = principals
      .flatMap(({ id, arn }) => {
        const attempt = account.attempts.get(id)?.get(namespace)
        return attempt && attempt.at >= since ? [{ ...attempt, entity: arn }] : []
      })
      .sort((a, b) => (a.at < b.at ? 1 : -1))
    const [last] = attempts
    return { namespace, entities: attempts.length, ...(last ? { last } : {}) }
  })
}

/** By the permission policies alone: no boundary, no organization, no other limit counts. */
function allowedServices(documents: readonly string[]): Set<string> {
  const services = new Set<string>()
  for (const document of documents) {
    const { Statement: raw } = JSON.parse(document) as { Statement: PolicyStatement | PolicyStatement[] }
    for (const { Effect: effect, Action: actions, NotAction: notActions } of [raw].flat()) {
      if (effect !== 'Allow') continue
      const all = Object.keys(serviceNames)
      for (const action of [actions ?? []].flat()) {
        for (const service of action === '*' ? all : [namespaceOf(action)]) services.add(service)
      }
      if (notActions === undefined) continue
      const excluded = new Set([notActions].flat().flatMap((each) => /^(.+):\*$/.exec(each)?.[1] ?? []))
      for (const service of all) if (!excluded.has(service)) services.add(service)
    }
  }
  return services
}

interface PolicyStatement {
  readonly Effect: string
  readonly Action?: string | readonly string[]
  readonly NotAction?: string | readonly string[]
}

const namespaceOf = (action: string) => action.slice(0, action.indexOf(':')).toLowerCase()

function documentsOf(account: Account, ...holders: readonly (User | Group | Role)[]): string[] {
  return holders.flatMap(({ attachedPolicies, inlinePolicies }) => [
    ...attachedPolicies.map((arn) => documentOf(account, arn)),
    ...inlinePolicies.values(),
  ])
}

function documentOf(account: Account, arn: string): string {
  const { versions, defaultVersionId } = policyWithArn(account, arn)
  return versions.find(({ versionId }) => versionId === defaultVersionId)?.document ?? '{"Statement":[]}'
}

function holdersOf(account: Account, arn: string) {
  const groups = [...account.groups].filter(([, group]) => group.attachedPolicies.includes(arn))
  const keys = new Set(groups.map(([key]) => key))
  const users = [...account.users.values()].filter(
    (user) => user.attachedPolicies.includes(arn) || user.groups.some((key) => keys.has(key)),
  )
  const roles = [...account.roles.values()].filter((role) => role.attachedPolicies.includes(arn))
  return [...users.map((user) => userAt(account, user)), ...roles.map((role) => roleAt(account, role))]
}

const membersOf = (account: Account, group: Group) =>
  [...account.users.values()].filter((user) => user.groups.includes(keyOf(group.groupName)))
const userAt = (account: Account, user: User) => ({ id: user.userId, arn: userArn(account, user) })
const roleAt = (account: Account, role: Role) => ({ id: role.roleId, arn: roleArn(account, role) })

function uuidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}
