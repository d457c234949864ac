/** Keeps the trail gate's look fresh: by one replica at a time, and much sooner than anybody would have to wait for it. */
import { type Loop, startLoop } from '../jobs/loop.ts'
import { takeLease } from '../store/lease.ts'
import { lookAtTrails, type TrailGateContext } from './gate.ts'

const everyMs = 15_000
/** While the gate is shut, so that whoever waits goes on soon after the trail's return. */
const whileShutMs = 5000
const leaseMs = 30_000

/** @param onOpen called when the gate has opened again: whatever else waits for it need not wait for its own look */
export function startTrailGateLoop(context: TrailGateContext, onOpen: () => void): Loop {
  const { store, account, clock, log } = context
  let isShut = false
  return startLoop({
    name: 'trail gate',
    everyMs,
    log,
    async look() {
      const now = clock()
      const lease = await takeLease(store.db, account.accountId, 'trail gate', { leaseMs, everyMs: 0, now })
      if (!lease) return false
      try {
        const { isVerified } = await lookAtTrails(context)
        if (isVerified && isShut) onOpen()
        isShut = !isVerified
        return isVerified ? false : whileShutMs
      } finally {
        await lease.end(clock())
      }
    },
  })
}
