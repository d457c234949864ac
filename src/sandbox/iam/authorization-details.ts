/** `GetAccountAuthorizationDetails`: users, groups, roles and policies at once, without credentials of any kind. */
import { type OperationTable, reads } from '../operation.ts'
import type { Account, ManagedPolicy, Role, User } from './account-data.ts'
import { groupNamed, keyOf } from './account-state.ts'
import { described as describedGroup } from './groups.ts'
import { awsManagedPolicies } from './managed-policies.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { listed as listedPolicy, versionDetail } from './policies.ts'
import { policyUsage, policyWithArn, type Usage } from './policy-lookup.ts'
import { listed as listedRole } from './roles.ts'
import { boundaryOf, described as describedUser } from './users.ts'

const entityKinds = ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'] as const
type EntityKind = (typeof entityKinds)[number]
interface Entity {
  /** Kind and name: the order of the list, and its marker. */
  readonly key: string
  readonly kind: EntityKind
  readonly detail: () => object
}

export const authorizationDetailsOperations: OperationTable = {
  GetAccountAuthorizationDetails: reads(
    { Filter: { type: 'textList', of: { type: 'text', oneOf: entityKinds } }, ...is.paging },
    (account, params) => {
      const wanted = new Set<string>(params.Filter?.length ? params.Filter : entityKinds)
      const found = page(entities(account, wanted), ({ key }) => key, params)
      const details = (...kinds: readonly EntityKind[]) =>
        found.items.filter(({ kind }) => kinds.includes(kind)).map(({ detail }) => detail())
      return {
        UserDetailList: details('User'),
        GroupDetailList: details('Group'),
        RoleDetailList: details('Role'),
        Policies: details('LocalManagedPolicy', 'AWSManagedPolicy'),
        ...rest(found),
      }
    },
  ),
}

function entities(account: Account, wanted: ReadonlySet<string>): Entity[] {
  const usage = policyUsage(account)
  const found: Entity[] = []
  if (wanted.has('User')) {
    for (const [key, user] of account.users) {
      found.push({ key: `1/${key}`, kind: 'User', detail: () => userDetail(account, user) })
    }
  }
  if (wanted.has('Group')) {
    for (const [key, group] of account.groups) {
      const detail = () => ({
        ...describedGroup(account, group),
        GroupPolicyList: inlinePolicyList(group.inlinePolicies),
        AttachedManagedPolicies: attachedPolicyList(account, group.attachedPolicies),
      })
      found.push({ key: `2/${key}`, kind: 'Group', detail })
    }
  }
  if (wanted.has('Role')) {
    for (const [key, role] of account.roles) {
      found.push({ key: `4/${key}`, kind: 'Role', detail: () => roleDetail(account, role) })
    }
  }
  const addPolicy = (kind: EntityKind, policy: ManagedPolicy) => {
    const detail = () => policyDetail(policy, usage.get(policy.arn))
    found.push({ key: `3/${keyOf(policy.arn)}`, kind, detail })
  }
  if (wanted.has('LocalManagedPolicy')) {
    for (const policy of account.policies.values()) addPolicy('LocalManagedPolicy', policy)
  }
  if (wanted.has('AWSManagedPolicy')) {
    // AWS gives those of its own policies that are in use.
    for (const policy of awsManagedPolicies.values()) {
      if (usage.has(policy.arn)) addPolicy('AWSManagedPolicy', policy)
    }
  }
  return found
}

function userDetail(account: Account, user: User) {
  const { PasswordLastUsed: _, ...described } = describedUser(account, user)
  return {
    ...described,
    UserPolicyList: user.inlinePolicies.size > 0 ? inlinePolicyList(user.inlinePolicies) : undefined,
    GroupList: user.groups.map((key) => groupNamed(account, key).groupName),
    AttachedManagedPolicies: attachedPolicyList(account, user.attachedPolicies),
    PermissionsBoundary: boundaryOf(user),
    Tags: user.tags,
  }
}

function roleDetail(account: Account, role: Role) {
  const { Description: _, MaxSessionDuration: __, ...described } = listedRole(account, role)
  return {
    ...described,
    InstanceProfileList: [],
    RolePolicyList: inlinePolicyList(role.inlinePolicies),
    AttachedManagedPolicies: attachedPolicyList(account, role.attachedPolicies),
    PermissionsBoundary: boundaryOf(role),
    Tags: role.tags,
    RoleLastUsed: {},
  }
}

const policyDetail = (policy: ManagedPolicy, usage: Usage | undefined) => ({
  ...listedPolicy(policy, usage),
  Description: policy.description,
  PolicyVersionList: policy.versions.map((version) => versionDetail(policy, version)),
})

const inlinePolicyList = (policies: ReadonlyMap<string, string>) =>
  [...policies].map(([name, document]) => ({
    PolicyName: name,
    PolicyDocument: encodeURIComponent(document),
  }))

const attachedPolicyList = (account: Account, arns: readonly string[]) =>
  arns.map((arn) => ({ PolicyName: policyWithArn(account, arn).policyName, PolicyArn: arn }))
