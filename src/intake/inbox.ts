/**
 * The inbox: raw deliveries, durable before anybody is answered. Its accepted rows are the queue.
 *
 * Deliveries that wait at the same moment share one statement; one that cannot be stored fails alone.
 */
import { hash } from 'node:crypto'
import type { Logger } from 'pino'
import { sharedDeadline } from '../deadline.ts'
import { Problem } from '../problem.ts'
import { createBatcher } from '../store/batcher.ts'
import { describeFailure, isRefusedData } from '../store/failures.ts'
import { newId } from '../store/ids.ts'
import type { Store } from '../store/open.ts'
import type { Delivery, Receipt } from './delivery.ts'
import { type InboxRow, senderKeyOf } from './inbox-rows.ts'
import { createPlacing } from './placing.ts'

export interface Inbox {
  /**
   * Resolves once the delivery is durable.
   *
   * A message with the id of an earlier one is a duplicate, and need not be stored again. With another body it
   * is kept as well: accepted when it is well formed and the earlier one was refused, or when it is urgent;
   * otherwise refused with a reason that names the earlier one.
   *
   * Errors: Problem 503 when there are too many waiting or it takes too long, Problem 400 when the database
   * refuses this very delivery, or the database's own when it cannot be reached.
   */
  store(delivery: Delivery): Promise<Receipt>
  /** Resolves when nothing is waiting to be stored. */
  idle(): Promise<void>
}

/** A sender's message id may be as long as HTTP allows; an index entry may not. */
const maxSenderIdLength = 256

/** Bytes that may wait while the database is slow, before we say so instead of taking more. */
const maxWaitingBytes = 32 * 1024 * 1024

/** A sender waits for an answer no longer than this. What is stored later all the same has its repeat as duplicate. */
const patienceMs = 4000

/** @param onAccepted called after every flush that left work to do */
export function openInbox(store: Store, log: Logger, onAccepted: () => void = () => {}): Inbox {
  const place = createPlacing(store.db)
  const batcher = createBatcher<InboxRow, Receipt>(
    (rows) =>
      flush(rows).finally(() => {
        for (const { body } of rows) waitingBytes -= body.length
      }),
    // One at a time: measured, fewer and larger statements take more a second than two that overlap. And not all that
    // wait: of a hundred senders one half is read and answered while the other is stored (a fifth more a second).
    { maxItems: 64 },
  )
  const inTime = sharedDeadline(patienceMs, tooLate)
  let waitingBytes = 0

  async function flush(rows: readonly InboxRow[]): Promise<readonly PromiseSettledResult<Receipt>[]> {
    const outcomes = await place(rows).then(
      (receipts) => receipts.map((value) => ({ status: 'fulfilled', value }) as const),
      (error) => {
        if (!isRefusedData(error)) throw error
        return storeOneByOne(rows)
      },
    )
    if (outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value.status === 'accepted')) {
      onAccepted()
    }
    return outcomes
  }

  async function storeOneByOne(rows: readonly InboxRow[]): Promise<readonly PromiseSettledResult<Receipt>[]> {
    const outcomes: PromiseSettledResult<Receipt>[] = []
    for (const row of rows) {
      try {
        const [value] = await place([row])
        outcomes.push({ status: 'fulfilled', value: value as Receipt })
      } catch (error) {
        outcomes.push({ status: 'rejected', reason: unstorable(error) })
      }
    }
    return outcomes
  }

  function unstorable(error: unknown): unknown {
    if (!isRefusedData(error)) return error
    log.error({ reason: describeFailure(error) }, 'a delivery could not be stored')
    return new Problem(400, 'unstorable-delivery', 'The delivery has a value that cannot be stored.', {
      cause: error,
    })
  }

  return {
    store(delivery) {
      const bytes = delivery.body.length
      if (waitingBytes + bytes > maxWaitingBytes) return Promise.reject(tooBusy())
      waitingBytes += bytes
      return inTime(batcher.add(toRow(delivery)))
    },
    idle: () => batcher.idle(),
  }
}

const tooBusy = () => notNow('too-busy', 'Too many deliveries are waiting to be stored; send it again.')
const tooLate = () => notNow('not-stored', 'The delivery could not be stored in time; send it again.')

const notNow = (slug: string, detail: string) => new Problem(503, slug, detail, { retryAfterSeconds: 5 })

function toRow(delivery: Delivery): InboxRow {
  const given = delivery.senderId
  const senderId = given.length > maxSenderIdLength ? `sha256:${hash('sha256', given)}` : given
  return {
    ...delivery,
    id: newId(),
    senderId,
    senderKey: senderKeyOf(delivery.source, senderId),
  }
}
