/**
 * The proof that logging works: Muster looks for the request ids of its own calls in the log files that the trail
 * delivered. One replica at a time looks, about every two minutes.
 */
import { GetAccountSummaryCommand } from '@aws-sdk/client-iam'
import type { Logger } from 'pino'
import { recordAudit } from '../audit/record.ts'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import type { Fact } from '../aws/fact.ts'
import { priorities } from '../aws/limiter.ts'
import type { Clock } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import type { Announce } from '../notify/announce.ts'
import { type Lease, takeLease } from '../store/lease.ts'
import type { Store } from '../store/open.ts'
import { newsOf } from './alarms.ts'
import { lookAtBucketsIfDue } from './bucket-looks.ts'
import { type Canary, isOfTheFuture, isRead, missingSince } from './canary.ts'
import { judgeUnread, type Look, lookAtLogFiles } from './canary-look.ts'
import { type LookProgress, noAlarms, noDigests } from './canary-progress.ts'
import { type LastLook, lastLook, newestWrite, noteCanary, readCanaries, saveLook } from './canary-store.ts'
import { chainsAt, deliversSince, isSamePlace } from './chain-places.ts'
import type { CanaryFacts, TrailFacts, TrailPlace } from './facts.ts'
import type { LookLimits } from './log-reader.ts'
import { askForTrail } from './trail-to-look-at.ts'

export interface CanaryLoopContext {
  readonly store: Store
  readonly account: Account
  readonly trails: () => Promise<Fact<readonly TrailFacts[]>>
  /** Those that the others are not: of one other Region alone. Asked about hourly. */
  readonly trailsElsewhere: (others: readonly string[]) => Promise<Fact<readonly TrailFacts[]>>
  readonly announce: Announce
  readonly clock: Clock
  readonly log: Logger
  /** How often it is looked whether a look is due; 15 seconds by default. */
  readonly everyMs?: number
  readonly limits?: LookLimits
}

const lookEveryMs = 2 * 60_000
const leaseMs = 5 * 60_000
const callEveryMs = 10 * 60_000
/** Older writes are nobody's news. */
const writesWithinMs = 2 * 3_600_000
const usualLimits: LookLimits = { files: 500, bytes: 1024 * 1024 * 1024, ms: 60_000 }
/** In the place of a trail's ARN, before there was one. */
const noTrail = 'none'

export function startCanaryLoop(context: CanaryLoopContext): Loop {
  const seen = new Set<string>()
  return startLoop({
    name: 'log files',
    everyMs: context.everyMs ?? 15_000,
    log: context.log,
    look: () => lookOnce(context, seen),
  })
}

/** Whether there is more to do right now. */
export async function lookOnce(context: CanaryLoopContext, seen: Set<string>): Promise<boolean> {
  const { store, account, clock } = context
  const started = clock()
  const lease = await takeLease(store.db, account.accountId, 'log-files', {
    leaseMs,
    everyMs: lookEveryMs,
    now: started,
  })
  if (!lease) return false
  let hasMore = false
  try {
    hasMore = await lookNow(context, { seen, lease }, started)
    return hasMore
  } finally {
    await lease.end(hasMore ? null : started)
  }
}

async function lookNow(
  context: CanaryLoopContext,
  { seen, lease }: { readonly seen: Set<string>; readonly lease: Lease },
  now: Date,
): Promise<boolean> {
  const { store, account, log } = context
  const before = await lastLook(store.db, account.accountId, now)
  const trail = await askForTrail(account, context.trails, before?.progress?.trail ?? undefined)
  const since = trail.place ? deliversSince(before?.progress, trail.place, now) : null
  const callProblem = await callCanaries(context, since, now)
  const canaries = await readCanaries(store.db, account.accountId)
  if (!trail.place) {
    const reading =
      trail.problem === null
        ? ({ kind: 'no-trail' } as const)
        : ({ kind: 'not', reason: trail.problem } as const)
    const facts = withCallProblem(judgeUnread(canaries, reading, now), callProblem)
    await save(context, { before, lease }, { ...trail, place: null }, { facts }, now)
    return false
  }
  const same = before?.progress && isSamePlace(before.progress.trail, trail.place) ? before : undefined
  if (!same) seen.clear()
  const { digests, elsewhere } = chainsAt(before?.progress, trail.place, now)
  const look = await lookAtLogFiles(
    {
      account,
      trail: trail.place,
      since,
      latestDigest: trail.latestDigest,
      limits: context.limits ?? usualLimits,
      seen,
      now,
    },
    {
      lastKey: same?.lastKey ?? null,
      isBehind: same?.progress?.isBehind === true,
      unread: same?.progress?.unread ?? [],
      organizationId: same?.progress?.organizationId ?? null,
      digests,
      canaries,
    },
  )
  if (look.facts.unread) log.warn(look.facts.unread, 'log files cannot be read')
  for (const { key, fault } of look.strange) log.warn({ key, fault }, 'an object among the log files is none')
  const isSaved = await save(
    context,
    { before, lease },
    { ...trail, place: trail.place },
    { ...look, since, elsewhere, facts: withCallProblem(look.facts, callProblem) },
    now,
  )
  if (!isSaved) return false
  for (const key of look.read) seen.add(key)
  return look.hasMore
}

/**
 * A read of ours, and the newest write that an operation made: each at most every ten minutes, and at once when the
 * trail begins to deliver elsewhere. Returns why no call could be made.
 */
async function callCanaries(
  { store, account }: CanaryLoopContext,
  since: Date | null,
  now: Date,
): Promise<AwsCallError | undefined> {
  const { accountId } = account
  const known = (await readCanaries(store.db, accountId)).filter(
    (canary) => !isOfTheFuture(canary, now) && (since === null || canary.calledAt >= since),
  )
  if (isDue(known, false, now)) {
    const write = await newestWrite(store.db, accountId, now, writesWithinMs)
    if (write) await noteCanary(store.db, accountId, write)
  }
  if (!isDue(known, true, now)) return undefined
  try {
    const { requestId } = await account.call(new GetAccountSummaryCommand({}), { priority: priorities.bulk })
    if (requestId)
      await noteCanary(store.db, accountId, { requestId, eventName: 'GetAccountSummary', calledAt: now })
    return undefined
  } catch (error) {
    if (!(error instanceof AwsCallError)) throw error
    return error
  }
}

const isDue = (canaries: readonly Canary[], read: boolean, now: Date): boolean =>
  !canaries.some(
    ({ eventName, calledAt }) =>
      isRead(eventName) === read && now.getTime() - calledAt.getTime() < callEveryMs,
  )

/** Without a call there is nothing to find: the reason is the call's. */
function withCallProblem(facts: CanaryFacts, problem: AwsCallError | undefined): CanaryFacts {
  if (!problem || facts.status !== 'unknown' || facts.waitingSince !== null) return facts
  const statement = { Effect: 'Allow', Action: 'iam:GetAccountSummary', Resource: '*' }
  const toAdd = problem.class === 'denied' ? [{ Sid: 'CallWhatIsLookedFor', ...statement }] : []
  return { ...facts, reason: problem.message, statementsToAdd: [...facts.statementsToAdd, ...toAdd] }
}

/** False when the lease was lost, as to a process that was frozen: another one has looked since, and knows better. */
async function save(
  context: CanaryLoopContext,
  { before, lease }: { readonly before: LastLook | undefined; readonly lease: Lease },
  { place: trail, all }: { readonly place: TrailPlace | null; readonly all: readonly TrailPlace[] },
  look: Pick<Look, 'facts'> &
    Partial<Look> &
    Pick<LookProgress, 'elsewhere'> & { readonly since?: Date | null },
  now: Date,
): Promise<boolean> {
  const { store, account, trailsElsewhere, announce, clock } = context
  const { accountId } = account
  const trailArn = trail?.arn ?? noTrail
  const { digests = before?.progress?.digests ?? noDigests } = look
  const facts = { ...look.facts, missingSince: missingSince(before?.facts, look.facts) }
  const { alarms, news } = newsOf(before?.progress?.alarms ?? noAlarms, facts)
  const { organizationId = null, isBehind = false, unread = [] } = look
  const since = look.since?.toISOString() ?? null
  const { elsewhere = before?.progress?.elsewhere ?? [] } = look
  const gone = look.isBucketGone && trail ? trail.bucket : null
  const logBuckets = await lookAtBucketsIfDue(
    { account, trailArn, trails: all, trailsElsewhere, gone, now },
    before,
  )
  const entries = news.map(({ type, data }) => ({
    type,
    at: now,
    employeeId: null,
    data: { accountId, trailArn, ...data },
  }))
  if (!(await lease.renew(clock()))) return false
  await store.db.transaction(async (tx) => {
    await saveLook(tx, accountId, {
      trailArn,
      bucket: trail?.bucket ?? null,
      lastKey: look.lastKey ?? null,
      facts,
      progress: { trail, since, organizationId, digests, elsewhere, alarms, isBehind, unread },
      found: look.found ?? [],
      writes: look.writes ?? [],
      logBuckets,
      at: now,
    })
    await recordAudit(
      tx,
      entries.map(({ type, at, data }) => ({ at, actor: 'schedule', action: type, details: data })),
    )
    await announce(tx, entries)
  })
  return true
}
