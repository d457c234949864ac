/**
 * The IAM calls that make credentials. None is repeated by the SDK: after an unknown outcome what may have
 * been made is removed, and made anew, for its secret is gone with the answer.
 */
import {
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateVirtualMFADeviceCommand,
  DeleteAccessKeyCommand,
  DeleteLoginProfileCommand,
  DeleteVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  ListAccessKeysCommand,
  ListMFADevicesCommand,
  ResyncMFADeviceCommand,
  type ServiceOutputTypes,
} from '@aws-sdk/client-iam'
import { type Account, Cancelled, type IamCommand } from '../aws/account.ts'
import { AwsCallError, isAwsError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'

/** Asked right before a call that grants; false cancels it (`Cancelled` is thrown). */
export type StillWanted = () => Promise<boolean>

/** Made in one answer, for one page, and kept nowhere. */
export interface NewDevice {
  readonly serial: string
  /** Base32, for those who cannot scan. */
  readonly seed: string
  readonly qrCodePng: Uint8Array
}

export interface NewKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const tries = 3

/** @throws AwsCallError; the device may be there when its outcome is unknown */
export async function makeDevice(account: Account, path: string, name: string): Promise<NewDevice> {
  const { output } = await ask(
    account,
    new CreateVirtualMFADeviceCommand({ Path: path, VirtualMFADeviceName: name }),
  )
  const { SerialNumber: serial = '', Base32StringSeed, QRCodePNG } = output.VirtualMFADevice ?? {}
  return {
    serial,
    seed: Buffer.from(Base32StringSeed ?? []).toString('utf8'),
    qrCodePng: QRCodePNG ?? new Uint8Array(),
  }
}

/** True when no such device stands unassigned any more: it is gone, or somebody's. @throws AwsCallError */
export async function deleteUnassignedDevice(account: Account, serial: string): Promise<boolean> {
  try {
    await ask(account, new DeleteVirtualMFADeviceCommand({ SerialNumber: serial }), priorities.bulk)
    return true
  } catch (error) {
    if (isAwsError(error, 'absent', 'delete-conflict')) return true
    throw error
  }
}

/** @throws AwsCallError */
export async function listDevices(account: Account, UserName: string): Promise<string[]> {
  const { output } = await ask(account, new ListMFADevicesCommand({ UserName }))
  return (output.MFADevices ?? []).map(({ SerialNumber }) => SerialNumber ?? '')
}

/** @returns AWS's request id @throws AwsCallError */
export async function enableDevice(
  account: Account,
  UserName: string,
  SerialNumber: string,
  [AuthenticationCode1, AuthenticationCode2]: readonly [string, string],
  stillWanted: StillWanted,
): Promise<string | undefined> {
  const command = new EnableMFADeviceCommand({
    UserName,
    SerialNumber,
    AuthenticationCode1,
    AuthenticationCode2,
  })
  return (await ask(account, command, priorities.interactive, stillWanted)).requestId
}

/** Sets a device's clock right, and so proves that its owner is there. @throws AwsCallError */
export async function resyncDevice(
  account: Account,
  UserName: string,
  SerialNumber: string,
  [AuthenticationCode1, AuthenticationCode2]: readonly [string, string],
): Promise<void> {
  await ask(
    account,
    new ResyncMFADeviceCommand({ UserName, SerialNumber, AuthenticationCode1, AuthenticationCode2 }),
  )
}

/** Those two codes are not the device's. */
export function isWrongCode(error: unknown): boolean {
  return error instanceof AwsCallError && error.code === 'InvalidAuthenticationCode'
}

/** A password that has to be changed at the first sign-in; one that nobody knows goes first. @throws AwsCallError */
export async function makePassword(
  account: Account,
  UserName: string,
  generate: () => string,
  stillWanted: StillWanted,
): Promise<{ readonly password: string; readonly requestId: string | undefined }> {
  for (let attempt = 1; ; attempt++) {
    const password = generate()
    try {
      const { requestId } = await ask(
        account,
        new CreateLoginProfileCommand({ UserName, Password: password, PasswordResetRequired: true }),
        priorities.interactive,
        stillWanted,
      )
      return { password, requestId }
    } catch (error) {
      const mayBeThere =
        isAwsError(error, 'exists') || (error instanceof AwsCallError && error.outcomeUnknown)
      if (!mayBeThere) throw error
      // It may be another request's by now, which has shown it.
      if (!(await stillWanted())) throw new Cancelled('the password is another request’s')
      await deletePassword(account, UserName)
      if (attempt === tries) throw error
    }
  }
}

/** @throws AwsCallError */
export async function deletePassword(account: Account, UserName: string): Promise<void> {
  try {
    await ask(account, new DeleteLoginProfileCommand({ UserName }))
  } catch (error) {
    if (!isAwsError(error, 'absent')) throw error
  }
}

export interface ListedKey {
  readonly id: string
  readonly active: boolean
  readonly createdAt: Date
}

/** Oldest first. @throws AwsCallError */
export async function listKeys(account: Account, UserName: string): Promise<ListedKey[]> {
  const { output } = await ask(account, new ListAccessKeysCommand({ UserName }))
  return (output.AccessKeyMetadata ?? [])
    .map(({ AccessKeyId = '', Status, CreateDate = new Date(0) }) => ({
      id: AccessKeyId,
      active: Status === 'Active',
      createdAt: CreateDate,
    }))
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
}

/** @param known the ids that are there already: any other one is of an answer that was lost @throws AwsCallError */
export async function makeKey(
  account: Account,
  UserName: string,
  known: readonly string[],
  stillWanted: StillWanted,
): Promise<NewKey & { readonly requestId: string | undefined }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { output, requestId } = await ask(
        account,
        new CreateAccessKeyCommand({ UserName }),
        priorities.interactive,
        stillWanted,
      )
      const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = output.AccessKey ?? {}
      return { accessKeyId, secretAccessKey, requestId }
    } catch (error) {
      if (!(error instanceof AwsCallError && error.outcomeUnknown)) throw error
      const orphans = (await listKeys(account, UserName)).filter(({ id }) => !known.includes(id))
      for (const { id } of orphans) await deleteKey(account, UserName, id)
      if (attempt === tries) throw error
    }
  }
}

/** @throws AwsCallError */
export async function deleteKey(account: Account, UserName: string, AccessKeyId: string): Promise<void> {
  try {
    await ask(account, new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
  } catch (error) {
    if (!isAwsError(error, 'absent')) throw error
  }
}

function ask<Output extends ServiceOutputTypes>(
  account: Account,
  command: IamCommand<Output>,
  priority: (typeof priorities)[keyof typeof priorities] = priorities.interactive,
  stillWanted?: StillWanted,
) {
  return account.call(command, { priority, ...(stillWanted ? { stillWanted } : {}) })
}
