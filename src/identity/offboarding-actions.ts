/** From a recorded step to what it took from the user: one table. Pure. */
import type { RecordedStep } from '../store/schema.ts'

export type What =
  | 'login-profile'
  | 'access-key'
  | 'ssh-key'
  | 'certificate'
  | 'service-credential'
  | 'mfa-device'
  | 'group'
  | 'attached-policy'
  | 'inline-policy'
  | 'quarantine'
  | 'boundary'
  | 'user'

export type Effect =
  | 'deactivated'
  | 'deleted'
  | 'left'
  | 'detached'
  | 'quarantined'
  | 'released'
  | 'bounded'
  | 'user_deleted'

export interface Removal {
  readonly what: What
  /** A key's id, a device's serial number, a group's name, a policy's ARN or name; null where there is but one. */
  readonly id: string | null
  readonly userName: string | null
  readonly effect: Effect
}

/** Everything that a person may have; `readByLock`: a lock is reached only after this was read, too. */
export const removalKinds: readonly { readonly what: What; readonly readByLock: boolean }[] = [
  { what: 'login-profile', readByLock: true },
  { what: 'access-key', readByLock: true },
  { what: 'ssh-key', readByLock: true },
  { what: 'certificate', readByLock: true },
  { what: 'service-credential', readByLock: true },
  { what: 'mfa-device', readByLock: false },
  { what: 'group', readByLock: true },
  { what: 'attached-policy', readByLock: true },
  { what: 'inline-policy', readByLock: true },
]

interface Rule {
  readonly what: What
  readonly effect: Effect
  /** The parameter that names it. */
  readonly id?: string
}

const deactivates = (what: What, id: string): Rule => ({ what, effect: 'deactivated', id })
const deletes = (what: What, id: string): Rule => ({ what, effect: 'deleted', id })

const rules: Readonly<Record<string, Rule>> = {
  DeleteLoginProfile: { what: 'login-profile', effect: 'deleted' },
  UpdateAccessKey: deactivates('access-key', 'AccessKeyId'),
  DeleteAccessKey: deletes('access-key', 'AccessKeyId'),
  UpdateSSHPublicKey: deactivates('ssh-key', 'SSHPublicKeyId'),
  DeleteSSHPublicKey: deletes('ssh-key', 'SSHPublicKeyId'),
  UpdateSigningCertificate: deactivates('certificate', 'CertificateId'),
  DeleteSigningCertificate: deletes('certificate', 'CertificateId'),
  UpdateServiceSpecificCredential: deactivates('service-credential', 'ServiceSpecificCredentialId'),
  DeleteServiceSpecificCredential: deletes('service-credential', 'ServiceSpecificCredentialId'),
  DeactivateMFADevice: deactivates('mfa-device', 'SerialNumber'),
  DeleteVirtualMFADevice: deletes('mfa-device', 'SerialNumber'),
  RemoveUserFromGroup: { what: 'group', effect: 'left', id: 'GroupName' },
  DetachUserPolicy: { what: 'attached-policy', effect: 'detached', id: 'PolicyArn' },
  DeleteUserPolicy: deletes('inline-policy', 'PolicyName'),
  DeleteUser: { what: 'user', effect: 'user_deleted' },
}

/** Undefined for a step that takes nothing away. */
export function actionOf({ do: action, params }: RecordedStep, quarantineGroup: string): Removal | undefined {
  const parameter = (name: string) => (typeof params[name] === 'string' ? params[name] : null)
  const userName = parameter('UserName')
  if (parameter('GroupName') === quarantineGroup) {
    const effect = action === 'AddUserToGroup' ? 'quarantined' : 'released'
    return { what: 'quarantine', id: null, userName, effect }
  }
  if (action === 'PutUserPermissionsBoundary' && isDenyAll(parameter('PermissionsBoundary'))) {
    return { what: 'boundary', id: parameter('PermissionsBoundary'), userName, effect: 'bounded' }
  }
  const rule = Object.hasOwn(rules, action) ? rules[action] : undefined
  if (!rule) return undefined
  const { what, effect, id } = rule
  return { what, id: id === undefined ? null : parameter(id), userName, effect }
}

const isDenyAll = (arn: string | null) => arn !== null && /:iam::aws:policy\/AWSDenyAll$/.test(arn)
