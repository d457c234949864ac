/**
 * Drains the inbox: accepted deliveries become recorded lifecycle events, terminations and suspensions first.
 *
 * Level-triggered: what counts is which rows are `accepted`, so a lost wake-up or a killed process costs time
 * and nothing else. Several replicas drain at once, each its own rows.
 */
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import type { LifecycleEvent } from '../lifecycle/events.ts'
import { describeFailure, isDatabaseAway } from '../store/failures.ts'
import type { Store, Transaction } from '../store/open.ts'
import {
  type ClaimedRow,
  claimRows,
  claimWaiting,
  markRows,
  type Outcome,
  recordFailedAttempt,
} from './drain-rows.ts'
import { readDelivery, reasonOf } from './sources.ts'

/** A lifecycle event with the delivery that brought it. */
export type DeliveredEvent = LifecycleEvent & { readonly deliveryId: string }

/**
 * Records the events and what follows from them, in the transaction given.
 *
 * @returns by delivery id, why those deliveries cannot be applied yet
 */
export type ApplyEvents = (
  tx: Transaction,
  events: readonly DeliveredEvent[],
) => Promise<ReadonlyMap<string, string>>

export interface DrainOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly apply: ApplyEvents
  /** Between looks that nobody asked for: another replica may have stored something. */
  readonly everyMs?: number
}

const maxRows = 200

/**
 * Starts at once. Wake it after every flush of the inbox.
 *
 * A delivery that fails alone is tried again after 4, 16, 64 and 256 seconds, and then is `failed` with its
 * reason until somebody replays it.
 */
export function startDrain({ store, clock, log, apply, everyMs = 500 }: DrainOptions): Loop {
  return startLoop({ name: 'intake drain', everyMs, log, look })

  async function look(): Promise<boolean> {
    let claimed: readonly ClaimedRow[] = []
    try {
      await store.db.transaction(async (tx) => {
        claimed = await claimWaiting(tx, clock(), maxRows)
        await work(tx, claimed)
      })
    } catch (error) {
      if (isDatabaseAway(error) || claimed.length === 0) throw withoutValues(error)
      await split(
        claimed.map(({ id }) => id),
        error,
      )
    }
    return claimed.length === maxRows
  }

  /** Finds the deliveries that make a batch fail, by halves, and applies all others. */
  async function split(ids: readonly string[], error: unknown): Promise<void> {
    const [only] = ids
    if (only !== undefined && ids.length === 1) return await giveUpForNow(only, error)
    const middle = Math.ceil(ids.length / 2)
    for (const half of [ids.slice(0, middle), ids.slice(middle)]) {
      try {
        await store.db.transaction(async (tx) => work(tx, await claimRows(tx, half)))
      } catch (error) {
        if (isDatabaseAway(error)) throw withoutValues(error)
        await split(half, error)
      }
    }
  }

  async function work(tx: Transaction, claimed: readonly ClaimedRow[]): Promise<void> {
    if (claimed.length === 0) return
    const readings = claimed.map((row) => ({ row, reading: readRow(row) }))
    const events = readings.flatMap(({ row, reading }) =>
      reading.ok ? reading.events.map((event) => ({ ...event, deliveryId: row.id })) : [],
    )
    const pending = events.length === 0 ? new Map<string, string>() : await apply(tx, events)
    const outcomes = readings.map(({ row, reading }): Outcome => {
      const { kind, employeeIds } = reading
      const about = { id: row.id, kind, employeeIds }
      if (!reading.ok) return { ...about, status: 'refused', reason: reasonOf(reading.faults) }
      const reason = pending.get(row.id)
      return reason === undefined
        ? { ...about, status: 'applied', reason: null }
        : { ...about, status: 'pending', reason }
    })
    await markRows(tx, outcomes, clock())
  }

  async function giveUpForNow(id: string, error: unknown): Promise<void> {
    const reason = describeFailure(error)
    const status = await recordFailedAttempt(store.db, id, reason, clock())
    log.error({ deliveryId: id, reason, status }, 'a delivery could not be applied')
  }
}

function readRow({ source, senderId, receivedAt, body }: ClaimedRow) {
  return readDelivery(body ?? Buffer.alloc(0), { source, senderId, receivedAt })
}

/** The loop logs what is thrown, and a log must not hold what HR wrote. */
const withoutValues = (error: unknown) => new Error(describeFailure(error))
