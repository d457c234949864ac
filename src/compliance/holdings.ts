/** Who holds which policy documents: attached and inline ones, of users and of the groups they are in. */
import type { PolicyDocument } from '../catalog/catalog.ts'
import type { Authorization, AuthorizedGroup, AuthorizedUser } from './snapshot.ts'

/** A document with where it comes from. */
export interface Held {
  /** `policy/engineering` as in its ARN, or `inline policy tmp`: for people to read. */
  readonly label: string
  /** The ARN of a managed policy; null for an inline one. */
  readonly policyArn: string | null
  /** Undefined where it could not be read. */
  readonly document: PolicyDocument | undefined
}

type Holder = Pick<AuthorizedUser | AuthorizedGroup, 'attachedPolicyArns' | 'inlinePolicies'>

export interface Holdings {
  /** What is attached to it and inline in it; of a user, not what groups give. */
  ownOf(holder: Holder): readonly Held[]
  /** What a user may do by all of it: its own, and that of its groups. */
  allOf(user: AuthorizedUser): readonly Held[]
  /** Groups by name. */
  readonly groups: ReadonlyMap<string, AuthorizedGroup>
}

/** Made once for an account; asking it for a user of many is cheap. */
export function holdingsOf({ groups, policies }: Authorization): Holdings {
  const documents = new Map(policies.map(({ arn, document }) => [arn, document]))
  const byName = new Map(groups.map((group) => [group.groupName, group]))
  const ownOf = ({ attachedPolicyArns, inlinePolicies }: Holder): Held[] => [
    ...attachedPolicyArns.map((arn) => ({
      label: arn.slice(arn.lastIndexOf(':') + 1),
      policyArn: arn,
      document: documents.get(arn),
    })),
    ...inlinePolicies.map(({ name, document }) => ({
      label: `inline policy ${name}`,
      policyArn: null,
      document,
    })),
  ]
  const ofGroups = new Map(groups.map((group) => [group.groupName, ownOf(group)]))
  return {
    ownOf,
    allOf: (user) => [...ownOf(user), ...user.groups.flatMap((name) => ofGroups.get(name) ?? [])],
    groups: byName,
  }
}

export function readable(held: readonly Held[]): PolicyDocument[] {
  return held.flatMap(({ document }) => (document === undefined ? [] : [document]))
}

/** What could not be read among them, as a reason not to conclude anything. */
export function unreadable(held: readonly Held[]): string[] {
  return held.filter(({ document }) => document === undefined).map(({ label }) => label)
}
