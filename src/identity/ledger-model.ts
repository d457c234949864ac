/** What the ledger is asked and told: an identity as a reconcile needs it, its intent, its outcome. */
import type { AuditEntry } from '../audit/record.ts'
import type { Difference, NewDrift } from '../drift/drift.ts'
import type { Notice } from '../notify/announce.ts'
import type {
  AccessKeyRecord,
  EmployeeStatus,
  Hold,
  IdentityState,
  Lack,
  OperationKind,
  OperationStatus,
  RecordedStep,
  SettledAs,
} from '../store/schema.ts'

/** An identity and its employee, as a reconcile needs them. */
export interface LoadedIdentity {
  readonly id: string
  readonly employeeId: string
  readonly accountId: string
  readonly userName: string
  readonly awsUserId: string | null
  readonly lastSeenName: string | null
  readonly state: IdentityState
  readonly groups: readonly string[]
  readonly possibleGroups: readonly string[]
  readonly mfaEnrolled: boolean
  readonly consoleAccess: boolean
  readonly adopt: boolean
  readonly generation: number
  readonly cause: string
  readonly lockedAt: Date | null
  readonly deniedName: string | null
  readonly deletedAt: Date | null
  readonly touchedAt: Date | null
  readonly lacks: Lack | null
  readonly mfaReset: boolean
  readonly mfaEnabledAt: Date | null
  readonly mfaDeadlineAt: Date | null
  readonly mfaSerials: readonly string[]
  readonly accessKeys: readonly AccessKeyRecord[]
  readonly boundaryArn: string | null
  readonly missingSince: Date | null
  readonly settledAs: SettledAs | null
  readonly settledAt: Date | null
  /** Some drift of it is not set right, as far as is on record. */
  readonly hasStandingDrifts: boolean
  readonly employee: {
    readonly status: EmployeeStatus | null
    readonly role: string
    readonly hold: Hold | null
    readonly lockedSince: Date | null
    /** When HR or an administrator last changed anything about them. */
    readonly changedAt: Date | null
  }
  readonly catalogHash: string | null
  /** By which a run that ends knows whether another one has ended since it began. */
  readonly lastReconciledAt: Date | null
}

/** Written before the first call that changes anything: after a crash, this is what may have happened. */
export interface Intent {
  readonly operationId: string
  readonly identityId: string
  readonly accountId: string
  readonly employeeId: string
  readonly kind: OperationKind
  readonly cause: string
  readonly generation: number
  readonly steps: readonly RecordedStep[]
  readonly startedAt: Date
  /** The most and the least that the user may be in while this runs. */
  readonly possibleGroups: readonly string[]
  readonly certainGroups: readonly string[]
  /** What this run is to set right, though Muster did not do it. */
  readonly drifts: readonly NewDrift[]
}

/** Written after the last call. */
export interface Outcome {
  readonly identityId: string
  readonly state: IdentityState
  readonly reason: string | null
  readonly awsUserId: string | null
  readonly lastSeenName: string | null
  readonly groups: readonly string[]
  readonly possibleGroups: readonly string[]
  readonly mfaEnrolled: boolean
  readonly consoleAccess: boolean
  readonly adopt: boolean
  readonly lockedAt: Date | null
  readonly deniedName: string | null
  /** This run made, or found on record, the first call that is noted; otherwise that call came in meanwhile. */
  readonly knowsOfDeny: boolean
  readonly deletedAt: Date | null
  readonly touchedAt: Date | null
  readonly nextLookAt: Date | null
  readonly lacks: Lack | null
  /** Its owner is to get a link for what is lacking. */
  readonly enrollmentWanted: boolean
  /** Its owner is to get a link for a new key. */
  readonly keyLinkWanted: boolean
  /** The devices that were said to be lost are gone. */
  readonly mfaResetDone: boolean
  readonly mfaSerials: readonly string[]
  readonly accessKeys: readonly AccessKeyRecord[]
  readonly boundaryArn: string | null
  readonly missingSince: Date | null
  /** Something that grants was planned, and waits for the trail gate. */
  readonly waitsForTrail: boolean
  /** As what the run left the user, by a look that began at `at`; null when something is left to do. */
  readonly settled: { readonly as: SettledAs; readonly at: Date } | null
  readonly drifts: DriftOutcome | null
  /** The generation that this run worked for. */
  readonly generation: number
  /** The generation that is reconciled now; null when this run did not get there. */
  readonly reconciledGeneration: number | null
  readonly at: Date
  /** When a run had ended last, as this one began. */
  readonly lastEndedAt: Date | null
  /** Set when the job has to come back, with what went wrong. */
  readonly retry: string | null
  /** Something that the catalog makes was missing in IAM. */
  readonly catalogMissing: boolean
  readonly operation: FinishedOperation | null
  readonly audit: readonly AuditEntry[]
  /** What is announced with it, besides what follows from its state and operation. */
  readonly notices: readonly Notice[]
}

/** What a run found that was not Muster's doing, and what of it there is still. */
export interface DriftOutcome {
  readonly found: readonly NewDrift[]
  /** What still differs after the run; null when nobody knows. Whatever else stood on record is set right. */
  readonly remaining: readonly Difference[] | null
}

export interface FinishedOperation {
  readonly id: string
  readonly accountId: string
  readonly employeeId: string
  readonly kind: OperationKind
  readonly cause: string
  readonly generation: number
  readonly status: OperationStatus
  readonly steps: readonly RecordedStep[]
  /** What was left for later, or was given all the same. */
  readonly reason: string | null
  readonly error: string | null
  readonly startedAt: Date
  readonly finishedAt: Date
}

export interface Ledger {
  /** Reads identities and takes note that their requests are being served. */
  load(identityIds: readonly string[]): Promise<LoadedIdentity[]>
  /** The same without taking note: for a lock's first call and for dry runs. */
  peek(identityIds: readonly string[]): Promise<LoadedIdentity[]>
  intend(intent: Intent): Promise<void>
  record(outcome: Outcome): Promise<void>
  /** What Muster did to this user since then, planned steps apart. */
  stepsSince(
    identity: Pick<LoadedIdentity, 'id' | 'employeeId'>,
    since: Date,
  ): Promise<readonly RecordedStep[]>
  /** Whether no newer change of this identity has come. Looks that coincide share a statement. */
  isCurrent(identityId: string, generation: number): Promise<boolean>
  /**
   * Notes whose user was just made, before the run has ended: a lock that comes in between denies it unread.
   * Tells what `isCurrent` does, so that either the lock finds the note or the run hears of the lock.
   */
  noteCreated(identityId: string, generation: number, awsUserId: string): Promise<boolean>
  /**
   * Notes the first accepted deny at once, without waiting for the rest of the lock. One that a newer change
   * has overtaken meanwhile is looked after at once: that change may have ended the lock. Its calls are in the
   * audit record from then on (`identity.denied`), whatever becomes of the run.
   */
  noteDenied(
    identity: Pick<LoadedIdentity, 'id' | 'employeeId' | 'generation' | 'cause'>,
    denied: {
      readonly userName: string
      readonly at: Date
      readonly setBoundary: boolean
      readonly steps: readonly RecordedStep[]
    },
  ): Promise<void>
}
