/** What an account holds of groups and policies, in bulk: one paginated call, as few as AWS allows. */
import {
  GetAccountAuthorizationDetailsCommand,
  GetGroupCommand,
  type GroupDetail,
  type ManagedPolicyDetail,
} from '@aws-sdk/client-iam'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'
import {
  type DesiredAccount,
  type ObservedAccount,
  type ObservedGroup,
  type ObservedPolicy,
  surplusGroups,
} from './account.ts'

/**
 * @param made ARNs of what the catalog brought
 * @throws AwsCallError when IAM does not answer: nothing is planned on half a view
 */
export async function observeAccount(
  account: Account,
  desired: DesiredAccount,
  made: ReadonlySet<string>,
): Promise<ObservedAccount> {
  const groups: ObservedGroup[] = []
  const policies: ObservedPolicy[] = []
  let marker: string | undefined
  do {
    const { output } = await account.call(
      new GetAccountAuthorizationDetailsCommand({
        Filter: ['Group', 'LocalManagedPolicy'],
        MaxItems: 1000,
        ...(marker ? { Marker: marker } : {}),
      }),
      { priority: priorities.interactive },
    )
    groups.push(...(output.GroupDetailList ?? []).map(toGroup))
    policies.push(...(output.Policies ?? []).map(toPolicy))
    marker = output.IsTruncated ? output.Marker : undefined
  } while (marker)
  const surplus = surplusGroups(desired, { groups, policies }, made)
  return { groups: await countMembers(account, groups, surplus), policies }
}

/** Only groups that might be deleted are asked for their members. */
async function countMembers(
  account: Account,
  groups: readonly ObservedGroup[],
  surplus: readonly ObservedGroup[],
): Promise<ObservedGroup[]> {
  return await Promise.all(
    groups.map(async (group) =>
      surplus.includes(group) ? { ...group, members: await membersOf(account, group.groupName) } : group,
    ),
  )
}

async function membersOf(account: Account, GroupName: string): Promise<number | 'unknown'> {
  try {
    const { output } = await account.call(new GetGroupCommand({ GroupName, MaxItems: 1 }), {
      priority: priorities.bulk,
    })
    // A page may hold nothing and still not be the last.
    return output.IsTruncated ? Math.max(1, output.Users?.length ?? 0) : (output.Users?.length ?? 0)
  } catch (error) {
    if (error instanceof AwsCallError) return 'unknown'
    throw error
  }
}

function toGroup(group: GroupDetail): ObservedGroup {
  return {
    groupName: group.GroupName ?? '',
    path: group.Path ?? '/',
    arn: group.Arn ?? '',
    attachedPolicyArns: (group.AttachedManagedPolicies ?? []).map(({ PolicyArn }) => PolicyArn ?? ''),
    inlinePolicyNames: (group.GroupPolicyList ?? []).map(({ PolicyName }) => PolicyName ?? ''),
    members: 'unknown',
  }
}

function toPolicy(policy: ManagedPolicyDetail): ObservedPolicy {
  return {
    policyName: policy.PolicyName ?? '',
    path: policy.Path ?? '/',
    arn: policy.Arn ?? '',
    attachmentCount: policy.AttachmentCount ?? 0,
    boundaryCount: policy.PermissionsBoundaryUsageCount ?? 0,
    versions: (policy.PolicyVersionList ?? []).map((version) => ({
      versionId: version.VersionId ?? '',
      isDefault: version.IsDefaultVersion ?? false,
      createdAt: version.CreateDate ?? new Date(0),
      document: parseDocument(version.Document),
    })),
  }
}

/** Documents come URL-encoded (RFC 3986) from IAM; one that cannot be read counts as different. */
function parseDocument(encoded: string | undefined): unknown {
  try {
    return JSON.parse(decodeURIComponent(encoded ?? ''))
  } catch {
    return undefined
  }
}
