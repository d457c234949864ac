/** How much of what an account allows is used, and how often it throttles, while joiners wait. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Row } from './row.ts'
import { unlimited, withWorld } from './world.ts'

const goal = 0.95
/** Calls a second that IAM takes: `MUSTER_IAM_RATE` says the same. */
const rate = 100
/** The first seconds are left out: the sandbox begins with a second's worth of calls in its bucket. */
const settleMs = 2000
const steadyMs = 12_000
/** More than can be done in that time. */
const joiners = Math.ceil(((settleMs + steadyMs + 2000) / 1000) * rate)

export function benchAccountLimit(databaseUrl: string): Promise<Row> {
  return withWorld(databaseUrl, unlimited, async (world) => {
    await world.restart(rate)
    await world.sandbox.ask('limit', rate)
    await world.sandbox.ask('forget')
    const employeeIds = Array.from({ length: joiners }, (_, i) => `joiner.${i}`)
    const from = (await world.muster.ask('hire', employeeIds, 'backend-engineer')) + settleMs
    await delay(settleMs + steadyMs + 200)
    const calls = await world.sandbox.ask('calls')
    const steady = calls.filter(({ at }) => at >= from && at < from + steadyMs)
    const accepted = steady.filter((call) => call.accepted).length / (steadyMs / 1000)
    const throttled = calls.filter(({ errorCode }) => errorCode === 'Throttling').length
    return {
      name: `provisioning, ${rate} calls/s allowed: accepted calls/s`,
      goal: `${goal} r`,
      measured: accepted.toFixed(1),
      reference: rate,
      ratio: `${(accepted / rate).toFixed(3)} x`,
      ok: accepted >= goal * rate,
      notes: [`throttled: ${throttled} of ${calls.length} calls`],
    }
  })
}
