/** How long a page of a hundred employees takes when there are a million of them. */
import { Agent } from 'node:http'
import pg from 'pg'
import { encodeCursor } from '../src/http/cursor.ts'
import { millisecondsOf, percentile, repeat, summary } from './latency.ts'
import { startChild } from './processes/children.ts'
import type { MusterProcess } from './processes/muster.ts'
import type { SandboxProcess } from './processes/sandbox.ts'
import { median, type Row } from './row.ts'
import { unlimited } from './world.ts'

const goalMs = 25
const people = 1_000_000
const pageSize = 100
const warmUps = 200
/** A round has its own p99, and the median of the rounds counts: one hiccup of a shared machine is no verdict. */
const rounds = 5
const requests = 500

/** One client that asks for pages at random places, one after the other. */
export async function benchReads(databaseUrl: string): Promise<Row> {
  const sandbox = startChild<SandboxProcess>('./sandbox.ts')
  const muster = startChild<MusterProcess>('./muster.ts')
  const agent = new Agent({ keepAlive: true })
  try {
    const place = await sandbox.ask('open')
    const { address } = await muster.ask('open', { databaseUrl, iamRate: unlimited, sandbox: place })
    await employ(databaseUrl, place.accountId)
    const ask = (query: string) => millisecondsOf(agent, `${address}/v1/employees?limit=${pageSize}${query}`)

    await repeat(warmUps, () => ask(anywhere()))
    const pages: number[][] = []
    for (let i = 0; i < rounds; i++) pages.push(await repeat(requests, () => ask(anywhere())))
    const filtered = await repeat(requests, () => ask(`&role=${someRole()}&status=active${anywhere()}`))
    const crowd = await Promise.all([1, 2, 3, 4].map(() => repeat(requests, () => ask(anywhere()))))

    const p99s = pages.map((round) => percentile(round, 0.99))
    const measured = median(p99s)
    return {
      name: `GET /v1/employees?limit=${pageSize} over ${people.toLocaleString('en')} employees: p99 in ms`,
      goal: `under ${goalMs}`,
      measured: measured.toFixed(1),
      ok: measured < goalMs,
      notes: [
        `${rounds} times ${requests} pages at random places, one client: ${summary(pages.flat())}`,
        `p99 of each round: ${p99s.map((ms) => ms.toFixed(1)).join(', ')}`,
        `narrowed to a role and a status: ${summary(filtered)}`,
        `four clients at once: ${summary(crowd.flat())}`,
      ],
    }
  } finally {
    agent.destroy()
    await muster.ask('close').catch(() => {})
    await muster.stop()
    await sandbox.stop()
  }
}

const roles = ['backend-engineer', 'data-analyst', 'site-reliability-engineer', 'security-auditor', 'finance']
const someRole = () => roles[Math.floor(Math.random() * roles.length)]

const anywhere = () => `&cursor=${encodeCursor('employees', idOf(Math.floor(Math.random() * people)))}`
const idOf = (n: number) => `E${String(n).padStart(7, '0')}`

/** Everybody with one identity in three groups; one in ten has left. */
async function employ(databaseUrl: string, accountId: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(
      `insert into employees (employee_id, given_name, family_name, email, role, status, start_at, details, updated_at)
       select 'E' || lpad(n::text, 7, '0'), 'Ada', 'Lovelace ' || n, 'ada.' || n || '@example.com',
         ($2::text[])[1 + n % $3], case when n % 10 = 0 then 'terminated' else 'active' end, now(),
         '{"department":"Engineering","managerId":"E0000001","timeZone":"Europe/London","overrides":[],"pending":[]}',
         now()
       from generate_series(0, $1 - 1) as n`,
      [people, roles, roles.length],
    )
    await client.query(
      `insert into identities (id, employee_id, account_id, user_name, aws_user_id, state, groups, last_reconciled_at)
       select gen_random_uuid(), employee_id, $1, 'ada.' || employee_id, 'AIDA' || employee_id, 'awaiting_mfa',
         '{muster-baseline,engineering,deploy-staging}', now()
       from employees`,
      [accountId],
    )
    await client.query('vacuum analyze employees')
    await client.query('vacuum analyze identities')
  } finally {
    await client.end()
  }
}
