/** From a step to its IAM call: one table, no branches. */
import {
  AddUserToGroupCommand,
  CreateUserCommand,
  DeactivateMFADeviceCommand,
  DeleteAccessKeyCommand,
  DeleteLoginProfileCommand,
  DeleteServiceSpecificCredentialCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DeleteVirtualMFADeviceCommand,
  DetachUserPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  RemoveUserFromGroupCommand,
  type ServiceOutputTypes,
  TagUserCommand,
  UpdateAccessKeyCommand,
  UpdateServiceSpecificCredentialCommand,
  UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam'
import type { IamCommand } from '../aws/account.ts'
import type { Step, StepName } from './model.ts'

const commands = {
  CreateUser: CreateUserCommand,
  UpdateUser: UpdateUserCommand,
  TagUser: TagUserCommand,
  PutUserPermissionsBoundary: PutUserPermissionsBoundaryCommand,
  AddUserToGroup: AddUserToGroupCommand,
  RemoveUserFromGroup: RemoveUserFromGroupCommand,
  DetachUserPolicy: DetachUserPolicyCommand,
  DeleteUserPolicy: DeleteUserPolicyCommand,
  DeleteLoginProfile: DeleteLoginProfileCommand,
  UpdateAccessKey: UpdateAccessKeyCommand,
  DeleteAccessKey: DeleteAccessKeyCommand,
  UpdateSSHPublicKey: UpdateSSHPublicKeyCommand,
  DeleteSSHPublicKey: DeleteSSHPublicKeyCommand,
  UpdateSigningCertificate: UpdateSigningCertificateCommand,
  DeleteSigningCertificate: DeleteSigningCertificateCommand,
  UpdateServiceSpecificCredential: UpdateServiceSpecificCredentialCommand,
  DeleteServiceSpecificCredential: DeleteServiceSpecificCredentialCommand,
  DeactivateMFADevice: DeactivateMFADeviceCommand,
  DeleteVirtualMFADevice: DeleteVirtualMFADeviceCommand,
  DeleteUser: DeleteUserCommand,
} satisfies Record<StepName, unknown>

export function commandOf(step: Step): IamCommand<ServiceOutputTypes> {
  const { do: name, ...params } = step
  const Command = commands[name] as unknown as new (input: unknown) => IamCommand<ServiceOutputTypes>
  return new Command(params)
}

/** The step's parameters, for the record. No step has a secret among them. */
export function paramsOf(step: Step): Record<string, unknown> {
  const { do: _, ...params } = step
  return params
}

/** Steps that give somebody something: they wait for the catalog and stop when they are outdated. */
export function grants(step: Step, quarantineGroup: string): boolean {
  switch (step.do) {
    case 'CreateUser':
    case 'PutUserPermissionsBoundary':
      return true
    case 'AddUserToGroup':
      return step.GroupName !== quarantineGroup
    case 'RemoveUserFromGroup':
      return step.GroupName === quarantineGroup
    default:
      return false
  }
}

/** Steps whose aim is reached when IAM answers `NoSuchEntity`. */
const removals: ReadonlySet<StepName> = new Set<StepName>([
  'RemoveUserFromGroup',
  'DetachUserPolicy',
  'DeleteUserPolicy',
  'DeleteLoginProfile',
  'UpdateAccessKey',
  'DeleteAccessKey',
  'UpdateSSHPublicKey',
  'DeleteSSHPublicKey',
  'UpdateSigningCertificate',
  'DeleteSigningCertificate',
  'UpdateServiceSpecificCredential',
  'DeleteServiceSpecificCredential',
  'DeactivateMFADevice',
  'DeleteVirtualMFADevice',
  'DeleteUser',
])

export function isDoneWhenAbsent(step: Step): boolean {
  return removals.has(step.do)
}

/** Takes from somebody who works here what an enrollment may just have given. */
export function takesCredential({ do: action }: Step): boolean {
  return action === 'DeleteLoginProfile' || action === 'UpdateAccessKey'
}
