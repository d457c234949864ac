/** The statements of the drain. */
import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { latestPlausible } from '../clock.ts'
import type { LifecycleKind } from '../lifecycle/events.ts'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import { type DeliveryStatus, deliveries } from '../store/schema.ts'

/** What `failed` comes after. */
const maxAttempts = 5

export interface ClaimedRow {
  readonly id: string
  readonly source: string
  readonly senderId: string
  readonly receivedAt: Date
  readonly body: Buffer | null
}

export interface Outcome {
  readonly id: string
  readonly kind: LifecycleKind | undefined
  readonly employeeIds: readonly string[]
  readonly status: DeliveryStatus
  readonly reason: string | null
}

// Written out: the partial index is only used for a condition that the planner can read.
const isAccepted = sql`${deliveries.status} = 'accepted'`

/** Takes waiting rows that no other replica has, the urgent and then the oldest first. */
export function claimWaiting(tx: Transaction, now: Date, limit: number): Promise<ClaimedRow[]> {
  // After a failed attempt, `processed_at` is the moment of that attempt. By a clock that was ahead, it was long enough ago.
  const isDue = sql`(${deliveries.attempts} = 0 or ${deliveries.processedAt}
    <= ${now.toISOString()}::timestamptz - interval '1 second' * power(4, ${deliveries.attempts})
    or ${deliveries.processedAt} > ${latestPlausible(now).toISOString()}::timestamptz)`
  return claim(tx, isDue, limit)
}

/** Takes those of these rows that still wait. */
export function claimRows(tx: Transaction, ids: readonly string[]): Promise<ClaimedRow[]> {
  return claim(tx, inArray(deliveries.id, [...ids]), ids.length)
}

function claim(tx: Transaction, which: SQL, limit: number): Promise<ClaimedRow[]> {
  const { id, source, senderId, receivedAt, body } = deliveries
  return tx
    .select({ id, source, senderId, receivedAt, body })
    .from(deliveries)
    .where(and(isAccepted, which))
    .orderBy(asc(deliveries.urgency), asc(deliveries.id))
    .limit(limit)
    .for('update', { skipLocked: true })
}

/** Writes the outcomes in one statement. What could be read at the door stays where it cannot be read now. */
export async function markRows(tx: Transaction, outcomes: readonly Outcome[], now: Date): Promise<void> {
  const list = (columnOf: (outcome: Outcome) => string | null) => sql.param(outcomes.map(columnOf))
  await tx.execute(sql`
    update ${deliveries} as delivery
    set status = given.status, reason = given.reason, processed_at = ${now.toISOString()}::timestamptz,
      kind = coalesce(given.kind, delivery.kind),
      employee_ids = case when given.employee_ids = '' then delivery.employee_ids
        else string_to_array(given.employee_ids, E'\\x1f') end
    from unnest(
      ${list((outcome) => outcome.id)}::uuid[],
      ${list((outcome) => outcome.status)}::text[],
      ${list((outcome) => outcome.reason)}::text[],
      ${list((outcome) => outcome.kind ?? null)}::text[],
      ${list((outcome) => outcome.employeeIds.join('\x1f'))}::text[]
    ) as given (id, status, reason, kind, employee_ids)
    where delivery.id = given.id`)
}

/** @returns what the delivery is now; undefined when it was no longer waiting */
export async function recordFailedAttempt(
  db: Database,
  id: string,
  reason: string,
  now: Date,
): Promise<DeliveryStatus | undefined> {
  const [row] = await rowsOf<{ status: DeliveryStatus }>(
    db,
    sql`update ${deliveries}
      set attempts = attempts + 1, processed_at = ${now.toISOString()}::timestamptz, reason = ${reason},
        status = case when attempts + 1 >= ${maxAttempts} then 'failed' else status end
      where ${and(eq(deliveries.id, id), isAccepted)}
      returning status`,
  )
  return row?.status
}
