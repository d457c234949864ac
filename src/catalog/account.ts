/** What the catalog means for one account, and what was found there: the two sides of `planAccount`. */
import {
  BASELINE,
  type Catalog,
  type PolicyDoc,
  type PolicyDocument,
  policyDocs,
  QUARANTINE,
} from './catalog.ts'
import { baselinePolicy, denyAllArn, type Place } from './own-groups.ts'
import { documentIn, inPartition } from './partition.ts'
import { statementsOf } from './policy-document.ts'

export interface AccountPlace extends Place {
  readonly accountId: string
}

export interface DesiredPolicy {
  readonly policyName: string
  readonly arn: string
  readonly document: PolicyDocument
  readonly description: string
}

export interface DesiredGroup {
  readonly groupName: string
  readonly arn: string
  readonly policyArns: readonly string[]
}

export interface DesiredAccount extends AccountPlace {
  /** Muster's own first, then boundaries, then the policies of groups: the order in which they are made. */
  readonly policies: readonly DesiredPolicy[]
  /** The quarantine first, then the baseline, then the catalog's. */
  readonly groups: readonly DesiredGroup[]
}

/** As GetAccountAuthorizationDetails tells of groups and customer managed policies, wherever their path. */
export interface ObservedAccount {
  readonly groups: readonly ObservedGroup[]
  readonly policies: readonly ObservedPolicy[]
}

export interface ObservedGroup {
  readonly groupName: string
  readonly path: string
  readonly arn: string
  readonly attachedPolicyArns: readonly string[]
  readonly inlinePolicyNames: readonly string[]
  /** Only asked for groups that might be deleted (`surplusGroups`); a group of unknown members is kept. */
  readonly members: number | 'unknown'
}

export interface ObservedPolicy {
  readonly policyName: string
  readonly path: string
  readonly arn: string
  /** Users, groups and roles that carry it. */
  readonly attachmentCount: number
  /** Users and roles whose boundary it is. */
  readonly boundaryCount: number
  readonly versions: readonly ObservedVersion[]
}

export interface ObservedVersion {
  readonly versionId: string
  readonly isDefault: boolean
  readonly createdAt: Date
  /** Decoded from the URL encoding in which IAM sends it, and parsed; undefined where that failed. */
  readonly document: unknown
}

/** What the account should hold for this catalog. */
export function desiredAccount(catalog: Catalog, place: AccountPlace): DesiredAccount {
  const baseline = baselinePolicy(place)
  const { boundaries, policies } = policyDocs(catalog)
  const toDesired = (doc: PolicyDoc): DesiredPolicy => ({
    policyName: doc.name,
    arn: policyArn(place, doc.name),
    document: documentIn(doc.document, place.partition),
    description:
      doc === baseline ? 'The baseline of every user of Muster' : `From ${doc.file} of Muster's catalog`,
  })
  const toGroup = (groupName: string, policyArns: readonly string[]): DesiredGroup => ({
    groupName,
    arn: groupArn(place, groupName),
    policyArns,
  })
  return {
    accountId: place.accountId,
    partition: place.partition,
    path: place.path,
    policies: [baseline, ...boundaries, ...policies].map(toDesired),
    groups: [
      toGroup(QUARANTINE, [denyAllArn(place.partition)]),
      toGroup(BASELINE, [policyArn(place, baseline.name)]),
      ...Object.entries(catalog.groups).map(([name, group]) =>
        toGroup(name, [
          ...forbiddingFirst(group.policies).map((doc) => policyArn(place, doc.name)),
          ...group.awsManagedPolicies.map((arn) => inPartition(arn, place.partition)),
        ]),
      ),
    ],
  }
}

/** So that no member ever has what a group allows without what it forbids. */
function forbiddingFirst(docs: readonly PolicyDoc[]): PolicyDoc[] {
  const forbids = (doc: PolicyDoc) => statementsOf(doc.document).some(({ effect }) => effect === 'Deny')
  return [...docs.filter(forbids), ...docs.filter((doc) => !forbids(doc))]
}

/** The ARN that a policy of Muster's has in that account: that of a role's boundary, say. */
export function policyArn({ partition, accountId, path }: AccountPlace, policyName: string): string {
  return `arn:${partition}:iam::${accountId}:policy${path}${policyName}`
}

export function groupArn({ partition, accountId, path }: AccountPlace, groupName: string): string {
  return `arn:${partition}:iam::${accountId}:group${path}${groupName}`
}

/**
 * Muster's groups that the catalog does not know any more: ask for their members before planning.
 *
 * @param made ARNs of what the catalog brought: a path proves nothing, anybody may make a group under it
 */
export function surplusGroups(
  desired: DesiredAccount,
  observed: ObservedAccount,
  made: ReadonlySet<string>,
): readonly ObservedGroup[] {
  const wanted = new Set(desired.groups.map((group) => group.groupName.toLowerCase()))
  return observed.groups.filter(
    ({ arn, path, groupName }) =>
      made.has(arn) && path === desired.path && !wanted.has(groupName.toLowerCase()),
  )
}
