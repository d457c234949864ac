/** How fast joiners are provisioned when nothing limits the calls, against the SDK making the same calls. */
import type { BareSdkProcess } from './processes/bare-sdk.ts'
import { startChild } from './processes/children.ts'
import type { Call } from './processes/sandbox.ts'
import { median, type Row } from './row.ts'
import { unlimited, type World, withWorld } from './world.ts'

const goal = 0.5
const joiners = 1500
const rounds = 5
/** Joiners in flight: two batches of 32 are what Muster's workers take at once, and the reference gets as many. */
const concurrency = 64

export function benchProvisioning(databaseUrl: string): Promise<Row> {
  return withWorld(databaseUrl, unlimited, async (world) => {
    const bare = startChild<BareSdkProcess>('./bare-sdk.ts')
    try {
      await bare.ask('open', world.place.url, world.place.credentials)
      const template = await oneJoiner(world)
      const pairs: { muster: number; bare: number }[] = []
      await world.muster.ask('statements')
      for (let round = 1; round <= rounds; round++) {
        const bareMs = await bare.ask('join', template, joiners, concurrency, `bare${round}`)
        await world.sandbox.ask('forget')
        pairs.push({ muster: await provision(world, round), bare: bareMs })
        await world.sandbox.ask('forget')
      }
      const statements = await world.muster.ask('statements')
      const perJoiner = (count: number) => (count / (joiners * rounds)).toFixed(2)
      const calls = joiners * template.length
      const perSecond = (ms: number) => Math.round((calls / ms) * 1000)
      const ratio = median(pairs.map(({ muster, bare }) => bare / muster))
      const most = [...statements].toSorted(([, a], [, b]) => b - a).slice(0, 12)
      return {
        name: `provisioning, unlimited: calls/s, ${template.length} calls a joiner`,
        goal: `${goal} x`,
        measured: perSecond(median(pairs.map(({ muster }) => muster))),
        reference: perSecond(median(pairs.map(({ bare }) => bare))),
        ratio: `${ratio.toFixed(2)} x`,
        ok: ratio >= goal,
        notes: [
          `database statements per joiner: ${perJoiner([...statements.values()].reduce((a, b) => a + b, 0))}`,
          `rounds: ${pairs.map(({ muster, bare }) => (bare / muster).toFixed(2)).join(', ')}`,
          ...(process.env.BENCH_STATEMENTS === '1'
            ? most.map(([words, count]) => `${perJoiner(count)}  ${words}`)
            : []),
        ],
      }
    } finally {
      await bare.stop()
    }
  })
}

/** Milliseconds from the commit that requests all of them until the last one is reconciled. */
async function provision(world: World, round: number): Promise<number> {
  const employeeIds = Array.from({ length: joiners }, (_, i) => `muster${round}.${i}`)
  const requestedAt = await world.muster.ask('hire', employeeIds, 'backend-engineer')
  return (await world.allReconciled()) - requestedAt
}

/** The calls that Muster makes for one joiner, for the reference to repeat. */
async function oneJoiner(world: World): Promise<Call[]> {
  await world.sandbox.ask('forget')
  await world.muster.ask('hire', ['first'], 'backend-engineer')
  await world.allReconciled()
  const calls = await world.sandbox.ask('calls')
  return calls.filter(({ params }) => params.UserName === 'first')
}
