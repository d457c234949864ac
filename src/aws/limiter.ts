/** Who calls next: one queue per account and process, by priority, at the account's shared pace. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Pace, Slot } from './pace.ts'

/** Lower goes first. */
export const priorities = { lock: 0, interactive: 1, reconcile: 2, bulk: 3 } as const
export type Priority = (typeof priorities)[keyof typeof priorities]

export interface Limiter {
  /** Resolves when the caller may make one call, now. */
  turn(priority: Priority): Promise<void>
  /**
   * Until released, and for two seconds at most, only locks get turns: a lock's call that AWS throttles
   * is repeated by the SDK, and must not lose every time against those that wait.
   */
  hold(): () => void
  throttled(): void
  readonly waiting: number
}

/** A slot of ours, on the clock of `performance.now()`. What is not spent of it at once may be, until it ends. */
interface Lease {
  startsAt: number
  endsAt: number
  readonly rate: number
  readonly calls: number
  spent: number
}

/** A slot is leased for about this long a stretch of calls. */
const slotMs = 100
/** Longer than the first repeats of the SDK take; a call that hangs must not stop everybody. */
const maxHoldMs = 2000
/** Locks do not wait for a slot: this many seconds' worth of calls may go ahead at once, and it comes back with time. */
const lockCreditSeconds = 1

/** `onError` hears of a database that does not answer; turns wait until it does, locks go ahead. */
export function createLimiter(pace: Pace, rate: number, onError: (error: unknown) => void): Limiter {
  const queues: (() => void)[][] = [[], [], [], []]
  let waiting = 0
  let serving = false
  /** The rate as it was granted last; not known before the first lease, which is therefore for one call. */
  let granted = 0
  const lockCredit = Math.max(1, rate * lockCreditSeconds)
  let credit = lockCredit
  let creditAt = performance.now()
  /** Calls that locks have made and that no slot was leased for yet. */
  let debt = 0
  let settling = false
  let slot: Lease | undefined
  let coming: Promise<Lease> | undefined
  /** Each with the moment at which it ends by itself. */
  const holds = new Map<symbol, number>()

  /** Gives the next turn; false when nobody may have one. */
  function grant(): boolean {
    const queue = queues.find(({ length }) => length > 0)
    if (!queue || (holds.size > 0 && queue !== queues[priorities.lock])) return false
    waiting--
    queue.shift()?.()
    return true
  }

  async function serve(): Promise<void> {
    serving = true
    const since = performance.now()
    while (waiting > 0) {
      try {
        slot ??= await (coming ?? lease())
        coming = undefined
        // What ended while nobody waited is gone; what is late because we are is not.
        if (slot.endsAt >= since) await spend(slot)
        if (slot.endsAt < since || slot.spent === slot.calls) slot = undefined
      } catch (error) {
        coming = undefined
        onError(error)
        await delay(500)
      }
    }
    serving = false
  }

  async function lease(): Promise<Lease> {
    const calls = Math.max(1, Math.ceil((granted * slotMs) / 1000))
    const { owed, leased } = await leaseWithDebt(calls)
    granted = leased.rate
    const startsAt = performance.now() + leased.startsInMs + (owed / granted) * 1000
    return { startsAt, endsAt: startsAt + (calls / granted) * 1000, rate: granted, calls, spent: 0 }
  }

  /** What locks have borrowed is paid back here, by leasing more than will be spent. */
  async function leaseWithDebt(calls: number): Promise<{ owed: number; leased: Slot }> {
    const owed = debt
    debt = 0
    try {
      return { owed, leased: await pace.lease(calls + owed) }
    } catch (error) {
      debt += owed
      throw error
    }
  }

  /** While nobody waits no slot is leased, and the other replicas are to know of our locks all the same. */
  async function settle(): Promise<void> {
    if (settling) return
    settling = true
    try {
      while (debt > 0 && !serving) await leaseWithDebt(0)
    } catch (error) {
      onError(error)
    } finally {
      settling = false
    }
  }

  function takeCredit(): boolean {
    const now = performance.now()
    credit = Math.min(lockCredit, credit + ((now - creditAt) / 1000) * rate)
    creditAt = now
    if (credit < 1) return false
    credit--
    debt++
    return true
  }

  /** Gives turns as they become due, until the slot is spent or nobody waits. */
  async function spend(slot: Lease): Promise<void> {
    while (slot.spent < slot.calls && waiting > 0) {
      const due = Math.floor(((performance.now() - slot.startsAt) / 1000) * slot.rate) + 1
      if (due <= slot.spent) {
        // Leased ahead, so that the next stretch follows this one without a gap.
        if (slot.spent + waiting > slot.calls) leaseAhead()
        await delay(Math.max(1, Math.floor(((slot.spent - due + 1) / slot.rate) * 1000)))
        continue
      }
      while (slot.spent < Math.min(due, slot.calls) && grant()) slot.spent++
      if (holds.size > 0) await pause(slot)
    }
  }

  /** The time that a hold takes is lost, not made up for: the calls that AWS takes in it are the lock's. */
  async function pause(slot: Lease): Promise<void> {
    const since = performance.now()
    await delay(5)
    for (const [hold, endsAt] of holds) if (endsAt < performance.now()) holds.delete(hold)
    const lostMs = performance.now() - since
    slot.startsAt += lostMs
    slot.endsAt += lostMs
    debt += (lostMs / 1000) * slot.rate
  }

  function leaseAhead(): void {
    if (coming) return
    coming = lease()
    coming.catch(() => {})
  }

  return {
    turn(priority) {
      if (priority === priorities.lock && takeCredit()) {
        void settle()
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        queues[priority]?.push(resolve)
        waiting++
        if (!serving) void serve()
      })
    },
    hold() {
      const hold = Symbol('hold')
      holds.set(hold, performance.now() + maxHoldMs)
      return () => void holds.delete(hold)
    },
    throttled() {
      pace.throttled().catch(onError)
    },
    get waiting() {
      return waiting
    },
  }
}
