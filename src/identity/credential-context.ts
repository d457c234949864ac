/** What somebody's credentials are judged by, besides themselves. */
import type { AccessKeyRecord } from '../store/schema.ts'
import type { RotationRules } from './rotation.ts'

export interface CredentialContext {
  readonly now: Date
  readonly rotation: RotationRules
  /** The keys as last recorded. */
  readonly records: readonly AccessKeyRecord[]
  /** The devices are lost: they go, and what depends on them. */
  readonly resetMfa: boolean
  /** Until then, no MFA is no reason: an adopted user's deadline. */
  readonly graceUntil: Date | null
  /** When Muster last enabled a device. */
  readonly mfaEnabledAt: Date | null
  /** Devices as last seen, some of which may stand unassigned by now. */
  readonly knownDevices: readonly string[]
}
