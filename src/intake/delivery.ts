/** What the inbox is given, and what it answers with. */
import type { LifecycleKind } from '../lifecycle/events.ts'

/** One well signed message, with what could be read of it. */
export interface Delivery {
  readonly source: string
  /** The sender's own id of the message. */
  readonly senderId: string
  readonly receivedAt: Date
  readonly contentType: string | undefined
  readonly body: Buffer
  readonly kind: LifecycleKind | undefined
  readonly urgency: 0 | 1
  readonly employeeIds: readonly string[]
  /** Why it is kept but not worked on; undefined when it is well formed. */
  readonly refusal: string | undefined
}

export interface Receipt {
  /** Of a duplicate: the first one's. */
  readonly deliveryId: string
  readonly status: 'accepted' | 'refused' | 'duplicate'
}
