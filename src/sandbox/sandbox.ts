/**
 * The AWS stand-in: IAM, STS and CloudTrail over real HTTP, in this process.
 *
 * It keeps AWS's rules about names, quotas, conflicts, pages and MFA codes. It does not verify signatures (it
 * reads the access key's id, and takes a request without one as the administrator's), and it does not evaluate
 * policies: whoever calls may do everything, except with a user's key that is inactive or deleted.
 */
import { randomInt } from 'node:crypto'
import { type CallLog, createCallLog } from './call-log.ts'
import { createDefaultTrail } from './cloudtrail.ts'
import { createExchange } from './exchange.ts'
import { createFaults, type FaultPlan, type Faults, noPlan } from './faults.ts'
import { type Account, createAccount, defaultQuotas, type Quotas } from './iam/account-state.ts'
import { keepWell } from './iam/well-kept.ts'
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
}

export interface Sandbox {
  readonly url: string
  readonly accountId: string
  /** Of the account's administrator, for any SDK. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** What AWS knows, to be looked at. */
  readonly state: Account
  readonly calls: CallLog
  readonly faults: Faults
  close(): Promise<void>
}

/** @throws Error when the port is taken, or the state file is not a sandbox's */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, now = () => new Date(), seed = randomInt(2 ** 31) } = options
  const saved = options.stateFile === undefined ? undefined : readStateFile(options.stateFile)
  const account = saved ? withQuotas(saved, options.quotas) : newAccount(options, now(), seed)
  const calls = createCallLog(options.callLogSize ?? 20_000)
  const faults = createFaults(planOf(options), seed)
  const file = options.stateFile === undefined ? undefined : openStateFile(options.stateFile, account)
  if (!saved) file?.changed()
  const exchange = createExchange({ account, faults, calls, now, changed: () => file?.changed() })
  const server = await listen(exchange, host, port)
  return {
    url: server.url,
    accountId: account.accountId,
    credentials: { accessKeyId: 'AKIASANDBOXADMIN0000', secretAccessKey: 'sandbox-administrator' },
    state: account,
    calls,
    faults,
    async close() {
      await server.close()
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

const withQuotas = (account: Account, quotas: Partial<Quotas> | undefined): Account =>
  quotas ? { ...account, quotas: { ...defaultQuotas, ...account.quotas, ...quotas } } : account

function planOf({ faults, latencyMs, rateLimit }: SandboxOptions): FaultPlan {
  if (!faults && latencyMs === undefined && rateLimit === undefined) return noPlan
  return {
    ...faults,
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  }
}
