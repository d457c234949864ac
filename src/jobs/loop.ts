/** A level-triggered loop: looks at regular intervals and whenever it is woken, never twice at once. */
import type { Logger } from 'pino'

export interface Loop {
  /** Look again at once (or right after the present look). Safe to call as often as one likes. */
  wake(): void
  /** Ends the loop after the look that is running. */
  stop(): Promise<void>
}

export interface LoopOptions {
  readonly name: string
  readonly everyMs: number
  readonly log: Logger
  /**
   * One look. Resolves to true when there is more to do right now, or to the milliseconds after which to look again.
   * `signal` is aborted when the loop is to end: a look may last for minutes, and a process that ends has seconds.
   */
  look(signal: AbortSignal): Promise<boolean | number>
}

const firstRetryMs = 1000
const longestRetryMs = 60_000

/** A look that throws is logged, and repeated soon, then less and less often: the work is still there. */
export function startLoop({ name, everyMs, log, look }: LoopOptions): Loop {
  const stopping = new AbortController()
  const { signal } = stopping
  let woken = false
  let failures = 0
  let endSleep = () => {}

  async function run(): Promise<void> {
    while (!signal.aborted) {
      woken = false
      const waitMs = await lookOnce()
      if (waitMs > 0 && !woken && !signal.aborted) await sleep(waitMs)
    }
  }

  /** How long to wait for the next look. */
  async function lookOnce(): Promise<number> {
    try {
      const next = await look(signal)
      if (failures > 0) log.info({ loop: name }, `${name} works again`)
      failures = 0
      return typeof next === 'number' ? next : next ? 0 : everyMs
    } catch (error) {
      if (failures === 0) log.error({ err: error, loop: name }, `${name} failed, and will try again`)
      woken = false
      return Math.min(everyMs, longestRetryMs, firstRetryMs * 2 ** failures++)
    }
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      endSleep = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  const running = run()
  return {
    wake() {
      woken = true
      endSleep()
    },
    async stop() {
      stopping.abort()
      endSleep()
      await running
    },
  }
}
