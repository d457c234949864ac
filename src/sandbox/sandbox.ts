/**
 * The AWS stand-in: IAM, STS, CloudTrail and S3 over real HTTP, in this process.
 *
 * It keeps AWS's rules about names, quotas, conflicts, pages and MFA codes. It does not verify signatures (it
 * reads the access key's id, and takes a request without one as the administrator's), and it does not evaluate
 * policies: whoever calls may do everything, except with a user's key that is inactive or deleted.
 */
import { randomInt } from 'node:crypto'
import { type CallLog, createCallLog } from './call-log.ts'
import { createEventBus, type EventTarget } from './cloudtrail/event-bus.ts'
import { createRecorder } from './cloudtrail/recorder.ts'
import { beginDelivery, createDefaultTrail } from './cloudtrail/trails.ts'
import { createExchange } from './exchange.ts'
import { createFaults, type FaultPlan, type Faults, noPlan } from './faults.ts'
import type { Account } from './iam/account-data.ts'
import { createAccount } from './iam/account-state.ts'
import { defaultQuotas, type Quotas } from './iam/quotas.ts'
import { keepWell } from './iam/well-kept.ts'
import {
  administratorCredentials,
  type Credentials,
  musterCredentials,
  openSession,
  rootCredentials,
} from './identities.ts'
import { type Buckets, createBuckets } from './s3/buckets.ts'
import { openJournal } from './s3/journal.ts'
import { listen } from './server.ts'
import { openStateFile, readStateFile } from './state-file.ts'

export interface SandboxOptions {
  readonly host?: string
  /** 0, the default: any free one. */
  readonly port?: number
  /** Of a new account; a state file has its own. */
  readonly accountId?: string
  /** Where the account survives a restart. */
  readonly stateFile?: string
  /** The clock of everything that AWS dates: a test's own, or the system's. */
  readonly now?: () => Date
  /** Same seed, same calls: same ids, same faults. */
  readonly seed?: number
  readonly faults?: FaultPlan
  readonly latencyMs?: FaultPlan['latencyMs']
  readonly rateLimit?: FaultPlan['rateLimit']
  readonly quotas?: Partial<Quotas>
  /** A multi-Region trail that logs; true by default. */
  readonly trail?: boolean
  /** With the role and the identity provider that a well-kept account has; true by default. */
  readonly wellKept?: boolean
  readonly nameReuseWindowMs?: number
  /** How many calls the log remembers at least; 20,000 by default. */
  readonly callLogSize?: number
  /** How often a trail delivers, by the sandbox's clock; five minutes by default, 0: whenever somebody looks. */
  readonly deliverEveryMs?: number
  /** How long an event takes to appear in the Event history, and to be sent; 0 by default. */
  readonly eventLagMs?: number
  readonly lookupRateLimit?: FaultPlan['lookupRateLimit']
  /** Where events go that EventBridge would send. */
  readonly events?: EventTarget
}

export interface Sandbox {
  readonly url: string
  readonly accountId: string
  /** Muster's own, for any SDK: a role's session. */
  readonly credentials: Credentials
  /** Of whoever administers the account by hand; a key that the sandbox does not know is theirs, too. */
  readonly administrator: Credentials
  readonly root: Credentials
  /**
   * A session of a user, which adds no key to the user.
   *
   * @throws Error when there is no such user
   */
  credentialsOf(userName: string): Credentials
  /** What AWS knows, to be looked at. */
  readonly state: Account
  readonly calls: CallLog
  readonly faults: Faults
  readonly buckets: Buckets
  /** From now on events go there; `undefined`: nowhere. */
  sendEventsTo(target: EventTarget | undefined): void
  close(): Promise<void>
}

/** @throws Error when the port is taken, or the state file is not a sandbox's */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, now = () => new Date(), seed = randomInt(2 ** 31) } = options
  const saved = options.stateFile === undefined ? undefined : readStateFile(options.stateFile)
  const account = saved ? withQuotas(saved, options.quotas) : newAccount(options, now(), seed)
  const calls = createCallLog(options.callLogSize ?? 20_000)
  const faults = createFaults(planOf(options), seed)
  const { deliverEveryMs = 300_000, eventLagMs = 0, callLogSize: historySize = 20_000 } = options
  const file = options.stateFile === undefined ? undefined : openStateFile(options.stateFile, account)
  const changed = () => file?.changed()
  if (!saved) changed()
  const buckets = openBuckets(account, options, now(), changed)
  const bus = createEventBus(account, eventLagMs, options.events)
  const recorder = createRecorder({ account, buckets, bus, deliverEveryMs, historySize })
  const parts = { account, buckets, recorder, eventLagMs, faults, calls, now, changed }
  const exchange = createExchange(parts)
  const server = await listen(exchange, host, port)
  return {
    url: server.url,
    accountId: account.accountId,
    credentials: musterCredentials,
    administrator: administratorCredentials,
    root: rootCredentials,
    credentialsOf: (userName) => openSession(account, userName, { now: now(), withMfa: true }),
    state: account,
    calls,
    faults,
    buckets,
    sendEventsTo: bus.sendTo,
    async close() {
      bus.close()
      await server.close()
      // What is under way would be lost with the memory.
      if (file) recorder.close(now())
      await file?.close()
    },
  }
}

function newAccount(options: SandboxOptions, now: Date, seed: number): Account {
  const { accountId = '123456789012', quotas, nameReuseWindowMs, trail = true, wellKept = true } = options
  const account = createAccount(accountId, {
    now,
    seed,
    ...(quotas === undefined ? {} : { quotas }),
    ...(nameReuseWindowMs === undefined ? {} : { nameReuseWindowMs }),
  })
  if (trail) createDefaultTrail(account, now)
  if (wellKept) keepWell(account, now)
  return account
}

/** Buckets survive a restart beside the account's state, in a file of their own. */
function openBuckets(account: Account, options: SandboxOptions, now: Date, changed: () => void): Buckets {
  const { stateFile } = options
  const journal = stateFile === undefined ? undefined : openJournal(journalBeside(stateFile))
  const buckets = createBuckets(journal?.past, (change) => {
    journal?.append(change)
    // A trail remembers what it has delivered.
    changed()
  })
  if (!journal || journal.isNew) beginDelivery(account, buckets, now)
  return buckets
}

const journalBeside = (stateFile: string) => stateFile.replace(/(\.json)?$/, '-buckets.jsonl')

const withQuotas = (account: Account, quotas: Partial<Quotas> | undefined): Account =>
  quotas ? { ...account, quotas: { ...defaultQuotas, ...account.quotas, ...quotas } } : account

function planOf({ faults, latencyMs, rateLimit, lookupRateLimit }: SandboxOptions): FaultPlan {
  const isUntroubled = [faults, latencyMs, rateLimit, lookupRateLimit].every((each) => each === undefined)
  if (isUntroubled) return noPlan
  return {
    ...faults,
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(lookupRateLimit === undefined ? {} : { lookupRateLimit }),
  }
}
