/** Managed policies and their versions. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, ManagedPolicy, PolicyVersion } from './account-data.ts'
import { keepQuota, keyOf, moment } from './account-state.ts'
import { drawId } from './ids.ts'
import { awsManagedPolicies } from './managed-policies.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { mustBeWellFormed, sizeOf } from './policy-document.ts'
import { ownPolicyWithArn, policyUsage, policyWithArn, type Usage } from './policy-lookup.ts'
import { newTags } from './tags.ts'

const usageFilter = { type: 'text', oneOf: ['PermissionsPolicy', 'PermissionsBoundary'] } as const
const withPolicy = { PolicyArn: required(is.arn) }
const withVersion = { ...withPolicy, VersionId: required(is.policyVersionId) }

export const policyOperations: OperationTable = {
  CreatePolicy: writes(
    {
      PolicyName: required(is.policyName),
      Path: is.policyPath,
      PolicyDocument: required(is.policyDocument),
      Description: is.description,
      Tags: is.tags,
    },
    (account, params, { now }) => {
      const { PolicyName: policyName, Path: path = '/', PolicyDocument: document } = params
      mustFit(account, document)
      // Names are unique regardless of path and case.
      if (account.policyArnsByName.has(keyOf(policyName))) {
        const message = `A policy called ${policyName} already exists. Duplicate names are not allowed.`
        throw new Refusal('EntityAlreadyExists', message)
      }
      keepQuota('PoliciesPerAccount', account.policies.size, account.quotas.policies)
      const tags = newTags(params.Tags)
      const at = moment(now)
      const policy: ManagedPolicy = {
        policyName,
        policyId: drawId(account, 'ANPA'),
        path,
        arn: `arn:aws:iam::${account.accountId}:policy${path}${policyName}`,
        ...(params.Description === undefined ? {} : { description: params.Description }),
        createDate: at,
        updateDate: at,
        tags,
        defaultVersionId: 'v1',
        nextVersion: 2,
        versions: [{ versionId: 'v1', document, createDate: at }],
      }
      account.policies.set(policy.arn, policy)
      account.policyArnsByName.set(keyOf(policyName), policy.arn)
      // The one answer about a policy that has no description (API_CreatePolicy, API_Policy).
      return { Policy: { ...listed(policy, undefined), Tags: tags.length > 0 ? tags : undefined } }
    },
  ),
  GetPolicy: reads(withPolicy, (account, { PolicyArn: arn }) => {
    const policy = policyWithArn(account, arn)
    const described = listed(policy, policyUsage(account).get(arn))
    return { Policy: { ...described, Description: policy.description, Tags: policy.tags } }
  }),
  ListPolicies: reads(
    {
      Scope: { type: 'text', oneOf: ['All', 'AWS', 'Local'] },
      OnlyAttached: is.flag,
      PathPrefix: is.policyPath,
      PolicyUsageFilter: usageFilter,
      ...is.paging,
    },
    (account, params) => {
      const { Scope: scope = 'All', PathPrefix: prefix = '/', OnlyAttached: onlyAttached = false } = params
      const usage = policyUsage(account)
      const policies = [
        ...(scope === 'AWS' ? [] : account.policies.values()),
        ...(scope === 'Local' ? [] : awsManagedPolicies.values()),
      ].filter(
        ({ arn, path }) =>
          path.startsWith(prefix) &&
          (!onlyAttached || isUsed(usage.get(arn))) &&
          (params.PolicyUsageFilter === undefined || isUsedAs(usage.get(arn), params.PolicyUsageFilter)),
      )
      const found = page(policies, ({ arn }) => arn, params)
      return { Policies: found.items.map((policy) => listed(policy, usage.get(policy.arn))), ...rest(found) }
    },
  ),
  DeletePolicy: writes(withPolicy, (account, { PolicyArn: arn }) => {
    const policy = ownPolicyWithArn(account, arn)
    if (isUsed(policyUsage(account).get(arn))) {
      throw new Refusal('DeleteConflict', 'Cannot delete a policy attached to entities.')
    }
    if (policy.versions.length > 1) {
      const remedy = "you must delete the policy's versions. The default version is deleted with the policy."
      const message = `This policy has more than one version. Before you delete a policy, ${remedy}`
      throw new Refusal('DeleteConflict', message)
    }
    account.policies.delete(arn)
    account.policyArnsByName.delete(keyOf(policy.policyName))
  }),
  CreatePolicyVersion: writes(
    { ...withPolicy, PolicyDocument: required(is.policyDocument), SetAsDefault: is.flag },
    (account, { PolicyArn: arn, PolicyDocument: document, SetAsDefault: setAsDefault }, { now }) => {
      const policy = ownPolicyWithArn(account, arn)
      mustFit(account, document)
      const quota = account.quotas.versionsPerPolicy
      if (policy.versions.length >= quota) {
        const remedy = 'Before you create a new version, you must delete an existing version.'
        throw new Refusal('LimitExceeded', `A managed policy can have up to ${quota} versions. ${remedy}`)
      }
      const version = { versionId: `v${policy.nextVersion}`, document, createDate: moment(now) }
      policy.nextVersion += 1
      policy.versions = [...policy.versions, version]
      policy.updateDate = version.createDate
      if (setAsDefault) policy.defaultVersionId = version.versionId
      return { PolicyVersion: versionSummary(policy, version) }
    },
  ),
  GetPolicyVersion: reads(withVersion, (account, { PolicyArn: arn, VersionId: versionId }) => {
    const policy = policyWithArn(account, arn)
    return { PolicyVersion: versionDetail(policy, versionNamed(policy, versionId)) }
  }),
  ListPolicyVersions: reads({ ...withPolicy, ...is.paging }, (account, params) => {
    const policy = policyWithArn(account, params.PolicyArn)
    // Newest first.
    const newestFirst = ({ versionId }: PolicyVersion) => String(1e9 - Number(versionId.slice(1)))
    const found = page(policy.versions, newestFirst, params)
    return { Versions: found.items.map((version) => versionSummary(policy, version)), ...rest(found) }
  }),
  SetDefaultPolicyVersion: writes(
    withVersion,
    (account, { PolicyArn: arn, VersionId: versionId }, { now }) => {
      const policy = ownPolicyWithArn(account, arn)
      policy.defaultVersionId = versionNamed(policy, versionId).versionId
      policy.updateDate = moment(now)
    },
  ),
  DeletePolicyVersion: writes(withVersion, (account, { PolicyArn: arn, VersionId: versionId }) => {
    const policy = ownPolicyWithArn(account, arn)
    versionNamed(policy, versionId)
    if (versionId === policy.defaultVersionId) {
      throw new Refusal('DeleteConflict', 'Cannot delete the default version of a policy.')
    }
    policy.versions = policy.versions.filter((version) => version.versionId !== versionId)
  }),
  ListEntitiesForPolicy: reads(
    {
      ...withPolicy,
      EntityFilter: {
        type: 'text',
        oneOf: ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'],
      },
      PathPrefix: is.path,
      PolicyUsageFilter: usageFilter,
      ...is.paging,
    },
    (account, params) => {
      policyWithArn(account, params.PolicyArn)
      const { EntityFilter: kind, PathPrefix: prefix = '/' } = params
      const wanted = entitiesUsing(account, params.PolicyArn, params.PolicyUsageFilter).filter(
        (entity) => entity.path.startsWith(prefix) && (kind === undefined || kind === entity.kind),
      )
      const found = page(wanted, ({ kind: entityKind, name }) => `${entityKind}/${keyOf(name)}`, params)
      const ofKind = (wantedKind: string) => found.items.filter((entity) => entity.kind === wantedKind)
      return {
        PolicyGroups: ofKind('Group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
        PolicyUsers: ofKind('User').map(({ name, id }) => ({ UserName: name, UserId: id })),
        PolicyRoles: ofKind('Role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
        ...rest(found),
      }
    },
  ),
}

/** A policy as lists show it: without description and tags (API_ListPolicies, Note). */
export const listed = (policy: ManagedPolicy, usage: Usage | undefined) => ({
  PolicyName: policy.policyName,
  PolicyId: policy.policyId,
  Arn: policy.arn,
  Path: policy.path,
  DefaultVersionId: policy.defaultVersionId,
  AttachmentCount: usage?.attachments ?? 0,
  PermissionsBoundaryUsageCount: usage?.boundaries ?? 0,
  IsAttachable: true,
  CreateDate: policy.createDate,
  UpdateDate: policy.updateDate,
})

export const versionDetail = (policy: ManagedPolicy, version: PolicyVersion) => ({
  Document: encodeURIComponent(version.document),
  ...versionSummary(policy, version),
})

const versionSummary = (policy: ManagedPolicy, version: PolicyVersion) => ({
  VersionId: version.versionId,
  IsDefaultVersion: version.versionId === policy.defaultVersionId,
  CreateDate: version.createDate,
})

function versionNamed(policy: ManagedPolicy, versionId: string): PolicyVersion {
  const version = policy.versions.find((each) => each.versionId === versionId)
  if (version) return version
  const message = `Policy ${policy.arn} version ${versionId} does not exist or is not attachable.`
  throw new Refusal('NoSuchEntity', message)
}

function mustFit(account: Account, document: string): void {
  mustBeWellFormed(document)
  const quota = account.quotas.policySize
  if (sizeOf(document) > quota) {
    throw new Refusal('LimitExceeded', `Cannot exceed quota for PolicySize: ${quota}`)
  }
}

type UsageKind = 'PermissionsPolicy' | 'PermissionsBoundary' | undefined
const isUsed = (usage: Usage | undefined) => usage !== undefined
const isUsedAs = (usage: Usage | undefined, as: UsageKind) =>
  ((as === 'PermissionsBoundary' ? usage?.boundaries : usage?.attachments) ?? 0) > 0

function entitiesUsing(account: Account, arn: string, as: UsageKind) {
  const attached = as !== 'PermissionsBoundary'
  const bounding = as !== 'PermissionsPolicy'
  const users = [...account.users.values()].filter(
    (user) =>
      (attached && user.attachedPolicies.includes(arn)) || (bounding && user.permissionsBoundary === arn),
  )
  const groups = [...account.groups.values()].filter(
    (group) => attached && group.attachedPolicies.includes(arn),
  )
  const roles = [...account.roles.values()].filter(
    (role) =>
      (attached && role.attachedPolicies.includes(arn)) || (bounding && role.permissionsBoundary === arn),
  )
  return [
    ...groups.map(({ groupName, groupId, path }) => ({ kind: 'Group', name: groupName, id: groupId, path })),
    ...users.map(({ userName, userId, path }) => ({ kind: 'User', name: userName, id: userId, path })),
    ...roles.map(({ roleName, roleId, path }) => ({ kind: 'Role', name: roleName, id: roleId, path })),
  ]
}
