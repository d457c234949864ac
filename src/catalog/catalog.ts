/**
 * The catalog: which role means which groups, which group carries which policies.
 *
 * It is read from files by `load.ts`, judged by `lint.ts`, and put into an account by `account.ts`.
 */

/** Where Muster keeps everything it makes in IAM, unless told otherwise. */
export const DEFAULT_PATH = '/muster/'

/** The group that every user of Muster's is in, and its policy of the same name. */
export const BASELINE = 'muster-baseline'

/** The group that takes every right from its members. */
export const QUARANTINE = 'muster-quarantine'

/** Whether a group or a policy of that name is Muster's own, there whatever the catalog says. */
export const isOwn = (name: string) => name === BASELINE || name === QUARANTINE

/** An IAM policy as it is in its file: any JSON object, until the lint has looked at it. */
export type PolicyDocument = { readonly [element: string]: unknown }

export interface PolicyDoc {
  /** Relative to the catalog file, with `/`: `policies/engineering.json`. */
  readonly file: string
  /** The name of the managed policy in IAM: `muster-engineering`, `muster-boundary-engineer`. */
  readonly name: string
  readonly document: PolicyDocument
}

export interface CatalogGroup {
  readonly policies: readonly PolicyDoc[]
  /** ARNs of policies that AWS writes and keeps. */
  readonly awsManagedPolicies: readonly string[]
}

export type AccessKeyRule = 'none' | 'self-service'

export interface Role {
  readonly description: string
  /** Names of groups of the catalog; the baseline is understood. */
  readonly groups: readonly string[]
  readonly boundary: PolicyDoc
  /** May sign in to the console. */
  readonly console: boolean
  readonly accessKeys: AccessKeyRule
  readonly privileged: boolean
}

export interface Catalog {
  readonly version: 1
  /** The base name of the catalog file, for messages. */
  readonly file: string
  /** Has no prototype: a name that HR sends finds a group or nothing. */
  readonly groups: Readonly<Record<string, CatalogGroup>>
  /** Has no prototype, as `groups`. */
  readonly roles: Readonly<Record<string, Role>>
  /** SHA-256 in hex over the content, whatever the layout of the files. */
  readonly hash: string
}

/** A catalog that was read but may still lack boundaries: the lint names the roles that do. */
export interface DraftCatalog extends Omit<Catalog, 'roles'> {
  readonly roles: Readonly<Record<string, DraftRole>>
}

export interface DraftRole extends Omit<Role, 'boundary'> {
  readonly boundary: PolicyDoc | null
}

/** Every customer managed policy of the catalog once, boundaries first, each list by name. */
export function policyDocs(catalog: DraftCatalog): { boundaries: PolicyDoc[]; policies: PolicyDoc[] } {
  const boundaries = Object.values(catalog.roles).flatMap((role) => role.boundary ?? [])
  const policies = Object.values(catalog.groups).flatMap((group) => group.policies)
  return { boundaries: onceEach(boundaries), policies: onceEach(policies) }
}

function onceEach(docs: readonly PolicyDoc[]): PolicyDoc[] {
  const byName = new Map(docs.map((doc) => [doc.name, doc]))
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
