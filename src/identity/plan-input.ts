/** What a plan goes by: the registration, and what is on record of an identity. Pure. */
import type { LoadedIdentity } from './ledger-model.ts'
import type { Desired, Observed, PlanInput } from './model.ts'
import type { GivenRecord } from './plan-gated.ts'
import { type RegistrationSettings, registrationOf } from './registration.ts'
import type { RotationRules } from './rotation.ts'

export interface PlanInputContext {
  readonly registration: RegistrationSettings
  readonly rotation: RotationRules
  readonly now: Date
}

export function planInput(
  identity: LoadedIdentity,
  desired: Desired,
  observed: Observed,
  { registration, rotation, now }: PlanInputContext,
): PlanInput {
  return {
    desired,
    observed,
    registration: registrationOf(identity, registration),
    possibleGroups: identity.possibleGroups,
    believed: {
      groups: identity.groups,
      quarantined: identity.lockedAt !== null,
      boundaryArn: identity.boundaryArn,
      isBeingAdopted: !isGiven(identity),
    },
    credentials: credentialContext(identity, rotation, now),
  }
}

/** Whether the user is ours and Muster has given it anything; one that is to be taken over has all it has from others. */
export function isGiven({ awsUserId, touchedAt }: Pick<LoadedIdentity, 'awsUserId' | 'touchedAt'>): boolean {
  return awsUserId !== null && touchedAt !== null
}

/** What of an identity a plan that has to wait is judged by. */
export function givenTo(identity: LoadedIdentity): GivenRecord {
  const { groups, possibleGroups, boundaryArn } = identity
  return { groups, possibleGroups, boundaryArn, isBeingAdopted: !isGiven(identity) }
}

export function credentialContext(identity: LoadedIdentity, rotation: RotationRules, now: Date) {
  return {
    now,
    rotation,
    records: identity.accessKeys,
    resetMfa: identity.mfaReset,
    graceUntil: identity.mfaDeadlineAt,
    mfaEnabledAt: identity.mfaEnabledAt,
    knownDevices: identity.mfaSerials,
  }
}
