import { rootArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'
import { rootHasNoCredentials } from '../root-credentials.ts'

/** A passkey or a security key is hardware here: only virtual devices are listed by IAM, root's among them. */
export const rootHardwareMfa: Control = {
  id: 'root-hardware-mfa',
  title: 'The MFA device of the root user is hardware',
  practice: 'root-account',
  severity: 'high',
  remedy:
    'Sign in as root, assign a security key or a hardware token, and then remove the virtual MFA device.',
  checks: ['iam_root_hardware_mfa_enabled'],
  judge: (snapshot) =>
    withFacts({ summary: snapshot.summary, devices: snapshot.virtualMfaDevices }, ({ summary, devices }) => {
      // Elsewhere root has no MFA of hardware, or no sign-in at all: there is nothing to judge.
      if (snapshot.partition !== 'aws' || rootHasNoCredentials(summary))
        return verdictOf([], { applies: false, partition: snapshot.partition })
      const virtual = devices.filter(
        ({ isRoot, serial }) => isRoot || serial.endsWith(':mfa/root-account-mfa-device'),
      )
      const evidence = { hasMfa: summary.rootHasMfa, virtualDevices: virtual.map(({ serial }) => serial) }
      const message = !summary.rootHasMfa
        ? 'The root user has no MFA at all'
        : virtual.length > 0
          ? 'The root user has a virtual MFA device'
          : null
      return verdictOf(message === null ? [] : [{ resource: rootArn(snapshot), message, evidence }], evidence)
    }),
}
