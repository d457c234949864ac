/** MFA devices, asked of both. */
import { codeOfStep, fromBase32, stepAt } from '../../../src/sandbox/index.ts'
import { account, ada, grace, nobody } from './cast.ts'
import { type Seen, type Step, step } from './step.ts'

const ours = { SerialNumber: `arn:aws:iam::${account}:mfa/muster/ada` }
/** The codes of the last step and of this one, for the device that an earlier step made. */
export const codesFor = (device: string) => (seen: Seen) => {
  const seed: Uint8Array = seen.of(device).VirtualMFADevice.Base32StringSeed
  const secret = fromBase32(Buffer.from(seed).toString())
  const now = stepAt(new Date())
  return { AuthenticationCode1: codeOfStep(secret, now - 1), AuthenticationCode2: codeOfStep(secret, now) }
}

export const mfa: readonly Step[] = [
  step('make a device', 'CreateVirtualMFADeviceCommand', { Path: '/muster/', VirtualMFADeviceName: 'ada' }),
  step('make a device again', 'CreateVirtualMFADeviceCommand', {
    Path: '/muster/',
    VirtualMFADeviceName: 'ada',
  }),
  step('list unassigned devices', 'ListVirtualMFADevicesCommand', { AssignmentStatus: 'Unassigned' }),
  step('enable for nobody', 'EnableMFADeviceCommand', (seen) => ({
    ...nobody,
    ...ours,
    ...codesFor('make a device')(seen),
  })),
  step('enable', 'EnableMFADeviceCommand', (seen) => ({
    ...ada,
    ...ours,
    ...codesFor('make a device')(seen),
  })),
  step('enable again', 'EnableMFADeviceCommand', (seen) => ({
    ...ada,
    ...ours,
    ...codesFor('make a device')(seen),
  })),
  step('list devices of Ada', 'ListMFADevicesCommand', ada),
  step('list devices of nobody', 'ListMFADevicesCommand', nobody),
  step('list assigned devices', 'ListVirtualMFADevicesCommand', { AssignmentStatus: 'Assigned' }),
  step('deactivate for Grace', 'DeactivateMFADeviceCommand', { ...grace, ...ours }),
  step('deactivate', 'DeactivateMFADeviceCommand', { ...ada, ...ours }),
  step('deactivate again', 'DeactivateMFADeviceCommand', { ...ada, ...ours }),
  step('delete a device', 'DeleteVirtualMFADeviceCommand', ours),
  step('delete a device again', 'DeleteVirtualMFADeviceCommand', ours),
]
