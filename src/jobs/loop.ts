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
  /** One look. Resolves to true when there is more to do right now. */
  look(): Promise<boolean>
}

/** A look that throws is logged and repeated at the next interval: the work is still there. */
export function startLoop({ name, everyMs, log, look }: LoopOptions): Loop {
  let stopped = false
  let woken = false
  let failing = false
  let endSleep = () => {}

  async function run(): Promise<void> {
    while (!stopped) {
      woken = false
      let more = false
      try {
        more = await look()
        if (failing) log.info({ loop: name }, `${name} works again`)
        failing = false
      } catch (error) {
        if (!failing) log.error({ err: error, loop: name }, `${name} failed, and will try again`)
        failing = true
        woken = false
      }
      if (!more && !woken && !stopped) await sleep()
    }
  }

  function sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, everyMs)
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
      stopped = true
      endSleep()
      await running
    },
  }
}
