/**
 * Keeps the trail gate's look fresh, by one replica at a time and much sooner than anybody would have to wait for it,
 * and lets whoever waits through while it is open.
 */
import type { Jobs } from '../jobs/jobs.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { takeLease } from '../store/lease.ts'
import type { TrailLook } from '../store/schema.ts'
import { lookAtTrails, readTrailLook, type TrailGateContext } from './gate.ts'
import { letThrough } from './let-through.ts'

/** A good look is renewed so often; while the gate is shut there is one each time, so that the trail's return is seen. */
const renewAfterMs = 15_000
const everyMs = 5000
const leaseMs = 30_000

/** @param onChange called when the gate has opened or shut: what hangs on it need not wait for its own look */
export function startTrailGateLoop(
  context: TrailGateContext & { readonly jobs: Jobs },
  onChange: (isVerified: boolean) => void,
): Loop {
  const { store, account, clock, log } = context
  let wasVerified: boolean | undefined
  let isAsked = false
  const loop = startLoop({
    name: 'trail gate',
    everyMs,
    log,
    async look() {
      const before = await readTrailLook(store.db, account.accountId)
      const isGoodEnough = !isAsked && isRecent(before, clock())
      isAsked = false
      const look = isGoodEnough ? before : await lookUnlessAnother(context)
      if (!look) return false
      if (wasVerified !== undefined && wasVerified !== look.isVerified) onChange(look.isVerified)
      wasVerified = look.isVerified
      // At every look, not only at the one that opens: a process may have died in between, or a run have gone to wait
      // just when the gate opened. After each batch comes another look, so that one that shuts it ends this, too.
      return look.isVerified && (await letThrough(context))
    },
  })
  return {
    // Whoever wakes it knows of a change.
    wake() {
      isAsked = true
      loop.wake()
    },
    stop: loop.stop,
  }
}

function isRecent(look: TrailLook | null, now: Date): look is TrailLook {
  if (!look?.isVerified) return false
  const ageMs = now.getTime() - Date.parse(look.checkedAt)
  return ageMs >= 0 && ageMs < renewAfterMs
}

/** Undefined while another replica is at it. */
async function lookUnlessAnother(context: TrailGateContext): Promise<TrailLook | undefined> {
  const { store, account, clock } = context
  const lease = await takeLease(store.db, account.accountId, 'trail gate', {
    leaseMs,
    everyMs: 0,
    now: clock(),
  })
  if (!lease) return undefined
  try {
    return await lookAtTrails(context)
  } finally {
    await lease.end(clock())
  }
}
