/** From when on IAM denied everything to somebody who left, as far as it is on record. Pure. */
import type { DepartedIdentity, OffboardingAction } from './offboarding-model.ts'
import type { TrailEvidence } from './offboarding-trail.ts'

export interface FirstDenyEvidence {
  readonly by: 'quarantine' | 'boundary' | null
  /** RFC 3339: when IAM accepted it. */
  readonly acceptedAt: string
  /** From the moment at which access was to end, or at which Muster heard of it where that was later. */
  readonly seconds: number
  readonly requestId: string | null
  readonly operationId: string | null
  readonly trail: TrailEvidence | null
}

export function firstDenyOf(
  { lockedAt }: DepartedIdentity,
  actions: readonly OffboardingAction[],
  dueAt: Date,
): FirstDenyEvidence | null {
  const secondsTo = (at: string) => Math.max(0, (Date.parse(at) - dueAt.getTime()) / 1000)
  const deny = actions.find(
    ({ effect, outcome }) => (effect === 'quarantined' || effect === 'bounded') && outcome === 'done',
  )
  // After a crash the call itself may not be on record, while that it was accepted is.
  if (lockedAt && (!deny || lockedAt.getTime() < Date.parse(deny.at) - crashToleranceMs)) {
    const acceptedAt = lockedAt.toISOString()
    return {
      by: null,
      acceptedAt,
      seconds: secondsTo(acceptedAt),
      requestId: null,
      operationId: null,
      trail: null,
    }
  }
  if (!deny) return null
  const { at: acceptedAt, requestId, operationId, trail, effect } = deny
  const by = effect === 'quarantined' ? 'quarantine' : 'boundary'
  return { by, acceptedAt, seconds: secondsTo(acceptedAt), requestId, operationId, trail }
}

/** The moment on the identity is that of asking, the one of the call that of the answer. */
const crashToleranceMs = 60_000
