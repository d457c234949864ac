/** The account as a whole: its summary and its alias. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account } from './account-data.ts'
import { hasVirtualMfa } from './mfa.ts'
import { paging } from './names.ts'
import { page, rest } from './pages.ts'

const alias = {
  AccountAlias: required({
    type: 'text',
    min: 3,
    max: 63,
    pattern: /^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$/,
  } as const),
}

export const accountOperations: OperationTable = {
  GetAccountSummary: reads({}, (account) => ({ SummaryMap: new Map(Object.entries(summary(account))) })),
  CreateAccountAlias: writes(alias, (account, { AccountAlias: name }) => {
    account.aliases = [name]
  }),
  DeleteAccountAlias: writes(alias, (account, { AccountAlias: name }) => {
    if (!account.aliases.includes(name)) {
      throw new Refusal('NoSuchEntity', `The account alias ${name} cannot be found.`)
    }
    account.aliases = []
  }),
  ListAccountAliases: reads(paging, (account, params) => {
    const found = page(account.aliases, (name) => name, params)
    return { AccountAliases: found.items, ...rest(found) }
  }),
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html */
function summary(account: Account): Record<string, number> {
  const { quotas, users, groups, policies, virtualMfaDevices, root, roles } = account
  const ofRoot = hasVirtualMfa(root) ? 1 : 0
  const inUse = [...virtualMfaDevices.values()].filter(({ userKey }) => userKey !== undefined).length
  const versions = [...policies.values()].reduce((sum, policy) => sum + policy.versions.length, 0)
  return {
    Users: users.size,
    UsersQuota: quotas.users,
    Groups: groups.size,
    GroupsQuota: quotas.groups,
    GroupsPerUserQuota: quotas.groupsPerUser,
    Policies: policies.size,
    PoliciesQuota: quotas.policies,
    PolicySizeQuota: quotas.policySize,
    PolicyVersionsInUse: versions,
    PolicyVersionsInUseQuota: 10000,
    VersionsPerPolicyQuota: quotas.versionsPerPolicy,
    AttachedPoliciesPerUserQuota: quotas.attachedPoliciesPerUser,
    AttachedPoliciesPerGroupQuota: quotas.attachedPoliciesPerGroup,
    AttachedPoliciesPerRoleQuota: quotas.attachedPoliciesPerRole,
    UserPolicySizeQuota: quotas.userPolicySize,
    GroupPolicySizeQuota: quotas.groupPolicySize,
    RolePolicySizeQuota: quotas.rolePolicySize,
    AssumeRolePolicySizeQuota: 2048,
    AccessKeysPerUserQuota: quotas.accessKeysPerUser,
    SigningCertificatesPerUserQuota: quotas.signingCertificatesPerUser,
    MFADevices: virtualMfaDevices.size + ofRoot,
    MFADevicesInUse: inUse + ofRoot,
    AccountMFAEnabled: root.mfaActive ? 1 : 0,
    AccountAccessKeysPresent: root.accessKeys.length,
    AccountPasswordPresent: 1,
    AccountSigningCertificatesPresent: 0,
    GlobalEndpointTokenVersion: 1,
    InstanceProfiles: 0,
    InstanceProfilesQuota: 1000,
    Providers: account.samlProviders.size,
    Roles: roles.size,
    RolesQuota: quotas.roles,
    ServerCertificates: account.serverCertificates.size,
    ServerCertificatesQuota: quotas.serverCertificates,
  }
}
