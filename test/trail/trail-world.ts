/** A sandbox whose trail delivers, and Muster looking at what it delivers, on one clock. */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail'
import { type Account, endpointsAt } from '../../src/aws/account.ts'
import { known } from '../../src/aws/fact.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import type { Store } from '../../src/store/open.ts'
import type { TrailFacts } from '../../src/trail/facts.ts'
import type { LookLimits } from '../../src/trail/log-reader.ts'
import { readTrailsElsewhere } from '../../src/trail/read-trails.ts'
import { openEmbedded } from '../harness/prepared.ts'
import { goodTrail, type LogWorld, movedClock, openLogWorld } from './log-world.ts'

type SandboxTrail = Sandbox['state']['trails'] extends Map<string, infer Trail> ? Trail : never

export interface TrailWorld {
  readonly world: LogWorld
  readonly sandbox: Sandbox
  /** To be stopped, blinded and spoiled. */
  readonly trail: SandboxTrail
  readonly bucket: string
  close(): Promise<void>
}

export interface TrailWorldOptions {
  readonly limits?: LookLimits
  /** What CloudTrail says of the trail, in the place of what the sandbox says. */
  readonly told?: (trail: TrailFacts, now: Date) => TrailFacts
}

export async function openTrailWorld(
  store: Store,
  { limits, told = (trail) => trail }: TrailWorldOptions = {},
): Promise<TrailWorld> {
  const clock = movedClock()
  const sandbox = await openSandbox({ now: clock.now })
  let account: Account | undefined
  const world = await openLogWorld({
    store,
    endpoints: endpointsAt(sandbox.url),
    credentials: sandbox.credentials,
    trails: async () => {
      const trail = account && (await verifiedTrailOf(account))
      return known(trail ? [told(trail, clock.now())] : [])
    },
    trailsElsewhere: async (others) => (account ? await readTrailsElsewhere(account, others) : known([])),
    clock,
    ...(limits ? { limits } : {}),
  })
  account = world.account
  const trail = [...sandbox.state.trails.values()][0]
  assert.ok(trail)
  return {
    world,
    sandbox,
    trail,
    bucket: trail.s3BucketName,
    async close() {
      await world.close()
      await sandbox.close()
    },
  }
}

/** For a suite: worlds on one database, each of which begins with nothing; all are closed when the suite ends. */
export function trailWorlds(): (options?: TrailWorldOptions) => Promise<TrailWorld> {
  const opened: { close(): Promise<void> }[] = []
  let store: Store
  before(async () => {
    store = await openEmbedded()
    opened.push(store)
  })
  after(async () => {
    for (const each of opened.reverse()) await each.close()
  })
  return async (options) => {
    const all = await openTrailWorld(store, options)
    opened.push(all)
    return all
  }
}

/** Looks every few minutes for that long; the last facts. */
export async function lookFor({ world }: TrailWorld, minutes: number, everyMinutes = 10) {
  let facts = await world.look()
  for (let passed = everyMinutes; passed <= minutes; passed += everyMinutes) {
    world.move(everyMinutes - 2)
    facts = await world.look()
  }
  return facts
}

export const keysOf = ({ sandbox, bucket }: TrailWorld, kind: string) =>
  sandbox.buckets.keysOf(bucket).filter((key) => key.includes(`/${kind}/us-east-1/`))

/** Returns what puts the object back as it was. */
export function rewrite(
  { sandbox, bucket, world }: TrailWorld,
  key: string,
  change: (content: string) => string,
): () => void {
  const object = sandbox.buckets.get(bucket)?.objects.get(key)
  assert.ok(object)
  const body = gzipSync(change(gunzipSync(object.body).toString()))
  sandbox.buckets.put(bucket, { ...object, body, at: world.now() })
  return () => void sandbox.buckets.put(bucket, { ...object, at: object.lastModified })
}

/** As the gate sees it: a trail counts while it logs. */
export async function verifiedTrailOf(account: Account): Promise<TrailFacts | undefined> {
  const { output } = await account.callTrail('us-east-1', new DescribeTrailsCommand({}))
  const [trail] = output.trailList ?? []
  if (!trail?.TrailARN) return undefined
  const { output: status } = await account.callTrail(
    trail.HomeRegion ?? '',
    new GetTrailStatusCommand({ Name: trail.TrailARN }),
  )
  if (!status.IsLogging) return undefined
  return goodTrail({
    arn: trail.TrailARN,
    name: trail.Name ?? '',
    homeRegion: trail.HomeRegion ?? '',
    bucket: trail.S3BucketName ?? '',
    keyPrefix: trail.S3KeyPrefix ?? null,
    kmsKeyId: trail.KmsKeyId ?? null,
    isOrganization: trail.IsOrganizationTrail === true,
    logFileValidation: trail.LogFileValidationEnabled === true,
    status: known({
      isLogging: true,
      startedAt: status.StartLoggingTime ?? null,
      stoppedAt: null,
      latestDeliveryAt: status.LatestDeliveryTime ?? null,
      latestDeliveryError: null,
      latestDigestAt: status.LatestDigestDeliveryTime ?? null,
      latestDigestError: null,
      latestCloudWatchLogsDeliveryAt: null,
    }),
  })
}
