/**
 * A call that is made at once, and then not again before a pause has passed; what asks for it in between gets one more
 * at the pause's end. One that a process takes along when it ends is made up for by the caller's own schedule.
 */
export function calm(call: () => void, pauseMs: number): () => void {
  let pause: NodeJS.Timeout | undefined
  let isWanted = false
  function make(): void {
    isWanted = false
    call()
    pause = setTimeout(() => {
      pause = undefined
      if (isWanted) make()
    }, pauseMs).unref()
  }
  return () => {
    isWanted = true
    if (!pause) make()
  }
}
