/** Virtual MFA devices: made, assigned by two consecutive codes, taken away, deleted. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, Root, VirtualMfaDevice } from './account-data.ts'
import { keepQuota, keyOf, moment, userNamed } from './account-state.ts'
import { drawBase32 } from './ids.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { qrCodePng } from './qr-code.ts'
import { newTags } from './tags.ts'
import { fromBase32, stepAt, stepOfCodes } from './totp.ts'
import { described as describedUser, mustBeModifiable, rootUser, userOrCaller } from './users.ts'

const codes = {
  AuthenticationCode1: required(is.authenticationCode),
  AuthenticationCode2: required(is.authenticationCode),
}
const serial = { SerialNumber: required(is.serialNumber) }

export const mfaOperations: OperationTable = {
  CreateVirtualMFADevice: writes(
    { Path: is.path, VirtualMFADeviceName: required(is.mfaDeviceName), Tags: is.tags },
    (account, { Path: path = '/', VirtualMFADeviceName: name, Tags: tags }) => {
      const serialNumber = `arn:aws:iam::${account.accountId}:mfa${path}${name}`
      if (account.virtualMfaDevices.has(serialNumber)) {
        const message = 'MFADevice entity at the same path and name already exists.'
        throw new Refusal('EntityAlreadyExists', message)
      }
      // As many as users, those that nobody enabled included.
      keepQuota('VirtualMFADevicesPerAccount', account.virtualMfaDevices.size, account.quotas.users)
      const device = { serialNumber, tags: newTags(tags), seed: drawBase32(account, 64) }
      account.virtualMfaDevices.set(serialNumber, device)
      return {
        VirtualMFADevice: {
          SerialNumber: serialNumber,
          Base32StringSeed: Buffer.from(device.seed),
          QRCodePNG: qrCodePng(otpauthUrl(account, name, device.seed)),
          Tags: tags?.length ? tags : undefined,
        },
      }
    },
  ),
  EnableMFADevice: writes(
    { UserName: required(is.userName), ...serial, ...codes },
    (account, params, { now }) => {
      const user = userNamed(account, params.UserName)
      mustBeModifiable(user, now)
      const device = deviceWithSerial(account, params.SerialNumber)
      if (device.userKey !== undefined) {
        throw new Refusal('EntityAlreadyExists', 'MFADevice is already assigned to a user.')
      }
      mustBeRight(device, params.AuthenticationCode1, params.AuthenticationCode2, now)
      keepQuota('MFADevicesPerUser', user.mfaDevices.length, account.quotas.mfaDevicesPerUser)
      device.userKey = keyOf(user.userName)
      device.enableDate = moment(now)
      user.mfaDevices = [
        ...user.mfaDevices,
        { serialNumber: device.serialNumber, enableDate: device.enableDate },
      ]
    },
  ),
  ListMFADevices: reads({ UserName: is.userName, ...is.paging }, (account, params, { caller }) => {
    const user = userOrCaller(account, params.UserName, caller)
    const found = page(user.mfaDevices, ({ serialNumber }) => serialNumber, params)
    const devices = found.items.map(({ serialNumber, enableDate }) => ({
      UserName: user.userName,
      SerialNumber: serialNumber,
      EnableDate: enableDate,
    }))
    return { MFADevices: devices, ...rest(found) }
  }),
  DeactivateMFADevice: writes({ UserName: is.userName, ...serial }, (account, params, { now, caller }) => {
    const user = userOrCaller(account, params.UserName, caller)
    mustBeModifiable(user, now)
    if (!user.mfaDevices.some(({ serialNumber }) => serialNumber === params.SerialNumber)) {
      const message = `MFA Device with serial number ${params.SerialNumber} is not assigned to the user.`
      throw new Refusal('NoSuchEntity', message)
    }
    user.mfaDevices = user.mfaDevices.filter(({ serialNumber }) => serialNumber !== params.SerialNumber)
    const device = account.virtualMfaDevices.get(params.SerialNumber)
    delete device?.userKey
    delete device?.enableDate
  }),
  DeleteVirtualMFADevice: writes(serial, (account, { SerialNumber: serialNumber }) => {
    if (deviceWithSerial(account, serialNumber).userKey !== undefined) {
      throw new Refusal('DeleteConflict', 'MFA VirtualDevice in use. Must deactivate first.')
    }
    account.virtualMfaDevices.delete(serialNumber)
  }),
  ListVirtualMFADevices: reads(
    { AssignmentStatus: { type: 'text', oneOf: ['Assigned', 'Unassigned', 'Any'] }, ...is.paging },
    (account, params) => {
      const { AssignmentStatus: status = 'Any' } = params
      const devices = [...account.virtualMfaDevices.values()]
        .filter(({ userKey }) => status === 'Any' || (status === 'Assigned') === (userKey !== undefined))
        .map((device) => described(account, device))
      if (status !== 'Unassigned' && hasVirtualMfa(account.root)) devices.push(rootDevice(account))
      const found = page(devices, ({ SerialNumber: serialNumber }) => serialNumber, params)
      return { VirtualMFADevices: found.items, ...rest(found) }
    },
  ),
  ResyncMFADevice: writes(
    { UserName: required(is.userName), ...serial, ...codes },
    (account, params, { now }) => {
      const user = userNamed(account, params.UserName)
      const device = deviceWithSerial(account, params.SerialNumber)
      if (device.userKey !== keyOf(user.userName)) throw unknownDevice(params.SerialNumber)
      mustBeRight(device, params.AuthenticationCode1, params.AuthenticationCode2, now)
    },
  ),
}

export const hasVirtualMfa = ({ mfaActive, mfaDevice }: Root) => mfaActive && mfaDevice === 'virtual'

interface Described {
  readonly SerialNumber: string
  readonly User: object | undefined
  readonly EnableDate: string | undefined
}

/** Its name tells it: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-6 */
const rootDevice = (account: Account): Described => ({
  SerialNumber: `arn:aws:iam::${account.accountId}:mfa/root-account-mfa-device`,
  User: rootUser(account),
  EnableDate: account.createDate,
})

function described(account: Account, device: VirtualMfaDevice): Described {
  const user = device.userKey === undefined ? undefined : account.users.get(device.userKey)
  return {
    SerialNumber: device.serialNumber,
    User: user && describedUser(account, user),
    EnableDate: device.enableDate,
  }
}

function deviceWithSerial(account: Account, serialNumber: string): VirtualMfaDevice {
  const device = account.virtualMfaDevices.get(serialNumber)
  if (!device) throw unknownDevice(serialNumber)
  return device
}

function mustBeRight(device: VirtualMfaDevice, first: string, second: string, now: Date): void {
  const step = stepOfCodes(fromBase32(device.seed), first, second, now)
  if (step === undefined || step <= (device.lastStep ?? 0)) {
    throw new Refusal('InvalidAuthenticationCode', 'Authentication code for device is not valid.')
  }
  device.lastStep = step
  // API_EnableMFADevice: codes that come late enable a device that is out of sync.
  device.outOfStep = Math.abs(step - stepAt(now)) > 2
}

const unknownDevice = (serialNumber: string) =>
  new Refusal('NoSuchEntity', `VirtualMFADevice with serial number ${serialNumber} doesn't exist.`)

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_VirtualMFADevice.html, `QRCodePNG` */
function otpauthUrl({ accountId, aliases }: Account, name: string, seed: string): string {
  const issuer = aliases[0] ?? accountId
  return `otpauth://totp/Amazon%20Web%20Services:${encodeURIComponent(`${name}@${issuer}`)}?secret=${seed}&issuer=Amazon%20Web%20Services`
}
