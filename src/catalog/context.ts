/** What a run of the catalog works with. */
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import type { Clock } from '../clock.ts'
import type { GrantGate } from '../identity/grant-gate.ts'
import type { Announce } from '../notify/announce.ts'
import type { Database } from '../store/open.ts'
import type { Catalog } from './catalog.ts'

export interface CatalogContext {
  readonly db: Database
  readonly account: Account
  readonly catalog: Catalog
  /** IAM path, `/muster/`. */
  readonly path: string
  readonly mode: 'enforce' | 'observe'
  readonly trailGate: GrantGate
  /** Left out when nobody is told of anything. */
  readonly announce?: Announce | undefined
  readonly clock: Clock
  readonly log: Logger
}
