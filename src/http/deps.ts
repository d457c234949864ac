/** All that the HTTP application needs from the rooms behind it. */
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Catalog } from '../catalog/catalog.ts'
import type { Clock } from '../clock.ts'
import type { Control } from '../compliance/control.ts'
import type { ComplianceView } from '../compliance/view.ts'
import type { Config } from '../config.ts'
import type { EnrollContext } from '../credentials/enroll-step.ts'
import type { Changes } from '../identity/changes.ts'
import type { DryRun } from '../identity/dry-run.ts'
import type { Inbox } from '../intake/inbox.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Keyring } from '../keys.ts'
import type { Store } from '../store/open.ts'

export interface AppDeps {
  readonly config: Pick<Config, 'adminToken' | 'hrSecrets' | 'mode' | 'publicUrl' | 'trailGate'>
  readonly store: Store
  readonly jobs: Jobs
  readonly inbox: Inbox
  readonly catalog: Catalog
  /** The AWS account that Muster looks after; undefined until AWS has told it. */
  readonly accountId: () => string | undefined
  readonly changes: Pick<
    Changes,
    'hire' | 'patch' | 'terminate' | 'hold' | 'liftHold' | 'reconcile' | 'resolveConflict'
  >
  readonly dryRun: DryRun
  /** One-time links. @throws Problem 503 until AWS has told the account */
  readonly enrollments: () => EnrollContext
  /** Tells the intake that there is something to work on. */
  readonly wakeIntake: () => void
  /** Asks for a look at the account's password policy. */
  readonly wakePasswordPolicy: () => void
  readonly compliance: {
    readonly controls: readonly Control[]
    readonly view: ComplianceView
    /** Tells the sweep that somebody asked for a scan. */
    readonly wake: () => void
  }
  readonly keyring: Keyring
  readonly clock: Clock
  readonly log: Logger
  readonly registry: Registry
}
