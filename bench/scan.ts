/** What a scan of the largest account costs: calls, memory, and the reading of its report. */
import { Agent } from 'node:http'
import { deviceOf, largest } from '../test/compliance/large-account.ts'
import { millisecondsOf, percentile, repeat, summary } from './latency.ts'
import { adminToken } from './processes/settings.ts'
import { median, type Row } from './row.ts'
import { unlimited, until, type World, withWorld } from './world.ts'

const scans = 3
const goalBytes = 300e6
const goalMs = 25
const rounds = 5
const requests = 500

interface Scan {
  readonly id: string
  readonly status: string
  readonly calls: number
  readonly startedAt: string
  readonly finishedAt: string
}

export function benchScan(databaseUrl: string): Promise<Row[]> {
  return withWorld(databaseUrl, unlimited, async (world) => {
    const budget = await populate(world)
    // From here on nobody is hired: what it takes is the scan's.
    await world.restart(unlimited)
    const beforeBytes = await world.muster.ask('peakMemory')
    const done: Scan[] = []
    for (let i = 0; i < scans; i++) done.push(await scan(world))
    const peakBytes = await world.muster.ask('peakMemory')
    const latencies = await readReport(world)
    const p99s = latencies.map((round) => percentile(round, 0.99))
    const mostCalls = Math.max(...done.map(({ calls }) => calls))
    const failed = done.filter(({ status }) => status !== 'done').length
    return [
      {
        name: `scan of ${largest.users.toLocaleString('en')} users: calls`,
        goal: `at most ${budget}`,
        measured: mostCalls,
        ok: failed === 0 && mostCalls > 0 && mostCalls <= budget,
        notes: [`seconds: ${done.map(secondsOf).join(', ')}`, `${failed} of ${scans} failed`],
      },
      {
        name: 'scan: peak memory on PostgreSQL in MB',
        goal: `under ${goalBytes / 1e6}`,
        measured: (peakBytes / 1e6).toFixed(0),
        ok: failed === 0 && peakBytes < goalBytes,
        notes: [`${(beforeBytes / 1e6).toFixed(0)} MB before the first scan`],
      },
      {
        name: 'GET /v1/compliance of that account: p99 in ms',
        goal: `under ${goalMs}`,
        measured: median(p99s).toFixed(1),
        ok: median(p99s) < goalMs,
        notes: [
          `${rounds} times ${requests} requests, one client: ${summary(latencies.flat())}`,
          `p99 of each round: ${p99s.map((ms) => ms.toFixed(1)).join(', ')}`,
        ],
      },
    ]
  })
}

/** Everybody is Muster's own, and has enrolled. Returns the budget of calls. */
async function populate({ muster, sandbox, place, db, allReconciled }: World): Promise<number> {
  const employeeIds = Array.from({ length: largest.users }, (_, n) => `e${String(n).padStart(4, '0')}`)
  await muster.ask('hire', employeeIds, 'backend-engineer')
  await allReconciled(600_000)
  const budget = await sandbox.ask('fill')
  await db.query(
    `update identities set state = 'active', mfa_enrolled = true, lacks = null, next_look_at = null,
       mfa_serials = array[$1 || user_name]`,
    [deviceOf(place.accountId, '')],
  )
  return budget
}

async function scan({ address }: World): Promise<Scan> {
  const ask = async (method: string, path: string) => {
    const headers = { authorization: `Bearer ${adminToken}` }
    const response = await fetch(`${address}/v1/compliance/scans${path}`, { method, headers })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Scan
  }
  const { id } = await ask('POST', '')
  let scan: Scan | undefined
  await until(
    async () => {
      scan = await ask('GET', `/${id}`)
      return scan.status === 'done' || scan.status === 'failed'
    },
    120_000,
    'the scan has ended',
  )
  return scan as Scan
}

const secondsOf = ({ startedAt, finishedAt }: Scan) =>
  ((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000).toFixed(1)

async function readReport({ address }: World): Promise<number[][]> {
  const agent = new Agent({ keepAlive: true })
  try {
    const ask = () => millisecondsOf(agent, `${address}/v1/compliance`)
    await repeat(requests, ask)
    const taken: number[][] = []
    for (let i = 0; i < rounds; i++) taken.push(await repeat(requests, ask))
    return taken
  } finally {
    agent.destroy()
  }
}
