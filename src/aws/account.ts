/** An AWS account, and the one way to call its IAM. */
import { IAMClient, type ServiceInputTypes, type ServiceOutputTypes } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { StandardRetryStrategy } from '@smithy/core/retry'
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Database } from '../store/open.ts'
import { AwsCallError } from './errors.ts'
import { createLimiter, type Limiter, type Priority, priorities } from './limiter.ts'
import type { Metering } from './metering.ts'
import { sharedPace } from './pace.ts'

export interface Account {
  readonly accountId: string
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string
  /** One attempt; the caller decides about another. Every call goes by the account's limiter. */
  call<Output extends ServiceOutputTypes>(
    command: IamCommand<Output>,
    options?: CallOptions,
  ): Promise<Called<Output>>
  /** For a lock's first calls: a client of its own, with the SDK's own `standard` retries. */
  callUrgently<Output extends ServiceOutputTypes>(command: IamCommand<Output>): Promise<Called<Output>>
  close(): void
}

/** What all commands of `@aws-sdk/client-iam` are. */
export interface IamCommand<Output extends ServiceOutputTypes = ServiceOutputTypes> {
  readonly input: ServiceInputTypes
  // The SDK's own signature; written out, it would tie every command to one client type.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  resolveMiddleware(stack: any, configuration: any, options: any): (args: any) => Promise<{ output: Output }>
}

export interface CallOptions {
  readonly priority?: Priority
  /** Asked when the call's turn has come; `false` cancels it (`Cancelled` is thrown). */
  readonly stillWanted?: () => Promise<boolean>
}

export interface Called<Output> {
  readonly output: Output
  readonly requestId: string | undefined
  readonly startedAt: Date
  readonly durationMs: number
  readonly attempts: number
}

/** The call was not made: what it was for is no longer wanted. */
export class Cancelled extends Error {}

export interface AccountOptions {
  readonly region: string
  readonly iamEndpointUrl: string | undefined
  readonly stsEndpointUrl: string | undefined
  /** Calls a second at most. */
  readonly rate: number
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
  readonly metering: Metering
  readonly log: Logger
}

/**
 * Asks STS whose credentials these are and opens that account.
 *
 * @throws AwsCallError when STS refuses or does not answer
 */
export async function openAccount(db: Database, options: AccountOptions): Promise<Account> {
  const { accountId, partition } = await whoAmI(options)
  // A lower rate left behind by recent throttling is kept: it recovers by itself.
  await db.execute(sql`
    insert into accounts (account_id, partition, rate, next_slot_at)
    values (${accountId}, ${partition}, ${options.rate}, clock_timestamp())
    on conflict (account_id) do update set partition = excluded.partition, rate = case
        when accounts.throttled_at > clock_timestamp() - interval '1 minute' then least(accounts.rate, excluded.rate)
        else excluded.rate end`)
  const limiter = createLimiter(sharedPace(db, accountId, options.rate), options.rate, (error) =>
    options.log.warn({ err: error }, 'the pace of AWS calls could not be agreed with the database'),
  )
  const regular = new IAMClient({ ...clientConfig(options, options.iamEndpointUrl), maxAttempts: 1 })
  const urgent = new IAMClient({
    ...clientConfig(options, options.iamEndpointUrl),
    retryStrategy: new QuotaAwareRetryStrategy(5),
  })
  const call = caller(limiter, options.metering)
  return {
    accountId,
    partition,
    call: (command, { priority = priorities.reconcile, stillWanted } = {}) =>
      call(regular, command, priority, stillWanted),
    async callUrgently(command) {
      const release = limiter.hold()
      try {
        return await call(urgent, command, priorities.lock, undefined)
      } finally {
        release()
      }
    },
    close() {
      regular.destroy()
      urgent.destroy()
    },
  }
}

/**
 * The SDK's `standard` mode, but for one thing: it takes `LimitExceededException` for throttling, while IAM
 * says that of a quota. A leaver who is in ten groups would wait seconds for the call that helps.
 */
class QuotaAwareRetryStrategy extends StandardRetryStrategy {
  override refreshRetryTokenForRetry(
    ...[token, info]: Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>
  ) {
    if ((info.error as Error | undefined)?.name === 'LimitExceededException')
      throw new Error('a quota does not pass')
    return super.refreshRetryTokenForRetry(token, info)
  }
}

function clientConfig({ region, credentials }: AccountOptions, endpointUrl: string | undefined) {
  return {
    region,
    ...(endpointUrl ? { endpoint: endpointUrl } : {}),
    ...(credentials ? { credentials } : {}),
    requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  }
}

async function whoAmI(options: AccountOptions): Promise<{ accountId: string; partition: string }> {
  const sts = new STSClient({ ...clientConfig(options, options.stsEndpointUrl), maxAttempts: 3 })
  try {
    const { Account: accountId, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}))
    return { accountId: accountId ?? '', partition: arn?.split(':')[1] ?? 'aws' }
  } catch (error) {
    throw new AwsCallError('GetCallerIdentity', error)
  } finally {
    sts.destroy()
  }
}

function caller(limiter: Limiter, metering: Metering) {
  return async function call<Output extends ServiceOutputTypes>(
    client: IAMClient,
    command: IamCommand<Output>,
    priority: Priority,
    stillWanted: (() => Promise<boolean>) | undefined,
  ): Promise<Called<Output>> {
    const action = command.constructor.name.replace(/Command$/, '')
    await limiter.turn(priority)
    if (stillWanted && !(await stillWanted())) throw new Cancelled(`${action} is no longer wanted`)
    const startedAt = new Date()
    const started = performance.now()
    try {
      const output = (await client.send(command as never)) as Output
      const durationMs = performance.now() - started
      metering.call(action, 'ok', durationMs)
      const { requestId, attempts = 1 } = output.$metadata
      return { output, requestId, startedAt, durationMs, attempts }
    } catch (cause) {
      const error = new AwsCallError(action, cause)
      metering.call(action, error.code, performance.now() - started)
      if (error.class === 'throttled') limiter.throttled()
      throw error
    }
  }
}
