/** The least that an `apply` may do: it writes the events down, and fails where a test wants it to. */
import { sql } from 'drizzle-orm'
import type { ApplyEvents, DeliveredEvent } from '../../src/intake/drain.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { lifecycleEvents } from '../../src/store/schema.ts'

export interface Recording {
  readonly apply: ApplyEvents
  /** The employees of each call, in the order in which they were given. */
  readonly calls: string[][]
}

/** @param wish a reason to leave the event pending, or an error to throw */
export function recording(wish: (event: DeliveredEvent) => string | undefined = () => undefined): Recording {
  const calls: string[][] = []
  return {
    calls,
    async apply(tx, events) {
      calls.push(events.map(({ employeeId }) => employeeId))
      const pending = new Map<string, string>()
      for (const event of events) {
        const reason = wish(event)
        if (reason !== undefined) pending.set(event.deliveryId, reason)
      }
      // No `on conflict`: an event that is recorded twice fails.
      await tx.insert(lifecycleEvents).values([...events])
      return pending
    },
  }
}

export async function recordedEmployees(store: Store): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    store.db,
    sql`select employee_id as id from lifecycle_events order by employee_id`,
  )
  return rows.map(({ id }) => id)
}
