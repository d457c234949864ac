/**
 * The sweep: everything about the account is read at once, judged, put on record, and compared with what Muster
 * knows of its users. On schedule, more often while CloudTrail is off, and soon after the trail gate has shut or opened,
 * a drift was set right, or somebody asked.
 */
import { eq, sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import type { Clock } from '../clock.ts'
import { noticesOfDrifts, recordStanding, wasRepairedSince } from '../drift/record.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import type { Announce } from '../notify/announce.ts'
import { type Lease, lastDoneAt, takeLease } from '../store/lease.ts'
import { type Database, rowsOf, type Store } from '../store/open.ts'
import { accounts, type ScanProgress } from '../store/schema.ts'
import { collectGarbage } from '../thrift.ts'
import { compareWithRecord } from './compare-record.ts'
import type { Control } from './control.ts'
import { evaluate } from './evaluate.ts'
import { gather } from './gather.ts'
import type { MusterSettings } from './gather-own.ts'
import { keepRoles } from './roles.ts'
import { beginScan, failScan, hasOpenScan, noteProgress } from './scans.ts'
import type { AccountSnapshot } from './snapshot.ts'
import { storeReport } from './store.ts'
import { unmanagedIn, unmanagedKinds } from './unmanaged.ts'

export interface SweepContext {
  readonly store: Store
  readonly jobs: Jobs
  readonly account: Account
  readonly muster: MusterSettings
  readonly controls: readonly Control[]
  readonly announce: Announce
  readonly clock: Clock
  readonly log: Logger
}

const minuteMs = 60_000
const usualMs = 10 * minuteMs
/** Without a trail no events come, and nobody else tells. */
const withoutTrailMs = 5 * minuteMs
/** What is on record is of before the trail gate shut or opened. One that does so again and again brings no more. */
const afterChangeMs = minuteMs
/** Renewed while it lasts; after a crash, nobody can start before this has passed. */
const leaseMs = 2 * minuteMs
const renewMs = 20_000
const progressMs = 1000
const lookMs = 5000
/** Until another look, while the account is being prepared. */
const preparingMs = 250

export function startSweep(context: SweepContext): Loop {
  return startLoop({
    name: 'sweep',
    everyMs: lookMs,
    log: context.log,
    async look(signal) {
      return (await sweepIfDue(context, signal)) === 'too early' ? preparingMs : false
    },
  })
}

/**
 * One sweep, if it is time for one, or somebody asked. Undefined when it is not, or another replica is at it;
 * `too early` while groups and policies are still being made in the account.
 */
export async function sweepIfDue(
  context: SweepContext,
  signal?: AbortSignal,
): Promise<Swept | 'too early' | undefined> {
  const due = await intervalNow(context)
  if (due === undefined) return 'too early'
  const { store, account, clock } = context
  const { everyMs, reason } = due
  const lease = await takeLease(store.db, account.accountId, 'sweep', { leaseMs, everyMs, now: clock() })
  return lease && (await sweep(context, { lease, reason }, signal))
}

/** How long after the last sweep the next one is due, and why. Undefined while the account is not worth a look yet. */
async function intervalNow({
  store,
  account,
  muster,
}: SweepContext): Promise<{ everyMs: number; reason: 'schedule' | 'trail gate' | 'repair' } | undefined> {
  if (await hasOpenScan(store.db, account.accountId)) return { everyMs: 0, reason: 'schedule' }
  const [row] = await store.db
    .select({
      look: accounts.trailLook,
      catalogAppliedAt: accounts.catalogAppliedAt,
      catalogProblem: accounts.catalogProblem,
    })
    .from(accounts)
    .where(eq(accounts.accountId, account.accountId))
  const isPrepared = row?.catalogAppliedAt != null || row?.catalogProblem != null
  if (!isPrepared && muster.mode === 'enforce') return undefined
  const look = row?.look
  const sweptAt = await lastDoneAt(store.db, account.accountId, 'sweep')
  if (look && sweptAt && Date.parse(look.since) > sweptAt.getTime()) {
    return { everyMs: afterChangeMs, reason: 'trail gate' }
  }
  // The report should not go on telling of what was set right.
  if (sweptAt && (await wasRepairedSince(store.db, account.accountId, sweptAt))) {
    return { everyMs: afterChangeMs, reason: 'repair' }
  }
  return { everyMs: look?.isVerified === false ? withoutTrailMs : usualMs, reason: 'schedule' }
}

export interface Swept {
  readonly scanId: string
  readonly calls: number
  readonly reconciled: number
}

async function sweep(
  context: SweepContext,
  { lease, reason }: { readonly lease: Lease; readonly reason: string },
  signal: AbortSignal | undefined,
): Promise<Swept | undefined> {
  const { store, account, muster, controls, announce, clock, log } = context
  const { db } = store
  const scan = await beginScan(db, account.accountId, clock(), reason)
  const heart = beating(context, scan.id, lease)
  let doneAt: Date | null = clock()
  try {
    const { snapshot, calls } = await gather({
      db,
      account,
      muster,
      clock,
      onProgress(progress, calls) {
        if (signal?.aborted) throw new Error('the service stops; the next scan begins anew')
        heart.at(progress, calls)
        collectGarbage()
      },
    })
    const report = evaluate(snapshot, controls, clock())
    collectGarbage()
    const finished = { scanId: scan.id, report, calls, progress: heart.progress(), now: clock() }
    await heart.stop()
    if (!(await storeReport({ db, announce }, finished))) return undefined
    collectGarbage()
    await keepRolesOf(snapshot, db)
    const suspects = await compareWithRecord(context, snapshot)
    collectGarbage()
    if (suspects.length > 0) log.info({ suspects }, 'users differ from the record, and are looked at')
    await noteUnmanaged(context, snapshot)
    return { scanId: scan.id, calls, reconciled: suspects.length }
  } catch (error) {
    await heart.stop()
    if (signal?.aborted) doneAt = null
    await failScan(db, scan.id, (error as Error).message, clock()).catch((away) =>
      log.warn({ err: away }, 'a scan that failed could not be noted; the next one does it'),
    )
    throw error
  } finally {
    await lease.end(doneAt)
  }
}

/** So that nobody reads them again for a day. */
async function keepRolesOf({ accountId, roles, takenAt }: AccountSnapshot, db: Database): Promise<void> {
  if (!roles.known) return
  const { readAt, ...found } = roles.value
  if (readAt >= takenAt) await keepRoles(db, accountId, found, readAt)
}

/** What was there before Muster's first sweep is nobody's doing of late. */
async function noteUnmanaged(
  { store, account: { accountId }, announce, clock }: SweepContext,
  snapshot: AccountSnapshot,
): Promise<void> {
  const [row] = await rowsOf<{ since: string | null }>(
    store.db,
    sql`select min(at) as since from compliance_history where account_id = ${accountId}`,
  )
  // Who could not be looked at has not gone.
  if (!row?.since || !snapshot.authorization.known) return
  const found = unmanagedIn(snapshot, new Date(row.since))
  await store.db.transaction(async (tx) => {
    for (const kind of unmanagedKinds) {
      const ofKind = found.filter((drift) => drift.kind === kind)
      await announce(tx, noticesOfDrifts(await recordStanding(tx, accountId, kind, ofKind, clock())))
    }
  })
}

/** Shows how far a scan is, and keeps its lease, for as long as it lasts. */
function beating({ store, clock, log }: SweepContext, scanId: string, lease: Lease) {
  let progress: ScanProgress = { part: '', users: 0, groups: 0, policies: 0 }
  let calls = 0
  let isShown = true
  let renewedAt = performance.now()
  let last = Promise.resolve()

  async function beat(): Promise<void> {
    if (!isShown) {
      isShown = true
      await noteProgress(store.db, scanId, progress, calls)
    }
    if (performance.now() - renewedAt >= renewMs) {
      renewedAt = performance.now()
      await lease.renew(clock())
    }
  }
  const timer = setInterval(() => {
    last = last.then(beat).catch((error) => log.warn({ err: error }, 'how far a scan is could not be noted'))
  }, progressMs)
  return {
    at(newProgress: ScanProgress, callsSoFar: number) {
      progress = newProgress
      calls = callsSoFar
      isShown = false
    },
    progress: () => progress,
    stop() {
      clearInterval(timer)
      return last
    },
  }
}
