/** A loop that looks for what differs, and tells of what it finds what made it look. */

import { type Loop, type LoopOptions, startLoop } from '../jobs/loop.ts'
import type { FoundBy } from './drift.ts'

export interface FindingLoop extends Loop {
  /** @param by `look` by default: somebody, or something of Muster's own, knows of a change */
  wake(by?: FoundBy): void
}

export interface FindingLoopOptions extends Omit<LoopOptions, 'look'> {
  /** As for any loop. One that has to be repeated soon, or throws, is repeated for the same reason. */
  look(signal: AbortSignal, foundBy: FoundBy): Promise<boolean | number>
}

export function startFindingLoop({ look, ...options }: FindingLoopOptions): FindingLoop {
  let wokenBy: FoundBy = 'sweep'
  const wake = (by: FoundBy) => {
    // Of several reasons an event says most.
    if (wokenBy !== 'event') wokenBy = by
  }
  const loop = startLoop({
    ...options,
    async look(signal) {
      const foundBy = wokenBy
      wokenBy = 'sweep'
      let next: boolean | number = 0
      try {
        next = await look(signal, foundBy)
        return next
      } finally {
        if (typeof next === 'number' && foundBy !== 'sweep') wake(foundBy)
      }
    },
  })
  return {
    wake(by = 'look') {
      wake(by)
      loop.wake()
    },
    stop: loop.stop,
  }
}
