/** One run of a reconcile as plain data: what the outcome is made of. */

import type { Difference, NewDrift } from '../drift/drift.ts'
import type { RecordedStep } from '../store/schema.ts'
import type { Applied } from './apply.ts'
import type { Denied } from './first-deny.ts'
import type { LoadedIdentity } from './ledger-model.ts'
import type { Desired, Observed, Plan } from './model.ts'
import type { RotationRules } from './rotation.ts'

/** One run of a reconcile, as far as it got. */
export interface Run {
  readonly identity: LoadedIdentity
  readonly want: Desired
  readonly observed: Observed
  readonly plan: Plan
  readonly applied: Applied | null
  readonly denied: Denied | null
  /** What differed at the first look though Muster did not do it, and was to be set right. */
  readonly drifts: readonly NewDrift[]
  /** Whatever differed at the last look, whoever did it; null when nobody looked. */
  readonly differences: readonly Difference[] | null
  /** Steps besides the plan's: planned ones in observe mode, undone mistakes, an earlier round's. */
  readonly extraSteps: readonly RecordedStep[]
  readonly operationId: string
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly retentionDays: number
  readonly rotation: RotationRules
  readonly rehearsed: boolean
  /** The name that the first call went to, as long as nobody has seen whose it is. */
  readonly deniedName: string | null
  /** The first call went to somebody else. */
  readonly wasMistaken: boolean
  readonly quarantineGroup: string
  /** IAM did not say yet whether the user is there. */
  readonly unsettled?: boolean
  /** A user that is known was not to be found: to be confirmed. */
  readonly missing?: boolean
  /** Why what Muster gives and gave is left as it is: a new catalog is not in the account yet. */
  readonly waitingFor?: string
  /** Why what grants was left out: the trail gate is shut. */
  readonly heldBy?: string
  /** CloudTrail is not verified, and the gate only warns. */
  readonly grantedDespite?: string
}
