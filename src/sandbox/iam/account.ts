/** The account as a whole: its summary and its alias. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account } from './account-state.ts'
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
  const { quotas, users, groups, policies, virtualMfaDevices, root } = account
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
    AttachedPoliciesPerRoleQuota: 10,
    UserPolicySizeQuota: quotas.userPolicySize,
    GroupPolicySizeQuota: quotas.groupPolicySize,
    RolePolicySizeQuota: 10240,
    AssumeRolePolicySizeQuota: 2048,
    AccessKeysPerUserQuota: quotas.accessKeysPerUser,
    SigningCertificatesPerUserQuota: quotas.signingCertificatesPerUser,
    MFADevices: virtualMfaDevices.size,
    MFADevicesInUse: inUse,
    AccountMFAEnabled: root.mfaActive ? 1 : 0,
    AccountAccessKeysPresent: root.accessKeys,
    AccountPasswordPresent: 1,
    AccountSigningCertificatesPresent: 0,
    GlobalEndpointTokenVersion: 1,
    InstanceProfiles: 0,
    InstanceProfilesQuota: 1000,
    Providers: 0,
    Roles: 0,
    RolesQuota: 1000,
    ServerCertificates: 0,
    ServerCertificatesQuota: 20,
  }
}
