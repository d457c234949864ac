/** Group commit: requests that wait at the same moment share one statement. */

export interface Batcher<Item, Result> {
  /** Resolves or rejects with this item's own outcome. */
  add(item: Item): Promise<Result>
  /** Resolves when nothing is waiting or running. */
  idle(): Promise<void>
}

export interface BatcherOptions {
  readonly maxItems: number
  /** Flushes that may run at the same time. One gives the largest batches. */
  readonly concurrency?: number
}

/**
 * `flush` gets the items that have gathered while the previous flush ran and returns one settled
 * outcome for each, in order. When it rejects, all its items reject.
 */
export function createBatcher<Item, Result>(
  flush: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>,
  { maxItems, concurrency = 1 }: BatcherOptions,
): Batcher<Item, Result> {
  interface Waiting {
    readonly item: Item
    resolve(result: Result): void
    reject(reason: unknown): void
  }
  let waiting: Waiting[] = []
  let running = 0
  let scheduled = false
  let idleWaiters: (() => void)[] = []

  function schedule(): void {
    if (scheduled || running >= concurrency || waiting.length === 0) return
    scheduled = true
    // After this turn of the event loop: everything read from the sockets in it goes together.
    setImmediate(() => {
      scheduled = false
      void run()
    })
  }

  async function run(): Promise<void> {
    const batch = waiting.slice(0, maxItems)
    waiting = waiting.slice(maxItems)
    if (batch.length === 0) return
    running++
    schedule()
    try {
      const outcomes = await flush(batch.map((entry) => entry.item))
      batch.forEach((entry, i) => {
        const outcome = outcomes[i]
        if (outcome?.status === 'fulfilled') entry.resolve(outcome.value)
        else entry.reject(outcome?.reason ?? new Error('the flush gave no outcome for this item'))
      })
    } catch (error) {
      for (const entry of batch) entry.reject(error)
    } finally {
      running--
      schedule()
      if (running === 0 && waiting.length === 0) {
        for (const wake of idleWaiters) wake()
        idleWaiters = []
      }
    }
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        schedule()
      }),
    idle: () =>
      running === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => idleWaiters.push(resolve)),
  }
}
