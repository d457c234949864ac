/** A user as IAM tells it to anybody who asks with the SDK. */
import {
  GetLoginProfileCommand,
  GetUserCommand,
  type IAMClient,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListMFADevicesCommand,
  ListSSHPublicKeysCommand,
  ListUserPoliciesCommand,
  NoSuchEntityException,
} from '@aws-sdk/client-iam'

export interface AwsUser {
  readonly path: string
  readonly boundary: string | undefined
  readonly tags: Readonly<Record<string, string>>
  /** By name, in alphabetical order. */
  readonly groups: readonly string[]
  readonly policies: readonly string[]
  readonly hasPassword: boolean
  /** `Active` or `Inactive`, one for each key. */
  readonly accessKeys: readonly string[]
  readonly sshKeys: readonly string[]
  readonly mfaDevices: readonly string[]
}

/**
 * Undefined for a user that does not exist. Not one look but several: what a user is comes last, so that
 * the boundary told is never older than the groups.
 */
export function awsUser(iam: IAMClient, userName: string): Promise<AwsUser | undefined> {
  return orUndefined(readUser(iam, userName))
}

async function readUser(iam: IAMClient, UserName: string): Promise<AwsUser> {
  const [login, groups, attached, inline, accessKeys, sshKeys, mfa] = await Promise.all([
    orUndefined(iam.send(new GetLoginProfileCommand({ UserName }))),
    iam.send(new ListGroupsForUserCommand({ UserName })),
    iam.send(new ListAttachedUserPoliciesCommand({ UserName })),
    iam.send(new ListUserPoliciesCommand({ UserName })),
    iam.send(new ListAccessKeysCommand({ UserName })),
    iam.send(new ListSSHPublicKeysCommand({ UserName })),
    iam.send(new ListMFADevicesCommand({ UserName })),
  ])
  const { User } = await iam.send(new GetUserCommand({ UserName }))
  return {
    path: User?.Path ?? '',
    boundary: User?.PermissionsBoundary?.PermissionsBoundaryArn,
    tags: Object.fromEntries((User?.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    groups: (groups.Groups ?? []).map(({ GroupName = '' }) => GroupName).sort(),
    policies: [
      ...(attached.AttachedPolicies ?? []).map(({ PolicyArn = '' }) => PolicyArn),
      ...(inline.PolicyNames ?? []),
    ],
    hasPassword: login !== undefined,
    accessKeys: (accessKeys.AccessKeyMetadata ?? []).map(({ Status = '' }) => Status),
    sshKeys: (sshKeys.SSHPublicKeys ?? []).map(({ Status = '' }) => Status),
    mfaDevices: (mfa.MFADevices ?? []).map(({ SerialNumber = '' }) => SerialNumber),
  }
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof NoSuchEntityException) return undefined
    throw error
  }
}
