/** Not waiting for ever: whoever asked hears in time, whatever becomes of the work. */

/**
 * Settles as `work` does, or rejects with `tooLate()` when that takes longer than `ms` milliseconds. The work
 * goes on, and what becomes of it then is nobody's error.
 */
export function within<T>(ms: number, work: Promise<T>, tooLate: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate()), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/**
 * The same for many works at once, where a timer for each would cost too much: one timer looks after all, and
 * may let them wait an eighth longer.
 */
export function sharedDeadline(ms: number, tooLate: () => Error): <T>(work: Promise<T>) => Promise<T> {
  // In the order of their beginning.
  const waiting = new Set<{ readonly since: number; reject(error: Error): void }>()
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    timer = undefined
    const latest = performance.now() - ms
    for (const entry of waiting) {
      if (entry.since > latest) break
      waiting.delete(entry)
      entry.reject(tooLate())
    }
    if (waiting.size > 0) lookLater()
  }

  function lookLater(): void {
    if (timer === undefined) timer = setTimeout(look, ms / 8).unref()
  }

  return (work) =>
    new Promise((resolve, reject) => {
      const entry = { since: performance.now(), reject }
      waiting.add(entry)
      lookLater()
      work.then(
        (result) => {
          waiting.delete(entry)
          resolve(result)
        },
        (error) => {
          waiting.delete(entry)
          reject(error)
        },
      )
    })
}
