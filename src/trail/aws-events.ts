/**
 * Working on the events that AWS sent. Each is a hint of whom to look at, nothing more: the truth is read again, and
 * who did it is asked of the Event history.
 */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import { type Clock, latestPlausible } from '../clock.ts'
import { eventCause } from '../drift/drift.ts'
import { requestLook } from '../identity/request.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { rowsOf, type Store, type Transaction } from '../store/open.ts'
import { type AwsEventHint, type LookAt, looksFor } from './aws-event.ts'
import { calm } from './calm.ts'

export interface AwsEventsContext {
  readonly store: Store
  readonly jobs: Jobs
  readonly account: Pick<Account, 'accountId' | 'principalId'>
  /** Who else has to look, each with what it looks after. */
  readonly wake: Readonly<Record<'catalog' | 'passwordPolicy' | 'trailGate' | 'sweep', () => void>>
  readonly clock: Clock
  readonly log: Logger
  /** After an event IAM's reads may not show yet what it tells; 10 seconds by default. */
  readonly settleMs?: number
}

const everyMs = 1000
const usualSettleMs = 10_000
const batchSize = 200
/** However many events come, the groups and policies, the password policy and the trails are not read more often. */
const betweenLooksMs = 10_000
/** A sweep reads the whole account, and one comes every ten minutes anyway. */
const betweenSweepsMs = 5 * 60_000

/** Looks every second. */
export function startAwsEvents(context: AwsEventsContext): Loop {
  const wake = calmly(context.wake)
  return startLoop({
    name: 'aws events',
    everyMs,
    log: context.log,
    async look() {
      const { taken, looks } = await workOnEvents(context)
      if (looks.has('catalog')) wake.catalog()
      if (looks.has('password policy')) wake.passwordPolicy()
      if (looks.has('trail')) wake.trailGate()
      if (looks.has('sweep')) wake.sweep()
      return taken === batchSize
    },
  })
}

interface WaitingEvent {
  readonly id: string
  readonly account_id: string
  readonly event: AwsEventHint
}

/** One batch, oldest first. Identities are asked for here; other looks are for the caller to wake. */
export async function workOnEvents(
  context: AwsEventsContext,
): Promise<{ readonly taken: number; readonly looks: ReadonlySet<LookAt> }> {
  const { store, jobs, account, clock, settleMs = usualSettleMs } = context
  const now = clock()
  const before = new Date(now.getTime() - settleMs).toISOString()
  // Received by a clock that was ahead: it has waited long enough.
  const ahead = latestPlausible(now).toISOString()
  return await store.db.transaction(async (tx) => {
    const waiting = await rowsOf<WaitingEvent>(
      tx,
      sql`
        select id, account_id, event from aws_events
        where status = 'waiting'
          and (received_at <= ${before}::timestamptz or received_at > ${ahead}::timestamptz)
        order by received_at limit ${batchSize} for update skip locked`,
    )
    const judged = waiting.map(({ id, account_id, event }) => ({
      id,
      event,
      // Kept while nobody knew which account Muster looks after.
      ...(account_id === account.accountId ? looksFor(event, account.principalId) : ofAnother),
    }))
    const about = judged.filter(({ looks }) => looks.includes('user'))
    const identities = await identitiesOf(tx, account.accountId, about)
    // The latest event about each is its cause.
    const causes = new Map(
      about.flatMap(({ id, event }) => identitiesNamed(identities, event).map((identity) => [identity, id])),
    )
    await requestLook(
      tx,
      jobs,
      [...causes].map(([id, eventId]) => ({ id, cause: eventCause(eventId) })),
    )
    const results = judged.map(({ id, event, looks, why }) => ({
      id,
      status: why === null || why === 'own call' ? 'done' : 'ignored',
      outcome:
        why ??
        (looks.includes('user') && identitiesNamed(identities, event).length === 0
          ? 'about a user that Muster does not manage'
          : `looked at: ${looks.join(', ')}`),
    }))
    await conclude(tx, results, now)
    return { taken: waiting.length, looks: new Set(judged.flatMap(({ looks }) => looks)) }
  })
}

const ofAnother: ReturnType<typeof looksFor> = { looks: [], why: 'about another account' }

interface Named {
  readonly id: string
  readonly names: readonly string[]
}

async function identitiesOf(
  tx: Transaction,
  accountId: string,
  events: readonly { readonly event: AwsEventHint }[],
): Promise<Named[]> {
  const names = [...new Set(events.flatMap(({ event }) => event.users))]
  if (names.length === 0) return []
  const given = sql.param(names)
  const lowered = sql.param(names.map((name) => name.toLowerCase()))
  const named = sql`array_remove(array[lower(user_name), lower(last_seen_name), lower(aws_user_id)], null) as names`
  const own = sql`from identities where account_id = ${accountId}`
  return await rowsOf<Named>(
    tx,
    sql`
      select id, ${named} ${own} and lower(user_name) = any(${lowered}::text[])
      union
      select id, ${named} ${own} and lower(last_seen_name) <> lower(user_name)
        and lower(last_seen_name) = any(${lowered}::text[])
      union
      select id, ${named} ${own} and aws_user_id = any(${given}::text[])`,
  )
}

function identitiesNamed(identities: readonly Named[], { users }: AwsEventHint): string[] {
  const wanted = new Set(users.map((name) => name.toLowerCase()))
  return identities.filter(({ names }) => names.some((name) => wanted.has(name))).map(({ id }) => id)
}

async function conclude(
  tx: Transaction,
  results: readonly { readonly id: string; readonly status: string; readonly outcome: string }[],
  now: Date,
): Promise<void> {
  if (results.length === 0) return
  await tx.execute(sql`
    update aws_events set status = r.status, outcome = r.outcome, processed_at = ${now.toISOString()}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(results)}::jsonb) as r(id text, status text, outcome text)
    where aws_events.id = r.id`)
}

/** However often these are called, whoever is woken is not woken more often than it is worth. */
export function calmly(wake: AwsEventsContext['wake']): AwsEventsContext['wake'] {
  return {
    catalog: calm(wake.catalog, betweenLooksMs),
    passwordPolicy: calm(wake.passwordPolicy, betweenLooksMs),
    trailGate: calm(wake.trailGate, betweenLooksMs),
    sweep: calm(wake.sweep, betweenSweepsMs),
  }
}
