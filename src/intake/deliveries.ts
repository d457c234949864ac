/** Deliveries as administrators see them: never their bytes, which may hold anything. */
import { and, desc, eq, lt, type SQL, sql } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import type { Database, Transaction } from '../store/open.ts'
import { type DeliveryStatus, deliveries } from '../store/schema.ts'

export const deliveryStatuses = [
  'accepted',
  'applied',
  'pending',
  'refused',
  'failed',
] as const satisfies readonly DeliveryStatus[]

export interface DeliveryView {
  readonly id: string
  readonly source: string
  readonly senderId: string
  readonly receivedAt: Date
  readonly kind: string | null
  readonly status: DeliveryStatus
  /** Why it is pending, refused or failed, or what its last attempt met. */
  readonly reason: string | null
  readonly employeeIds: readonly string[]
  readonly attempts: number
  readonly processedAt: Date | null
  readonly contentType: string | null
  readonly bodySha256: string
  /** Null once the bytes are gone: then it cannot be replayed. */
  readonly bodyBytes: number | null
}

export interface DeliveryQuery {
  readonly status?: DeliveryStatus | undefined
  readonly limit: number
  /** The id of the last delivery of the page before. */
  readonly after?: string | undefined
}

const view = {
  id: deliveries.id,
  source: deliveries.source,
  senderId: deliveries.senderId,
  receivedAt: deliveries.receivedAt,
  kind: deliveries.kind,
  status: deliveries.status,
  reason: deliveries.reason,
  employeeIds: deliveries.employeeIds,
  attempts: deliveries.attempts,
  processedAt: deliveries.processedAt,
  contentType: deliveries.contentType,
  bodySha256: deliveries.bodySha256,
  bodyBytes: sql<number | null>`octet_length(${deliveries.body})`,
}

/** The newest first. */
export function listDeliveries(
  db: Database | Transaction,
  { status, limit, after }: DeliveryQuery,
): Promise<DeliveryView[]> {
  const conditions: (SQL | undefined)[] = [
    status && eq(deliveries.status, status),
    after === undefined ? undefined : lt(deliveries.id, after),
  ]
  return db
    .select(view)
    .from(deliveries)
    .where(and(...conditions))
    .orderBy(desc(deliveries.id))
    .limit(limit)
}

/** @throws Problem 404 when there is none with this id */
export async function getDelivery(db: Database | Transaction, id: string): Promise<DeliveryView> {
  const [found] = isUuid(id) ? await db.select(view).from(deliveries).where(eq(deliveries.id, id)) : []
  if (!found) throw new Problem(404, 'unknown-delivery', 'There is no delivery with this id.')
  return found
}

/**
 * Puts a delivery back into the queue, whatever became of it; its bytes are read anew. Wake the drain when the
 * transaction has committed.
 *
 * @throws Problem 404 when there is none with this id, 409 when its bytes are gone
 */
export async function replayDelivery(db: Database | Transaction, id: string): Promise<DeliveryView> {
  await getDelivery(db, id)
  const replayed = await db
    .update(deliveries)
    .set({ status: 'accepted', attempts: 0, reason: null, processedAt: null })
    .where(and(eq(deliveries.id, id), sql`${deliveries.body} is not null`))
    .returning({ id: deliveries.id })
  if (replayed.length === 0) {
    throw new Problem(
      409,
      'delivery-body-gone',
      'Its raw bytes were removed after MUSTER_DELIVERY_RETENTION_DAYS: nothing is left to replay.',
    )
  }
  return await getDelivery(db, id)
}

const isUuid = (text: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
