/** Users, groups and policies of an account, page by page; of each page only what controls judge by is kept. */
import {
  GetAccountAuthorizationDetailsCommand,
  type GroupDetail,
  type ManagedPolicyDetail,
  type PolicyDetail,
  type UserDetail,
} from '@aws-sdk/client-iam'
import { type Ask, eachPage } from '../aws/ask.ts'
import type { RolesFound } from '../store/compliance-tables.ts'
import { parseDocument } from './encoded-document.ts'
import { collectRoles } from './roles.ts'
import type {
  Authorization,
  AuthorizedGroup,
  AuthorizedPolicy,
  AuthorizedUser,
  InlinePolicy,
} from './snapshot.ts'

/** With what matters of roles: of none, where they were not asked for. */
export interface GatheredAuthorization {
  readonly authorization: Authorization
  readonly roles: RolesFound
}

/**
 * @param onPage hears how much there is so far
 * @throws AwsCallError when IAM refuses: half a view proves nothing
 */
export async function gatherAuthorization(
  ask: Ask,
  { withRoles }: { readonly withRoles: boolean },
  onPage: (counts: { users: number; groups: number; policies: number }) => void,
): Promise<GatheredAuthorization> {
  const users: AuthorizedUser[] = []
  const groups: AuthorizedGroup[] = []
  const policies: AuthorizedPolicy[] = []
  const roles = collectRoles()
  const shared = sharing()
  await eachPage(
    ask,
    (page) =>
      new GetAccountAuthorizationDetailsCommand({
        Filter: [
          'User',
          'Group',
          'LocalManagedPolicy',
          'AWSManagedPolicy',
          ...(withRoles ? (['Role'] as const) : []),
        ],
        ...page,
      }),
    (output) => {
      for (const user of output.UserDetailList ?? []) users.push(toUser(user, shared))
      for (const group of output.GroupDetailList ?? []) groups.push(toGroup(group, shared))
      for (const policy of output.Policies ?? []) if (isKept(policy)) policies.push(toPolicy(policy))
      roles.take(output.RoleDetailList)
      onPage({ users: users.length, groups: groups.length, policies: policies.length })
    },
  )
  return { authorization: { users, groups, policies }, roles: roles.found() }
}

/** AWS tells those of its own policies that are in use; whoever tells the other thousand, they say nothing of this account. */
function isKept({ Arn = '', AttachmentCount, PermissionsBoundaryUsageCount }: ManagedPolicyDetail): boolean {
  const isOfAws = /^arn:[^:]+:iam::aws:policy\//.test(Arn)
  return !isOfAws || (AttachmentCount ?? 0) > 0 || (PermissionsBoundaryUsageCount ?? 0) > 0
}

/** Thousands of users are in the same few groups: each text, and each list of them, is kept once. */
function sharing() {
  const lists = new Map<string, readonly string[]>()
  const texts = new Map<string, string>()
  return {
    text(text: string): string {
      const known = texts.get(text)
      if (known !== undefined) return known
      texts.set(text, text)
      return text
    },
    list(list: readonly string[]): readonly string[] {
      const key = list.join('\n')
      const known = lists.get(key)
      if (known) return known
      lists.set(key, list)
      return list
    },
  }
}

type Shared = ReturnType<typeof sharing>

function toUser(user: UserDetail, { list, text }: Shared): AuthorizedUser {
  const boundary = user.PermissionsBoundary?.PermissionsBoundaryArn
  return {
    userName: user.UserName ?? '',
    userId: user.UserId ?? '',
    arn: user.Arn ?? '',
    path: text(user.Path ?? '/'),
    createdAt: user.CreateDate ?? new Date(0),
    groups: list(user.GroupList ?? []),
    attachedPolicyArns: list(attachedArns(user)),
    inlinePolicies: (user.UserPolicyList ?? []).map(toInline),
    boundaryArn: boundary === undefined ? null : text(boundary),
    tags: Object.fromEntries((user.Tags ?? []).map(({ Key, Value }) => [text(Key ?? ''), Value ?? ''])),
  }
}

function toGroup(group: GroupDetail, { text }: Shared): AuthorizedGroup {
  return {
    groupName: group.GroupName ?? '',
    groupId: group.GroupId ?? '',
    arn: group.Arn ?? '',
    path: text(group.Path ?? '/'),
    createdAt: group.CreateDate ?? new Date(0),
    attachedPolicyArns: attachedArns(group),
    inlinePolicies: (group.GroupPolicyList ?? []).map(toInline),
  }
}

function toPolicy(policy: ManagedPolicyDetail): AuthorizedPolicy {
  const inForce = policy.PolicyVersionList?.find(
    ({ IsDefaultVersion, VersionId }) => IsDefaultVersion || VersionId === policy.DefaultVersionId,
  )
  return {
    policyName: policy.PolicyName ?? '',
    arn: policy.Arn ?? '',
    path: policy.Path ?? '/',
    attachmentCount: policy.AttachmentCount ?? 0,
    boundaryCount: policy.PermissionsBoundaryUsageCount ?? 0,
    document: parseDocument(inForce?.Document),
  }
}

const attachedArns = ({ AttachedManagedPolicies }: UserDetail | GroupDetail) =>
  (AttachedManagedPolicies ?? []).map(({ PolicyArn }) => PolicyArn ?? '')

const toInline = ({ PolicyName, PolicyDocument }: PolicyDetail): InlinePolicy => ({
  name: PolicyName ?? '',
  document: parseDocument(PolicyDocument),
})
