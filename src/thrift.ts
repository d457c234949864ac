/** Keeps the process small through work that leaves much garbage. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** So much more than after the last time is worth a collection. */
const worthBytes = 8 * 1024 * 1024

let collect: Collect | undefined
let keptBytes = 0

/**
 * To be called now and then during such work: collects what it left since the last call, where that is much, and gives the
 * memory back. On a large machine V8 would rather let the process grow by hundreds of megabytes. Everything else stands
 * still meanwhile, for about a tenth of a second.
 */
export function collectGarbage(): void {
  const { heapUsed } = process.memoryUsage()
  keptBytes = Math.min(keptBytes, heapUsed)
  if (heapUsed < keptBytes + worthBytes) return
  collect ??= exposed()
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  keptBytes = process.memoryUsage().heapUsed
}

/** What `node --expose-gc` gives to everybody, for here alone: https://nodejs.org/api/globals.html */
function exposed(): Collect {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  return gc
}
