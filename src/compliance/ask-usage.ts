/**
 * What the members of a group used of what it allows, as AWS tells it: the last attempt on each service, allowed
 * or not, in the 400 days or so that AWS tracks.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
 */
import { setTimeout as delay } from 'node:timers/promises'
import {
  GenerateServiceLastAccessedDetailsCommand,
  GetPolicyCommand,
  GetServiceLastAccessedDetailsCommand,
  type GetServiceLastAccessedDetailsCommandOutput,
  type ServiceLastAccessed,
} from '@aws-sdk/client-iam'
import type { Account } from '../aws/account.ts'
import { isAwsError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'
import { groupArn, policyArn } from '../catalog/account.ts'
import type { CatalogGroup } from '../catalog/catalog.ts'
import { documentIn } from '../catalog/partition.ts'
import { statementsOf } from '../catalog/policy-document.ts'
import type { UsedService } from '../store/compliance-tables.ts'

export interface UsageQuestion {
  readonly account: Account
  /** IAM path, `/muster/`. */
  readonly path: string
  readonly groupName: string
  readonly group: CatalogGroup
  /** Since when somebody has been in the group without a break; null when that is not on record. */
  readonly membersSince: Date | null
  /** Ends the wait for AWS's report. */
  readonly signal: AbortSignal
  /** Until the first look at the report; later ones wait twice as long each. */
  readonly firstWaitMs?: number
}

const usualFirstWaitMs = 2000
const maxLooks = 8

/** AWS made no report in the time that Muster waits for one. */
export class NoReport extends Error {}

/**
 * Orders a report and waits for it, some minutes at most. It belongs to the session that ordered it, so both are
 * done here, by one process.
 *
 * @throws AwsCallError, and NoReport with what went wrong
 */
export async function askUsage(question: UsageQuestion): Promise<UsedService[]> {
  const { account, path, groupName } = question
  const place = { accountId: account.accountId, partition: account.partition, path }
  const { output } = await account.call(
    new GenerateServiceLastAccessedDetailsCommand({ Arn: groupArn(place, groupName) }),
    { priority: priorities.bulk },
  )
  const services = await reportOf(question, output.JobId ?? '')
  const allowedSince = await grants(question)
  return services.map((service) => ({
    namespace: service.ServiceNamespace ?? '',
    name: service.ServiceName ?? '',
    usedAt: service.LastAuthenticated?.toISOString() ?? null,
    usedBy: service.LastAuthenticatedEntity ?? null,
    allowedSince: allowedSince(service.ServiceNamespace ?? ''),
  }))
}

async function reportOf(question: UsageQuestion, JobId: string): Promise<ServiceLastAccessed[]> {
  const { account, signal, firstWaitMs = usualFirstWaitMs } = question
  const pageAt = async (Marker?: string) => {
    const command = new GetServiceLastAccessedDetailsCommand({
      JobId,
      MaxItems: 1000,
      ...(Marker ? { Marker } : {}),
    })
    return (await account.call(command, { priority: priorities.bulk })).output
  }
  for (let look = 0; look < maxLooks; look++) {
    await delay(firstWaitMs * 2 ** look, undefined, { signal })
    const first = await pageAt().catch(notThereYet)
    if (first === undefined || first.JobStatus === 'IN_PROGRESS') continue
    if (first.JobStatus !== 'COMPLETED') {
      throw new NoReport(`AWS could not make the report: ${first.Error?.Message ?? 'it does not say why'}`)
    }
    return await allPages(first, pageAt)
  }
  throw new NoReport('AWS did not finish the report in time')
}

/** A job that was ordered a moment ago may not be known everywhere. */
function notThereYet(error: unknown): undefined {
  if (!isAwsError(error, 'absent')) throw error
}

async function allPages(
  first: GetServiceLastAccessedDetailsCommandOutput,
  pageAt: (marker?: string) => Promise<GetServiceLastAccessedDetailsCommandOutput>,
): Promise<ServiceLastAccessed[]> {
  const services = [...(first.ServicesLastAccessed ?? [])]
  for (let page = first; page.IsTruncated && page.Marker; ) {
    page = await pageAt(page.Marker)
    services.push(...(page.ServicesLastAccessed ?? []))
  }
  return services
}

/**
 * Since when the group has allowed a service to somebody: "never used" says little of what was allowed yesterday,
 * or of a group that nobody was in. Of policies that AWS writes only the members count: AWS changes them as it
 * likes. Null where nothing is on record.
 */
async function grants(question: UsageQuestion): Promise<(namespace: string) => string | null> {
  const { account, path, group, membersSince } = question
  const place = { accountId: account.accountId, partition: account.partition, path }
  const policies: { readonly updatedAt: Date; readonly services: ReadonlySet<string> }[] = []
  for (const { name, document } of group.policies) {
    const { output } = await account.call(new GetPolicyCommand({ PolicyArn: policyArn(place, name) }), {
      priority: priorities.bulk,
    })
    policies.push({
      updatedAt: output.Policy?.UpdateDate ?? new Date(0),
      services: servicesOf(documentIn(document, account.partition)),
    })
  }
  return (namespace) => {
    const dates = policies
      .filter(({ services }) => services.has(namespace) || services.has('*'))
      .map(({ updatedAt }) => updatedAt.getTime())
    const since = Math.max(membersSince?.getTime() ?? 0, dates.length > 0 ? Math.min(...dates) : 0)
    return since === 0 ? null : new Date(since).toISOString()
  }
}

function servicesOf(document: CatalogGroup['policies'][number]['document']): ReadonlySet<string> {
  return new Set(
    statementsOf(document)
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ actions, notActions }) => (notActions.length > 0 ? ['*'] : actions))
      .map((action) => (action.startsWith('*') ? '*' : action.slice(0, action.indexOf(':')).toLowerCase())),
  )
}
