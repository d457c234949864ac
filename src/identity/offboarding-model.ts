/** What a departure's evidence is made of: the identity as it is on record, and each thing that was done. */
import type { IdentityState, OperationKind, OperationStatus, RecordedStep } from '../store/schema.ts'
import type { Removal } from './offboarding-actions.ts'
import type { TrailEvidence, TrailRecord } from './offboarding-trail.ts'

export interface DepartedIdentity extends Standing {
  readonly identityId: string
  readonly accountId: string
  readonly userName: string
  /** Of this departure, oldest first. */
  readonly operations: readonly DepartureOperation[]
  /** Steps of first calls as they were noted at once: an operation may not have them. Oldest first. */
  readonly denies: readonly NotedDeny[]
  readonly trail: TrailRecord
}

/** How the identity stands; of a departure that is over: how it stood, by the record, when the person returned. */
export interface Standing {
  readonly state: IdentityState
  readonly reason: string | null
  /** All that was asked for has been done. */
  readonly isReconciled: boolean
  /** Nothing was ever done, or begun, for it in AWS. */
  readonly wasNeverMade: boolean
  readonly lockedAt: Date | null
  readonly deletedAt: Date | null
  readonly nextLookAt: Date | null
  readonly lastReconciledAt: Date | null
}

export interface NotedDeny {
  readonly at: Date
  readonly steps: readonly RecordedStep[]
}

export interface DepartureOperation {
  readonly id: string
  readonly kind: OperationKind
  readonly status: OperationStatus
  readonly cause: string
  readonly startedAt: Date
  readonly steps: readonly RecordedStep[]
}

export interface OffboardingAction extends Removal {
  /** `unknown`: the process died before it could note what came of it. */
  readonly outcome: 'done' | 'already' | 'failed' | 'skipped' | 'unknown'
  /** RFC 3339: when AWS answered, or the run began where that is not on record. */
  readonly at: string
  readonly requestId: string | null
  /** Null for a first call that is in no operation: it was noted on its own. */
  readonly operationId: string | null
  readonly error: string | null
  /** Of an action that did not come to its end: when a later look found nothing left to do. */
  readonly confirmedAt: string | null
  /** Null without a request id. */
  readonly trail: TrailEvidence | null
}
