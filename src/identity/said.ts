/** What was said about employees, on record: each statement once, and once in the audit record. */
import { type AuditEntry, recordAudit } from '../audit/record.ts'
import type { LifecycleEvent } from '../lifecycle/events.ts'
import type { Transaction } from '../store/open.ts'
import { lifecycleEvents } from '../store/schema.ts'

export type SaidEvent = LifecycleEvent & { readonly deliveryId: string | null }

/** One that is there already (a replay) is left as it is. */
export async function recordSaid(
  tx: Transaction,
  events: readonly SaidEvent[],
  actorOf: (event: SaidEvent) => string,
): Promise<void> {
  const fresh = await insertEvents(tx, events)
  await recordAudit(
    tx,
    fresh.map((event) => eventEntry(event, actorOf(event))),
  )
}

/** Returns the new ones. */
async function insertEvents(tx: Transaction, events: readonly SaidEvent[]): Promise<SaidEvent[]> {
  if (events.length === 0) return []
  const rows = events.map(({ override = false, ...event }) => ({ ...event, override }))
  const inserted = await tx.insert(lifecycleEvents).values(rows).onConflictDoNothing().returning({
    source: lifecycleEvents.source,
    senderId: lifecycleEvents.senderId,
    place: lifecycleEvents.place,
  })
  const fresh = new Set(inserted.map(keyOf))
  return events.filter((event) => fresh.has(keyOf(event)))
}

function keyOf({ source, senderId, place }: Pick<LifecycleEvent, 'source' | 'senderId' | 'place'>): string {
  return JSON.stringify([source, senderId, place])
}

function eventEntry(event: SaidEvent, actor: string): AuditEntry {
  return {
    at: event.receivedAt,
    actor,
    action: event.kind,
    employeeId: event.employeeId,
    details: {
      ...(event.deliveryId ? { deliveryId: event.deliveryId } : {}),
      ...(event.override ? { override: true } : {}),
      timestamp: event.timestamp.toISOString(),
      data: { ...event.data },
    },
  }
}
