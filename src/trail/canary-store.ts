/** What was looked for in log files, and what came of it, in the database. */
import { sql } from 'drizzle-orm'
import { type Fact, known, unknown } from '../aws/fact.ts'
import { isAhead, latestPlausible } from '../clock.ts'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import { storableJson, storableText } from '../store/storable.ts'
import type { Canary } from './canary.ts'
import type { LookProgress } from './canary-progress.ts'
import type { CanaryFacts, LogBucket } from './facts.ts'

export interface CanaryCall {
  readonly requestId: string
  /** The IAM action. */
  readonly eventName: string
  readonly calledAt: Date
}

/** From now on the call is looked for in the log files. */
export async function noteCanary(
  db: Database | Transaction,
  accountId: string,
  { requestId, eventName, calledAt }: CanaryCall,
): Promise<void> {
  await db.execute(sql`
    insert into canaries (request_id, account_id, event_name, called_at)
    values (${requestId}, ${accountId}, ${eventName}, ${calledAt.toISOString()}::timestamptz)
    on conflict do nothing`)
}

/** They are looked at hourly: three looks were missed. */
const bucketsValidMs = 3 * 3_600_000

/** The buckets that trails deliver to, as they were at most three hours ago. */
export async function readLogBuckets(
  db: Database,
  accountId: string,
  now: Date,
): Promise<Fact<readonly LogBucket[]>> {
  const { buckets = [], bucketLookedAt = null } = (await lastLook(db, accountId, now)) ?? {}
  if (buckets.length === 0 || bucketLookedAt === null)
    return unknown('the bucket of the log files was not looked at yet')
  const lookedAt = `the bucket of the log files was last looked at ${bucketLookedAt.toISOString()}`
  if (isAhead(bucketLookedAt, now)) return unknown(`${lookedAt}, which is yet to come`)
  return now.getTime() - bucketLookedAt.getTime() <= bucketsValidMs ? known(buckets) : unknown(lookedAt)
}

export interface LastLook {
  readonly trailArn: string
  readonly lastKey: string | null
  readonly facts: CanaryFacts | null
  readonly progress: LookProgress | null
  /** Of every trail; empty before they were looked at. */
  readonly buckets: readonly LogBucket[]
  readonly bucketLookedAt: Date | null
}

/** Undefined before the first. One that is dated in the future counts only where there is no other. */
export async function lastLook(db: Database, accountId: string, now: Date): Promise<LastLook | undefined> {
  const plausible = latestPlausible(now).toISOString()
  const [row] = await rowsOf<LastLookRow>(
    db,
    sql`
      select trail_arn, last_key, facts, progress, bucket, bucket_looked_at from trail_logs
      where account_id = ${accountId}
      order by looked_at > ${plausible}::timestamptz, looked_at desc nulls last limit 1`,
  )
  return (
    row && {
      trailArn: row.trail_arn,
      lastKey: row.last_key,
      facts: row.facts,
      progress: row.progress,
      // An earlier Muster kept one alone.
      buckets: [row.bucket ?? []].flat(),
      bucketLookedAt: row.bucket_looked_at === null ? null : new Date(row.bucket_looked_at),
    }
  )
}

interface LastLookRow {
  readonly trail_arn: string
  readonly last_key: string | null
  readonly facts: CanaryFacts | null
  readonly progress: LookProgress | null
  readonly bucket: readonly LogBucket[] | null
  readonly bucket_looked_at: string | null
}

/** All that are remembered, in the order of the calls. */
export async function readCanaries(db: Database, accountId: string): Promise<readonly Canary[]> {
  const rows = await rowsOf<{
    request_id: string
    event_name: string
    called_at: string
    found_at: string | null
    bucket: string | null
    key: string | null
  }>(db, sql`select * from canaries where account_id = ${accountId} order by called_at`)
  return rows.map(({ request_id, event_name, called_at, found_at, bucket, key }) => ({
    requestId: request_id,
    eventName: event_name,
    calledAt: new Date(called_at),
    found: found_at === null ? null : { at: new Date(found_at), bucket: bucket ?? '', key: key ?? '' },
  }))
}

/** The newest write of Muster's own, from the operations that ended in the last `withinMs`. */
export async function newestWrite(
  db: Database,
  accountId: string,
  now: Date,
  withinMs: number,
): Promise<CanaryCall | undefined> {
  // Ids are in the order of time: only the end of the table is read.
  const [row] = await rowsOf<{ request_id: string; event_name: string; called_at: string }>(
    db,
    sql`
      select step->>'requestId' as request_id, step->>'do' as event_name, recent.started_at as called_at
      from (select id, account_id, status, started_at, steps from operations order by id desc limit 100) as recent,
        jsonb_array_elements(recent.steps) as step
      where recent.account_id = ${accountId} and recent.status = 'done'
        and recent.started_at > ${new Date(now.getTime() - withinMs).toISOString()}::timestamptz
        and recent.started_at <= ${latestPlausible(now).toISOString()}::timestamptz
        and step->>'outcome' = 'done' and step->>'requestId' is not null
        and not step->>'do' ~ '^(Get|List|Generate)'
      order by recent.id desc limit 1`,
  )
  return row && { requestId: row.request_id, eventName: row.event_name, calledAt: new Date(row.called_at) }
}

export interface Sighting {
  readonly requestId: string
  readonly eventId: string
  readonly eventName: string
  readonly eventAt: Date
  readonly key: string
}

/** What one look leaves. */
export interface LookToSave {
  readonly trailArn: string
  readonly bucket: string | null
  readonly lastKey: string | null
  readonly facts: CanaryFacts
  readonly progress: LookProgress | null
  readonly found: readonly { readonly requestId: string; readonly key: string }[]
  readonly writes: readonly Sighting[]
  /** Null when they were not due. */
  readonly logBuckets: readonly LogBucket[] | null
  readonly at: Date
}

const keptMs = 86_400_000

export async function saveLook(tx: Transaction, accountId: string, look: LookToSave): Promise<void> {
  const at = look.at.toISOString()
  const json = (value: unknown) => (value === null ? null : storableJson(value))
  await tx.execute(sql`
    update canaries set found_at = ${at}::timestamptz, bucket = ${look.bucket}, key = f.key
    from jsonb_to_recordset(${storableJson(look.found)}::jsonb) as f("requestId" text, key text)
    where request_id = f."requestId" and account_id = ${accountId} and found_at is null`)
  await tx.execute(sql`
    insert into trail_sightings (account_id, request_id, event_id, event_name, event_at, bucket, key, seen_at)
    select ${accountId}, w."requestId", w."eventId", w."eventName", w."eventAt", ${look.bucket ?? ''}, w.key,
      ${at}::timestamptz
    from jsonb_to_recordset(${storableJson(look.writes)}::jsonb)
      as w("requestId" text, "eventId" text, "eventName" text, "eventAt" timestamptz, key text)
    on conflict do nothing`)
  await tx.execute(sql`
    insert into trail_logs (account_id, trail_arn, last_key, facts, progress, bucket, bucket_looked_at, looked_at)
    values (${accountId}, ${look.trailArn}, ${look.lastKey === null ? null : storableText(look.lastKey)},
      ${json(look.facts)}::jsonb, ${json(look.progress)}::jsonb, ${json(look.logBuckets)}::jsonb, ${look.logBuckets ? at : null}::timestamptz,
      ${at}::timestamptz)
    on conflict (account_id, trail_arn) do update set
      last_key = coalesce(excluded.last_key, trail_logs.last_key),
      facts = excluded.facts, progress = excluded.progress, looked_at = excluded.looked_at,
      bucket = coalesce(excluded.bucket, trail_logs.bucket),
      bucket_looked_at = coalesce(excluded.bucket_looked_at, trail_logs.bucket_looked_at)`)
  // What is dated in the future would pass for news when that future has come.
  await tx.execute(sql`
    delete from canaries
    where account_id = ${accountId}
      and (called_at < ${new Date(look.at.getTime() - keptMs).toISOString()}::timestamptz
        or called_at > ${latestPlausible(look.at).toISOString()}::timestamptz)`)
}
