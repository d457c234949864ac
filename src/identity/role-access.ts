/** A role of the catalog, with the names its parts have in one account. */
import { BASELINE, type Catalog } from '../catalog/catalog.ts'
import type { RoleAccess } from './desired.ts'

export type RoleAccessOf = (role: string) => RoleAccess | undefined

export interface AccountPlace {
  readonly accountId: string
  readonly partition: string
  /** IAM path, `/muster/`. */
  readonly path: string
}

export function roleAccessIn(catalog: Catalog, { accountId, partition, path }: AccountPlace): RoleAccessOf {
  const accessOf = new Map(
    Object.entries(catalog.roles).map(([name, role]): [string, RoleAccess] => [
      name,
      {
        groups: [BASELINE, ...role.groups],
        boundaryArn: `arn:${partition}:iam::${accountId}:policy${path}${role.boundary.name}`,
        console: role.console,
        accessKeys: role.accessKeys,
      },
    ]),
  )
  return (role) => accessOf.get(role)
}
