/** What single lists and questions tell of an account: each throws AwsCallError when IAM refuses. */
import {
  GetAccountSummaryCommand,
  ListEntitiesForPolicyCommand,
  ListOrganizationsFeaturesCommand,
  ListServerCertificatesCommand,
  ListVirtualMFADevicesCommand,
  type VirtualMFADevice,
} from '@aws-sdk/client-iam'
import { type Ask, eachPage } from '../aws/ask.ts'
import { isAwsError } from '../aws/errors.ts'
import type {
  AccountSummary,
  PolicyHolders,
  RootCredentialsManagement,
  VirtualMfaDevice,
} from './snapshot.ts'

export async function accountSummary(ask: Ask): Promise<AccountSummary> {
  const entries = (await ask(new GetAccountSummaryCommand({}))).SummaryMap ?? {}
  return {
    rootHasMfa: entries.AccountMFAEnabled === 1,
    rootAccessKeys: entries.AccountAccessKeysPresent ?? 0,
    entries,
  }
}

/** @param onPage hears of each */
export async function assignedDevices(ask: Ask, onPage: () => void): Promise<VirtualMfaDevice[]> {
  const devices: VirtualMfaDevice[] = []
  await eachPage(
    ask,
    (page) => new ListVirtualMFADevicesCommand({ AssignmentStatus: 'Assigned', ...page }),
    ({ VirtualMFADevices }) => {
      devices.push(...(VirtualMFADevices ?? []).map(toDevice))
      onPage()
    },
  )
  return devices
}

function toDevice({ SerialNumber = '', User }: VirtualMFADevice): VirtualMfaDevice {
  // Root has an ARN and no name; its device is called so unless somebody chose another name.
  const isRoot =
    User?.Arn?.endsWith(':root') === true || SerialNumber.endsWith(':mfa/root-account-mfa-device')
  return { serial: SerialNumber, userName: isRoot ? null : (User?.UserName ?? null), isRoot }
}

export async function certificates(ask: Ask): Promise<{ name: string; expiresAt: Date }[]> {
  const found: { name: string; expiresAt: Date }[] = []
  await eachPage(
    ask,
    (page) => new ListServerCertificatesCommand(page),
    ({ ServerCertificateMetadataList: list }) => {
      for (const { ServerCertificateName: name = '', Expiration: expiresAt } of list ?? []) {
        if (expiresAt) found.push({ name, expiresAt })
      }
    },
  )
  return found
}

export async function holdersOf(ask: Ask, PolicyArn: string): Promise<PolicyHolders> {
  const users: string[] = []
  const groups: string[] = []
  const roles: string[] = []
  try {
    await eachPage(
      ask,
      (page) => new ListEntitiesForPolicyCommand({ PolicyArn, ...page }),
      (output) => {
        users.push(...(output.PolicyUsers ?? []).map(({ UserName }) => UserName ?? ''))
        groups.push(...(output.PolicyGroups ?? []).map(({ GroupName }) => GroupName ?? ''))
        roles.push(...(output.PolicyRoles ?? []).map(({ RoleName }) => RoleName ?? ''))
      },
    )
  } catch (error) {
    // A partition may lack the policy: then nobody has it.
    if (!isAwsError(error, 'absent')) throw error
  }
  return { users, groups, roles }
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html */
const organizationErrors: Readonly<Record<string, RootCredentialsManagement>> = {
  ServiceAccessNotEnabled: 'off',
  OrganizationNotInAllFeaturesMode: 'off',
  OrganizationNotFound: 'no-organization',
  AccountNotManagementOrDelegatedAdministrator: 'member-account',
}

export async function rootManagement(ask: Ask): Promise<RootCredentialsManagement> {
  try {
    const { EnabledFeatures } = await ask(new ListOrganizationsFeaturesCommand({}))
    return EnabledFeatures?.includes('RootCredentialsManagement') ? 'on' : 'off'
  } catch (error) {
    const told = isAwsError(error, 'invalid', 'absent') ? organizationErrors[error.code] : undefined
    if (!told) throw error
    return told
  }
}
