/** Events of AWS, durable before they are answered. Events that wait at the same moment share one statement. */
import { sql } from 'drizzle-orm'
import { sharedDeadline } from '../deadline.ts'
import { Problem } from '../problem.ts'
import { createBatcher } from '../store/batcher.ts'
import { rowsOf, type Store } from '../store/open.ts'
import { storableJson } from '../store/storable.ts'
import type { AwsEventHint } from './aws-event.ts'

export interface AwsEventInbox {
  /**
   * Resolves once the event is durable; one with the id of an earlier one is a duplicate.
   *
   * Errors: Problem 503 when too many wait or it takes too long, or the database's own when it cannot be reached.
   */
  store(hint: AwsEventHint, receivedAt: Date): Promise<'accepted' | 'duplicate'>
  /** Resolves when nothing is waiting to be stored. */
  idle(): Promise<void>
}

interface Arrival {
  readonly hint: AwsEventHint
  readonly receivedAt: Date
}

/** EventBridge gives up a delivery after five seconds, and repeats it. */
const patienceMs = 4000
const maxWaiting = 10_000

export function openAwsEventInbox({ db }: Store): AwsEventInbox {
  let waiting = 0
  const inTime = sharedDeadline(patienceMs, () =>
    notNow('The event could not be stored in time; send it again.'),
  )
  const batcher = createBatcher<Arrival, 'accepted' | 'duplicate'>((arrivals) => flush(arrivals), {
    maxItems: 256,
  })

  async function flush(arrivals: readonly Arrival[]) {
    const rows = arrivals.map(({ hint, receivedAt }) => ({
      id: hint.eventId,
      account_id: hint.accountId,
      received_at: receivedAt,
      event: hint,
    }))
    const inserted = await rowsOf<{ id: string }>(
      db,
      sql`
        insert into aws_events (id, account_id, received_at, event)
        select distinct on (id) id, account_id, received_at, event
        from jsonb_to_recordset(${storableJson(rows)}::jsonb)
          as r(id text, account_id text, received_at timestamptz, event jsonb)
        order by id
        on conflict do nothing returning id`,
    )
    const fresh = new Set(inserted.map(({ id }) => id))
    // Of two with the same id in one statement, one is the duplicate.
    return arrivals.map(({ hint }) => {
      const value = fresh.delete(hint.eventId) ? ('accepted' as const) : ('duplicate' as const)
      return { status: 'fulfilled', value } as const
    })
  }

  return {
    store(hint, receivedAt) {
      if (waiting >= maxWaiting)
        return Promise.reject(notNow('Too many events wait to be stored; send it again.'))
      waiting++
      const stored = batcher.add({ hint, receivedAt }).finally(() => {
        waiting--
      })
      return inTime(stored)
    },
    idle: () => batcher.idle(),
  }
}

const notNow = (detail: string) => new Problem(503, 'not-stored', detail, { retryAfterSeconds: 5 })
