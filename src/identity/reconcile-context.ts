/** What a reconcile works with. */
import type { Account } from '../aws/account.ts'
import type { Clock } from '../clock.ts'
import type { Told } from '../drift/drift.ts'
import type { FirstDeny } from './first-deny.ts'
import type { GrantGate } from './grant-gate.ts'
import type { Ledger, LoadedIdentity } from './ledger-model.ts'
import type { RegistrationSettings } from './registration.ts'
import type { RoleAccessOf } from './role-access.ts'
import type { RotationRules } from './rotation.ts'

export interface ReconcileContext {
  readonly account: Account
  readonly ledger: Ledger
  readonly registration: RegistrationSettings
  readonly firstDeny: FirstDeny
  readonly roleAccess: RoleAccessOf
  /** The catalog that must be in the account before anything is granted. */
  readonly catalogHash: string
  readonly mode: 'enforce' | 'observe'
  readonly retentionDays: number
  readonly rotation: RotationRules
  readonly trailGate: GrantGate
  readonly clock: Clock
  /** Whether the user of that id is an identity of ours that is locked, or is to be. */
  isToBeOut(userId: string): Promise<boolean>
  /** What AWS's events say that others did to the user since. */
  toldSince(identity: LoadedIdentity, since: Date): Promise<readonly Told[]>
  /** The id of the identity that owns this `UserId`, if any does. */
  ownerOf(userId: string): Promise<string | null>
}
