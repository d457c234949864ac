/** How many signed webhooks a second are durable and answered, against one INSERT for each. */
import pg from 'pg'
import { startChild } from './processes/children.ts'
import type { IntakeServerProcess } from './processes/intake-servers.ts'
import type { WebhookSenderProcess } from './processes/webhook-sender.ts'
import { median, type Row } from './row.ts'

const goal = 1.5
/** As when many things happened at once at the other end; the first number is the one that counts. */
const connections = [128, 64] as const
/** So many messages of each before anything is measured: until then, the compilers are still at work. */
const warmingUp = 20_000
/** Many short rounds in turn, so that whatever else the machine does meets both alike. */
const messages = 4000
const rounds = 11

interface Pair {
  readonly muster: number
  readonly bare: number
}

export async function benchIntake(databaseUrl: string): Promise<Row> {
  const muster = startChild<IntakeServerProcess>('./intake-servers.ts')
  const bare = startChild<IntakeServerProcess>('./intake-servers.ts')
  const sender = startChild<WebhookSenderProcess>('./webhook-sender.ts')
  try {
    const musterAt = await muster.ask('openMuster', databaseUrl)
    const bareAt = await bare.ask('openBare', databaseUrl)
    for (const address of [musterAt, bareAt]) await sender.ask('send', address, warmingUp, connections[0])
    const perSecond = async (address: string, atOnce: number) =>
      (messages * 1000) / (await sender.ask('send', address, messages, atOnce))
    const measure = async (atOnce: number) => {
      const pairs: Pair[] = []
      for (let round = 0; round < rounds; round++) {
        pairs.push({ muster: await perSecond(musterAt, atOnce), bare: await perSecond(bareAt, atOnce) })
      }
      return pairs
    }
    const [pairs, others] = [await measure(connections[0]), await measure(connections[1])]
    await demandAllStored(databaseUrl)
    const ratio = ratioOf(pairs)
    return {
      name: `intake: signed webhooks accepted per second, durable, ${connections[0]} connections`,
      goal: `${goal} x`,
      measured: Math.round(median(pairs.map(({ muster }) => muster))),
      reference: Math.round(median(pairs.map(({ bare }) => bare))),
      ratio: `${ratio.toFixed(2)} x`,
      ok: ratio >= goal,
      notes: [
        `rounds: ${pairs.map((pair) => ratioOf([pair]).toFixed(2)).join(', ')}`,
        `with ${connections[1]} connections: ${ratioOf(others).toFixed(2)} x`,
      ],
    }
  } finally {
    await Promise.all([muster.stop(), bare.stop(), sender.stop()])
  }
}

const ratioOf = (pairs: readonly Pair[]) => median(pairs.map(({ muster, bare }) => muster / bare))

/** What was answered with 202 and is not there would make the figure worthless. */
async function demandAllStored(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ table: string; stored: number }>(
      `select 'deliveries' as table, count(*)::int as stored from deliveries where status = 'accepted'
       union all select 'bare', count(*)::int from bare`,
    )
    for (const { table, stored } of rows) {
      if (stored !== warmingUp + messages * rounds * connections.length)
        throw new Error(`${table}: ${stored} rows were stored`)
    }
  } finally {
    await client.end()
  }
}
