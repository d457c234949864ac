/** The identities of somebody who left, with what was done to them since, and what the trail has of it. */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'
import type { IdentityState, OperationKind, OperationStatus, RecordedStep } from '../store/schema.ts'
import { readCanary } from '../trail/canary-facts.ts'
import type { CanaryFacts } from '../trail/facts.ts'
import { noticedWithinMs, readShutTimes } from '../trail/shut-times.ts'
import { readReturned } from './departed-returned.ts'
import type { Departure } from './departure.ts'
import type { DepartedIdentity, DepartureOperation, Standing } from './offboarding-model.ts'
import type { Sighting, TrailRecord } from './offboarding-trail.ts'

/** Clocks of replicas differ a little, and the first call follows within milliseconds. */
const clockToleranceMs = 5000

/** The employee's identities with what was done while they were out; a handful of statements, whoever it is. */
export async function readDepartedIdentities(
  db: Database,
  employeeId: string,
  { beganAt, hereSince, returnedAt }: Departure,
  now: Date,
): Promise<DepartedIdentity[]> {
  const rows = await rowsOf<Record<string, unknown>>(
    db,
    sql`select * from identities where employee_id = ${employeeId} order by account_id`,
  )
  const done = await rowsOf<{
    id: string
    identity_id: string
    kind: OperationKind
    status: OperationStatus
    cause: string
    started_at: string
    steps: readonly RecordedStep[]
  }>(
    db,
    sql`
      select id, identity_id, kind, status, cause, started_at, steps from operations
      where employee_id = ${employeeId} and status <> 'planned' order by id`,
  )
  const noted = await rowsOf<{ identity_id: string; at: string; record: string }>(
    db,
    sql`
      select identity_id, at, record from audit_events
      where employee_id = ${employeeId} and action = 'identity.denied' order by id desc limit 50`,
  )
  const from = Math.max(beganAt.getTime() - clockToleranceMs, hereSince?.getTime() ?? 0)
  const isBeforeReturn = (moment: Date) => returnedAt === null || moment < returnedAt
  const operations = done
    .map((row) => ({ ...row, startedAt: new Date(row.started_at) }))
    .filter(({ startedAt }) => isBeforeReturn(startedAt))
  const ofDeparture = operations.filter(({ startedAt }) => startedAt.getTime() >= from)
  const returned = returnedAt && (await readReturned(db, employeeId, { from: new Date(from), returnedAt }))
  return await Promise.all(
    rows.map(async (row): Promise<DepartedIdentity> => {
      const own = ofDeparture.filter(({ identity_id }) => identity_id === row.id)
      const accountId = row.account_id as string
      const denies = noted
        .map((deny) => ({ ...deny, at: new Date(deny.at) }))
        .filter(({ identity_id, at }) => identity_id === row.id && at.getTime() >= from && isBeforeReturn(at))
        .map(({ at, record }) => ({ at, steps: stepsIn(record) }))
        .reverse()
      const isUntouched = row.aws_user_id === null && row.touched_at === null && row.adopt === false
      const wasBegun = operations.some(({ identity_id }) => identity_id === row.id) || denies.length > 0
      const standing: Standing = returned
        ? { ...returned(row.id as string, denies), wasNeverMade: !wasBegun }
        : { ...standingOf(row), wasNeverMade: isUntouched && !wasBegun }
      return {
        identityId: row.id as string,
        accountId,
        userName: row.user_name as string,
        ...standing,
        operations: own.map(({ id, kind, status, cause, startedAt, steps }) => ({
          id,
          kind,
          status,
          cause,
          startedAt,
          steps,
        })),
        denies,
        trail: await readTrail(db, accountId, [...own, ...denies], now),
      }
    }),
  )
}

const standingOf = (row: Record<string, unknown>): Omit<Standing, 'wasNeverMade'> => ({
  state: row.state as IdentityState,
  reason: row.reason as string | null,
  isReconciled: Number(row.generation) === Number(row.reconciled_generation),
  lockedAt: moment(row.locked_at),
  deletedAt: moment(row.deleted_at),
  nextLookAt: moment(row.next_look_at),
  lastReconciledAt: moment(row.last_reconciled_at),
})

/** None where somebody has made the record unreadable: verification of the audit record tells. */
function stepsIn(record: string): readonly RecordedStep[] {
  try {
    return (JSON.parse(record) as { details?: { steps?: RecordedStep[] } }).details?.steps ?? []
  } catch {
    return []
  }
}

async function readTrail(
  db: Database,
  accountId: string,
  runs: readonly Pick<DepartureOperation, 'steps'>[],
  now: Date,
): Promise<TrailRecord> {
  const requestIds = runs.flatMap(({ steps }) => steps.flatMap(({ requestId }) => requestId ?? []))
  const seen = await rowsOf<{
    request_id: string
    bucket: string
    key: string
    event_id: string
    event_name: string
    event_at: string
    seen_at: string
  }>(
    db,
    sql`
      select request_id, bucket, key, event_id, event_name, event_at, seen_at from trail_sightings
      where account_id = ${accountId} and request_id = any(${sql.param(requestIds)}::text[])`,
  )
  const canary = await readCanary(db, accountId, now)
  const calledAt = runs.flatMap(({ steps }) => steps.flatMap(({ startedAt }) => startedAt ?? [])).sort()
  const [first, last] = [calledAt[0], calledAt.at(-1)]
  const sighting = (row: (typeof seen)[number]): Sighting => ({
    bucket: row.bucket,
    key: row.key,
    eventId: row.event_id,
    eventName: row.event_name,
    eventAt: new Date(row.event_at),
    seenAt: new Date(row.seen_at),
  })
  return {
    sightings: new Map(seen.map((row) => [row.request_id, sighting(row)])),
    problem: problemIn(canary),
    lookedForSince: first === undefined ? null : await lookedForSince(db, accountId, first),
    shutTimes: last === undefined ? [] : await readShutTimes(db, accountId, shutBy(last)),
  }
}

/** Until when it would have been noticed that CloudTrail was off at that call. */
const shutBy = (calledAt: string) => new Date(Date.parse(calledAt) + noticedWithinMs)

/**
 * Since when log files have been searched, as far as it matters for calls from `calledAt` on: what was seen of that
 * time or before proves it. Canaries are kept for a day only, so they tell of the very first hours.
 */
async function lookedForSince(db: Database, accountId: string, calledAt: string): Promise<Date | null> {
  const seen = sql`from trail_sightings where account_id = ${accountId}`
  const [row] = await rowsOf<{ since: string | null }>(
    db,
    sql`
      select least(
        (select min(called_at) from canaries where account_id = ${accountId}),
        case when exists (select 1 ${seen} and event_at <= ${calledAt}::timestamptz) then ${calledAt}::timestamptz
          else (select min(event_at) ${seen}) end) as since`,
  )
  return moment(row?.since ?? null)
}

/** Where log files cannot be searched, a call that is not in them proves nothing. */
const problemIn = ({ status, reason }: CanaryFacts): string | null =>
  status === 'unknown' ? (reason ?? 'the log files of the trail cannot be read') : null

function moment(value: unknown): Date | null {
  return value === null || value === undefined ? null : new Date(value as string)
}
