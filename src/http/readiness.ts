/** Whether this process may get traffic, reason by reason. */
import { readFileSync } from 'node:fs'
import { eq, sql } from 'drizzle-orm'
import { within } from '../deadline.ts'
import { rowsOf } from '../store/open.ts'
import { accounts } from '../store/schema.ts'
import { readTrailLook } from '../trail/gate.ts'
import type { AppDeps } from './deps.ts'

export interface Check {
  readonly name: 'database' | 'migrations' | 'account' | 'catalog' | 'trail'
  /** A warning is an administrator's matter that traffic does not make worse. */
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail?: string
}

/** Who probes does not wait longer. */
const patienceMs = 3000

type Outcome = Omit<Check, 'name'>

const checks: readonly (readonly [Check['name'], (deps: AppDeps) => Promise<Outcome>])[] = [
  ['database', databaseAnswers],
  ['migrations', migrationsAreDone],
  ['account', accountIsKnown],
  ['catalog', catalogIsApplied],
  ['trail', trailIsVerified],
]

/** Never rejects: a check that cannot be made has failed. */
export async function checkReadiness(deps: AppDeps): Promise<Check[]> {
  return Promise.all(
    checks.map(async ([name, check]) => {
      try {
        return { name, ...(await within(patienceMs, check(deps), () => new Error('no answer in time'))) }
      } catch (error) {
        deps.log.debug({ err: error, check: name }, 'a readiness check could not be made')
        return { name, status: 'failed' as const, detail: 'the database does not answer' }
      }
    }),
  )
}

const ok: Outcome = { status: 'ok' }

async function databaseAnswers({ store }: AppDeps): Promise<Outcome> {
  await store.db.execute(sql`select 1`)
  return ok
}

/** A database that is ahead is fine: a newer replica has migrated it, and migrations keep older ones working. */
async function migrationsAreDone({ store }: AppDeps): Promise<Outcome> {
  const [row] = await rowsOf<{ done: boolean }>(
    store.db,
    sql`select coalesce(max(created_at), 0) >= ${newestMigration} as done from drizzle.__drizzle_migrations`,
  )
  return row?.done ? ok : { status: 'failed', detail: 'the newest migration has not been applied' }
}

const newestMigration = Math.max(
  ...(
    JSON.parse(readFileSync(new URL('../../migrations/meta/_journal.json', import.meta.url), 'utf8')) as {
      entries: { when: number }[]
    }
  ).entries.map(({ when }) => when),
)

async function accountIsKnown({ accountId }: AppDeps): Promise<Outcome> {
  return accountId() === undefined
    ? { status: 'failed', detail: 'AWS has not told whose credentials these are' }
    : ok
}

/**
 * Before the first time, joiners could get nothing. Later, a catalog that cannot be applied is a warning:
 * an administrator needs this very API to put it right, and leavers must get through.
 */
async function catalogIsApplied({ store, catalog, accountId, config }: AppDeps): Promise<Outcome> {
  const id = accountId()
  if (id === undefined) return { status: 'failed', detail: 'the account is not known' }
  const [account] = await store.db.select().from(accounts).where(eq(accounts.accountId, id))
  if (account?.catalogProblem)
    return { status: 'warning', detail: 'the catalog is not wholly in the account: the log says why' }
  if (config.mode === 'observe')
    return { status: 'warning', detail: 'observe mode: the account is not written to' }
  if (account?.catalogHash === catalog.hash) return ok
  return account?.catalogAppliedAt
    ? { status: 'warning', detail: 'the new catalog is not applied yet; the one before is' }
    : { status: 'failed', detail: 'the catalog has not been applied yet' }
}

/** Never more than a warning: while nothing is granted, leavers must get through. Which trail it is, is nobody's here. */
async function trailIsVerified({ store, accountId, config }: AppDeps): Promise<Outcome> {
  const id = accountId()
  const look = id === undefined ? null : await readTrailLook(store.db, id)
  if (look?.isVerified) return ok
  const what = look ? 'CloudTrail is not verified' : 'CloudTrail has not been looked at yet'
  const follows = config.trailGate === 'warn' ? 'and access is granted all the same' : 'so nothing is granted'
  return { status: 'warning', detail: `${what}, ${follows}` }
}
