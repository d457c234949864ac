/** Roles as the loaded catalog has them, with how many people hold each. */
import type { Catalog, Role } from '../../catalog/catalog.ts'
import type { Database } from '../../store/open.ts'
import { decodeCursor, type Page, pageOf } from '../cursor.ts'
import type { RoleAnswer } from '../schemas/role.ts'
import { countHolders } from './employees.ts'

export interface RolePage {
  readonly limit: number
  readonly cursor?: string | undefined
}

export async function listRoles(db: Database, catalog: Catalog, page: RolePage): Promise<Page<RoleAnswer>> {
  const after = decodeCursor('roles', 'text', page.cursor)
  const names = Object.keys(catalog.roles)
    .filter((name) => after === undefined || name > after)
    .sort((a, b) => (a < b ? -1 : 1))
    .slice(0, page.limit + 1)
  const holders = await countHolders(db, names.slice(0, page.limit))
  return pageOf(
    'roles',
    names,
    page.limit,
    (name) => name,
    (name) => toRole(catalog, name, catalog.roles[name] as Role, holders.get(name) ?? 0),
  )
}

export async function readRole(
  db: Database,
  catalog: Catalog,
  name: string,
): Promise<RoleAnswer | undefined> {
  const role = catalog.roles[name]
  if (!role) return undefined
  const holders = await countHolders(db, [name])
  return toRole(catalog, name, role, holders.get(name) ?? 0)
}

function toRole(catalog: Catalog, name: string, role: Role, holders: number): RoleAnswer {
  return {
    role: name,
    description: role.description,
    groups: role.groups.map((group) => ({
      name: group,
      policies: (catalog.groups[group]?.policies ?? []).map((policy) => policy.name),
      awsManagedPolicies: [...(catalog.groups[group]?.awsManagedPolicies ?? [])],
    })),
    boundary: role.boundary.name,
    console: role.console,
    accessKeys: role.accessKeys,
    privileged: role.privileged,
    employees: holders,
  }
}
