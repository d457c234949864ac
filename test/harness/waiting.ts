/** Waits for what happens in the background. */
import { setTimeout as sleep } from 'node:timers/promises'

/** An end for what never happens: how fast a machine is decides nothing, so it is far from what anything takes. */
export const patienceMs = 90_000

/** Asks until the answer is neither undefined nor false; fails after `withinMs` with the last answer. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  { withinMs = patienceMs, what = 'it' } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms`)
    await sleep(10)
  }
}
