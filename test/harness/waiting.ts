/** Waits for what happens in the background. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the answer is neither undefined nor false; fails after `withinMs` with the last answer. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  { withinMs = 10_000, what = 'it' } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms`)
    await sleep(10)
  }
}
