/** How soon a leaver is denied everything while 10,000 joiners wait for the same account. */
import { setTimeout as delay } from 'node:timers/promises'
import { QUARANTINE } from '../src/catalog/catalog.ts'
import type { Row } from './row.ts'
import { unlimited, until, type World, withWorld } from './world.ts'

const goalMs = 2000
const joiners = 10_000
/** What everybody hired here is in: the baseline and the role's two. */
const groups = 3
/** Leavers of each kind, one after the other. */
const trials = 6
const pauseMs = 700

/** @param rate calls a second that the account takes, and that Muster is told */
export function benchLockBehindBacklog(rate: number): (databaseUrl: string) => Promise<Row> {
  return (databaseUrl) =>
    withWorld(databaseUrl, unlimited, async (world) => {
      const settled = Array.from({ length: trials }, (_, i) => `settled.${i}`)
      await world.muster.ask('hire', settled, 'backend-engineer')
      await world.allReconciled()
      await world.restart(rate)
      await world.sandbox.ask('limit', rate)
      const waiting = Array.from({ length: joiners }, (_, i) => `joiner.${i}`)
      await world.muster.ask('hire', waiting, 'backend-engineer')

      const ofSettled: number[] = []
      const ofRunning: number[] = []
      for (const employeeId of settled) {
        ofSettled.push(await millisecondsToDeny(world, employeeId))
        await delay(pauseMs)
        ofRunning.push(await millisecondsToDeny(world, await someoneWhoIsJoining(world)))
        await delay(pauseMs)
      }
      const { rows } = await world.db.query(
        'select count(*)::int as left from identities where generation <> reconciled_generation',
      )
      const worst = Math.max(...ofSettled, ...ofRunning)
      return {
        name: `lock behind ${joiners} joiners, ${rate} calls/s: ms from 202 to its accepted call`,
        goal: `max ${goalMs}`,
        measured: `max ${worst}`,
        ok: worst <= goalMs,
        notes: [
          `of people who work here: ${ofSettled.join(', ')}`,
          `of people whose joiner was running: ${ofRunning.join(', ')}`,
          `joiners still waiting at the end: ${rows[0]?.left}`,
        ],
      }
    })
}

async function someoneWhoIsJoining({ sandbox }: World): Promise<string> {
  let joining: string | undefined
  await until(
    async () => {
      joining = (await sandbox.ask('halfway', groups)).at(-1)
      return joining !== undefined
    },
    20_000,
    'somebody is joining',
    5,
  )
  return joining ?? ''
}

async function millisecondsToDeny({ sandbox, say }: World, employeeId: string): Promise<number> {
  const acceptedAt = await say('employee.terminated', { employeeId })
  let deniedAt: number | undefined
  await until(
    async () => {
      deniedAt = await sandbox.ask('joinedAt', employeeId, QUARANTINE)
      return deniedAt !== undefined
    },
    60_000,
    `${employeeId} is denied everything`,
  )
  return (deniedAt ?? Number.NaN) - acceptedAt
}
