/** How many IAM calls a joiner and a lock cost, read from the sandbox's call log. */
import { BASELINE, QUARANTINE } from '../src/catalog/catalog.ts'
import { loadCatalog } from '../src/catalog/load.ts'
import type { Call } from './processes/sandbox.ts'
import type { Row } from './row.ts'
import { unlimited, until, type World, withWorld } from './world.ts'

/** Every role of the example catalog: one joins, then leaves. */
export function benchCalls(databaseUrl: string): Promise<Row[]> {
  return withWorld(databaseUrl, unlimited, async (world) => {
    const { roles } = await loadCatalog('catalog/roles.yaml')
    const joiners: { role: string; goal: number; calls: number }[] = []
    const locks: { calls: number; reads: number }[] = []
    for (const [role, { groups }] of Object.entries(roles)) {
      const joining = await callsOfJoiner(world, role)
      joiners.push({ role, goal: 1 + new Set([BASELINE, ...groups]).size, calls: joining.length })
      locks.push(untilDenied(await callsOfLeaver(world, role)))
    }
    const mostCalls = Math.max(...locks.map(({ calls }) => calls))
    const reads = Math.max(...locks.map((lock) => lock.reads))
    return [
      {
        name: 'joiner: IAM calls with g groups',
        goal: `1 + g: ${joiners.map(({ goal }) => goal).join(', ')}`,
        measured: joiners.map(({ calls }) => calls).join(', '),
        ok: joiners.every(({ goal, calls }) => calls === goal),
        notes: [`roles: ${joiners.map(({ role }) => role).join(', ')}; the baseline counts as one of g`],
      },
      {
        name: 'leaver: calls until the deny is accepted',
        goal: '1, no read before',
        measured: `${mostCalls}, ${reads} reads before`,
        ok: mostCalls === 1 && reads === 0,
      },
    ]
  })
}

async function callsOfJoiner(world: World, role: string): Promise<Call[]> {
  await world.sandbox.ask('forget')
  await world.say('employee.hired', {
    employeeId: role,
    givenName: 'Ada',
    familyName: 'Lovelace',
    email: 'ada@example.com',
    role,
  })
  const reconciled = `select 1 from identities where employee_id = $1 and generation = reconciled_generation`
  await until(
    async () => (await world.db.query(reconciled, [role])).rows.length > 0,
    10_000,
    `${role} joined`,
  )
  return await world.sandbox.ask('calls')
}

async function callsOfLeaver(world: World, role: string): Promise<Call[]> {
  await world.sandbox.ask('forget')
  await world.say('employee.terminated', { employeeId: role })
  await until(
    async () => (await world.sandbox.ask('joinedAt', role, QUARANTINE)) !== undefined,
    10_000,
    `${role} is locked`,
  )
  const calls = await world.sandbox.ask('calls')
  // The rest of the lock is not to be counted with the next joiner.
  await world.allReconciled()
  return calls
}

function untilDenied(calls: readonly Call[]): { calls: number; reads: number } {
  const denied = calls.findIndex(({ accepted, params }) => accepted && params.GroupName === QUARANTINE)
  const upToDeny = calls.slice(0, denied + 1)
  return { calls: upToDeny.length, reads: upToDeny.filter(({ readOnly }) => readOnly).length }
}
