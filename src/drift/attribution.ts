/**
 * Who caused a drift: looked for in the Event history until it is found or given up.
 *
 * Events show there up to 15 minutes after they happened, so the search is repeated at growing intervals for half an
 * hour (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html).
 */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { recordAudit } from '../audit/record.ts'
import type { Account } from '../aws/account.ts'
import { AwsCallError, isAwsError } from '../aws/errors.ts'
import type { Clock } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import type { Announce } from '../notify/announce.ts'
import { takeLease } from '../store/lease.ts'
import { type Database, rowsOf, type Store } from '../store/open.ts'
import { storableJson } from '../store/storable.ts'
import type { Culprit } from '../store/trail-tables.ts'
import { type AttributedDrift, culpritAmong, lookupsFor, withNamesIn } from './culprit.ts'
import { messageOf } from './drift.ts'
import { type EventHistory, type HistoryEvent, openEventHistory } from './event-history.ts'
import type { DriftDetail, DriftKind } from './kinds.ts'

export interface AttributionContext {
  readonly store: Store
  readonly account: Pick<Account, 'accountId' | 'iamRegion' | 'principalId' | 'callTrail'>
  readonly announce: Announce
  readonly clock: Clock
  readonly log: Logger
  /** Between two calls; 600 ms leaves others some of the two calls a second. */
  readonly paceMs?: number
}

const everyMs = 2000
/** Nobody can start before this has passed after a crash; a look ends well before. */
const leaseMs = 120_000
const callsPerLook = 60
const driftsPerLook = 50
const minuteMs = 60_000
/** After the drift was found. The search by the events' names is the costly one, and begins with the fourth. */
const triesAfterMs = [0, 0.25, 0.75, 2, 5, 10, 16, 24, 31].map((minutes) => minutes * minuteMs)
const triesByResource = 3

export function startAttribution(context: AttributionContext): Loop {
  let pausedUntil = 0
  let pauseMs = 5000
  return startLoop({
    name: 'attribution of drift',
    everyMs,
    log: context.log,
    async look() {
      if (performance.now() < pausedUntil) return false
      try {
        const more = await attributeDrifts(context)
        pauseMs = 5000
        return more
      } catch (error) {
        if (!(error instanceof AwsCallError)) throw error
        // Others use the same two calls a second.
        context.log.warn({ err: error }, 'the Event history does not answer, and is asked again later')
        pausedUntil = performance.now() + pauseMs
        pauseMs = Math.min(pauseMs * 2, 2 * minuteMs)
        return false
      }
    },
  })
}

interface PendingDrift extends AttributedDrift {
  readonly id: string
  readonly employeeId: string | null
  readonly identityId: string | null
  readonly tries: number
}

/**
 * One look for all that are due. True when more are.
 *
 * @throws AwsCallError when AWS throttles, or takes no credentials; what was found till then is kept
 */
export async function attributeDrifts(context: AttributionContext): Promise<boolean> {
  const { store, account, clock } = context
  if ((await dueDrifts(store.db, account.accountId, clock())).length === 0) return false
  const lease = await takeLease(store.db, account.accountId, 'event history', {
    leaseMs,
    everyMs: 0,
    now: clock(),
  })
  if (!lease) return false
  try {
    const due = await dueDrifts(store.db, account.accountId, clock())
    const history = openEventHistory(account, { paceMs: context.paceMs ?? 600, maxPages })
    for (const drift of due) {
      if (history.calls >= callsPerLook) return true
      await conclude(context, drift, await search(context, history, drift))
    }
    return due.length === driftsPerLook
  } finally {
    await lease.end(clock())
  }
}

async function dueDrifts(db: Database, accountId: string, now: Date): Promise<PendingDrift[]> {
  const rows = await rowsOf<Record<string, unknown>>(
    db,
    sql`
      select id, employee_id, identity_id, kind, resource, detail, detected_at, since, attribution_tries
      from drifts
      where attribution = 'pending' and account_id = ${accountId} and attribution_due_at <= ${now.toISOString()}::timestamptz
      order by attribution_due_at limit ${driftsPerLook}`,
  )
  return rows.map((row) => ({
    id: row.id as string,
    employeeId: row.employee_id as string | null,
    identityId: row.identity_id as string | null,
    kind: row.kind as DriftKind,
    resource: row.resource as string,
    detail: row.detail as DriftDetail,
    detectedAt: new Date(row.detected_at as string),
    since: row.since === null ? null : new Date(row.since as string),
    tries: Number(row.attribution_tries),
  }))
}

type Finding =
  | { readonly culprit: Culprit }
  /** Without an answer it was no try. */
  | { readonly reason: string; readonly isUnanswered?: true }

const doesNotTell = 'The Event history does not tell who did it'
const tooMany = `${doesNotTell} as far as it was read: there are too many events in the time in question`
/** Of 50 events each, for one lookup. */
const maxPages = 4

/** An outage passes, and events stay for 90 days; where there is no Event history nobody waits for it for ever. */
const longestUnansweredMs = 24 * 60 * minuteMs
const unansweredAgainMs = 5 * minuteMs

/** @throws AwsCallError when others ask too much, or nobody may ask */
async function search(
  context: AttributionContext,
  history: EventHistory,
  drift: PendingDrift,
): Promise<Finding> {
  try {
    const { finding, events } = await searchByName(context, history, drift)
    const renamed = 'reason' in finding ? withNamesIn(events, drift) : undefined
    return renamed ? (await searchByName(context, history, renamed)).finding : finding
  } catch (error) {
    if (isAwsError(error, 'denied'))
      return { reason: "Muster lacks the permission cloudtrail:LookupEvents: allow it to Muster's role" }
    // No later answer will be another one, and the other drifts are waiting.
    if (isAwsError(error, 'invalid')) return { reason: `${doesNotTell}: ${error.message}` }
    // It may be that one Region alone does not answer, or nobody ever will.
    if (isAwsError(error, 'transient'))
      return { reason: `The Event history does not answer: ${error.message}`, isUnanswered: true }
    throw error
  }
}

/** By the names that the drift has. */
async function searchByName(
  { account }: AttributionContext,
  history: EventHistory,
  drift: PendingDrift,
): Promise<{ readonly finding: Finding; readonly events: readonly HistoryEvent[] }> {
  const region = regionOf(drift, account.iamRegion)
  const lookups = lookupsFor(drift)
  const byResource = lookups.filter(({ key }) => key === 'ResourceName')
  const isEarly = drift.tries < triesByResource && byResource.length > 0
  const events: HistoryEvent[] = []
  let wasCutShort = false
  for (const lookup of isEarly ? byResource : lookups) {
    const found = await history.lookUp(region, lookup)
    events.push(...found.events)
    wasCutShort ||= found.isCutShort
    const culprit = culpritAmong(found.events, drift, account.principalId)
    // One that came after it was found is the first only if all that went before were read.
    const isSure = culprit && (!found.isCutShort || new Date(culprit.at) <= drift.detectedAt)
    if (isSure) return { finding: { culprit }, events }
  }
  return { finding: { reason: wasCutShort ? tooMany : doesNotTell }, events }
}

/** A trail's events are in its home Region, which its ARN names; IAM's are in the partition's own. */
function regionOf({ resource }: PendingDrift, iamRegion: string): string {
  const [, , service, region] = resource.split(':')
  return service === 'cloudtrail' && region ? region : iamRegion
}

async function conclude(context: AttributionContext, drift: PendingDrift, finding: Finding): Promise<void> {
  const { store, account, announce, clock } = context
  const now = clock()
  if ('reason' in finding) {
    const dueAt = nextLookAt(drift, finding, now)
    const tries = drift.tries + (finding.isUnanswered ? 0 : 1)
    await store.db.execute(sql`
      update drifts set attribution_tries = ${tries}, attribution_reason = ${finding.reason},
        attribution_due_at = ${dueAt?.toISOString() ?? null}::timestamptz,
        attribution = ${dueAt === null ? 'unknown' : 'pending'}
      where id = ${drift.id} and attribution = 'pending'`)
    return
  }
  // A caller's session name and user agent are its own to choose.
  const culpritJson = storableJson(finding.culprit)
  const { id: driftId, employeeId, identityId, kind, resource } = drift
  await store.db.transaction(async (tx) => {
    const written = await rowsOf(
      tx,
      sql`
        update drifts set attribution = 'known', culprit = ${culpritJson}::jsonb, attribution_due_at = null,
          attribution_reason = null, attribution_tries = attribution_tries + 1
        where id = ${driftId} and attribution = 'pending' returning id`,
    )
    if (written.length === 0) return
    const details = { driftId, kind, resource, culprit: JSON.parse(culpritJson) as Culprit }
    await recordAudit(tx, [
      {
        at: now,
        actor: 'muster',
        action: 'drift.attributed',
        details,
        employeeId,
        identityId,
      },
    ])
    const data = { accountId: account.accountId, identityId, ...details, message: messageOf(drift) }
    await announce(tx, [{ type: 'drift.attributed', at: now, employeeId, data }])
  })
}

/** Null: no more. */
function nextLookAt(
  { detectedAt, tries }: PendingDrift,
  { isUnanswered }: { readonly isUnanswered?: true },
  now: Date,
): Date | null {
  if (isUnanswered) {
    const isOver = now.getTime() - detectedAt.getTime() > longestUnansweredMs
    return isOver ? null : new Date(now.getTime() + unansweredAgainMs)
  }
  const nextMs = triesAfterMs[tries + 1]
  if (nextMs === undefined) return null
  return new Date(Math.max(detectedAt.getTime() + nextMs, now.getTime() + 5000))
}
