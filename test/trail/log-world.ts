/** A trail's log files, looked at by Muster on a clock that the test moves. */
import { sql } from 'drizzle-orm'
import { Registry } from 'prom-client'
import { type Account, type AwsEndpoints, openAccount } from '../../src/aws/account.ts'
import { type Fact, known } from '../../src/aws/fact.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import type { Notice } from '../../src/notify/announce.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { readCanary } from '../../src/trail/canary-facts.ts'
import { lookOnce } from '../../src/trail/canary-loop.ts'
import type { CanaryFacts, TrailFacts } from '../../src/trail/facts.ts'
import type { LookLimits } from '../../src/trail/log-reader.ts'
import { emptyStore, silentLog } from '../harness/databases.ts'
import { trail } from './trails.ts'

export interface LogWorld {
  readonly account: Account
  readonly store: Store
  /** What was announced, in order. */
  readonly told: readonly Notice[]
  now(): Date
  move(minutes: number): void
  /** One look of the loop, two minutes after the last one; its facts. */
  look(): Promise<CanaryFacts>
  /** As another replica, that has read nothing yet. */
  forget(): void
  close(): Promise<void>
}

export interface LogWorldOptions {
  readonly store: Store
  readonly endpoints: AwsEndpoints
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly trails: () => Promise<Fact<readonly TrailFacts[]>>
  /** None, unless told. */
  readonly trailsElsewhere?: (others: readonly string[]) => Promise<Fact<readonly TrailFacts[]>>
  readonly clock: MovedClock
  readonly limits?: LookLimits
}

export interface MovedClock {
  now(): Date
  move(minutes: number): void
}

export function movedClock(start = new Date()): MovedClock {
  let at = start.getTime()
  return {
    now: () => new Date(at),
    move(minutes) {
      at += minutes * 60_000
    },
  }
}

export async function openLogWorld(options: LogWorldOptions): Promise<LogWorld> {
  const { store, endpoints, credentials, trails, clock, limits } = options
  await emptyStore(store)
  const account = await openAccount(store.db, {
    region: 'us-east-1',
    endpoints,
    rate: 1000,
    credentials,
    metering: meterCalls(new Registry()),
    log: silentLog,
  })
  const told: Notice[] = []
  const context = {
    store,
    account,
    trails,
    trailsElsewhere: options.trailsElsewhere ?? (async () => known([])),
    announce: async (_tx: unknown, notices: readonly Notice[]) => void told.push(...notices),
    clock: clock.now,
    log: silentLog,
    ...(limits ? { limits } : {}),
  }
  let seen = new Set<string>()
  return {
    account,
    store,
    told,
    now: clock.now,
    move: clock.move,
    async look() {
      clock.move(2)
      await lookOnce(context, seen)
      return await readCanary(store.db, account.accountId, clock.now())
    },
    forget() {
      seen = new Set()
    },
    async close() {
      account.close()
    },
  }
}

const silentStatus = known({
  isLogging: true,
  startedAt: null,
  stoppedAt: null,
  latestDeliveryAt: null,
  latestDeliveryError: null,
  latestDigestAt: null,
  latestDigestError: null,
  latestCloudWatchLogsDeliveryAt: null,
})

/** A trail that is as it should be, of which CloudTrail says no more than that it logs. */
export const goodTrail = (change: Partial<TrailFacts> = {}): TrailFacts =>
  trail({ kmsKeyId: null, logFileValidation: false, status: silentStatus, ...change })

export const sightingsIn = (store: Store) =>
  rowsOf<{ request_id: string; event_name: string; key: string }>(
    store.db,
    sql`select request_id, event_name, key from trail_sightings order by event_at, request_id`,
  )

export const auditIn = (store: Store) =>
  rowsOf<{ action: string }>(store.db, sql`select action from audit_events order by id`)
