/** An AWS account, and the one way to call its IAM, its CloudTrail, and the bucket that its trail delivers to. */
import { CloudTrailClient, type ServiceOutputTypes as TrailOutput } from '@aws-sdk/client-cloudtrail'
import { IAMClient, type ServiceInputTypes, type ServiceOutputTypes } from '@aws-sdk/client-iam'
import { S3Client, type ServiceOutputTypes as S3Output } from '@aws-sdk/client-s3'
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
  /** `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`. */
  readonly partition: string
  /** The Region whose CloudTrail has the events of IAM: `us-east-1` in `aws`. */
  readonly iamRegion: string
  /** Whose credentials these are: the unique id that CloudTrail shows as `principalId`, a role's without its session. */
  readonly principalId: string
  /** One attempt; the caller decides about another. Every call goes by the account's limiter. */
  call<Output extends ServiceOutputTypes>(
    command: IamCommand<Output>,
    options?: CallOptions,
  ): Promise<Called<Output>>
  /** For a lock's first calls: a client of its own, with the SDK's own `standard` retries. */
  callUrgently<Output extends ServiceOutputTypes>(command: IamCommand<Output>): Promise<Called<Output>>
  /** CloudTrail in a Region, with a few retries. It is not paced: its quotas are its own. */
  callTrail<Output extends TrailOutput>(region: string, command: AwsCommand<Output>): Promise<Called<Output>>
  /** S3 in a Region (where the bucket is elsewhere, the SDK follows), with a few retries. */
  callS3<Output extends S3Output>(region: string, command: AwsCommand<Output>): Promise<Called<Output>>
  close(): void
}

/** What all commands of an AWS client are. */
export interface AwsCommand<Output> {
  readonly input: object
  // The SDK's own signature; written out, it would tie every command to one client type.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  resolveMiddleware(stack: any, configuration: any, options: any): (args: any) => Promise<{ output: Output }>
}

/** What all commands of `@aws-sdk/client-iam` are. */
export interface IamCommand<Output extends ServiceOutputTypes = ServiceOutputTypes>
  extends AwsCommand<Output> {
  readonly input: ServiceInputTypes
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

/** Other addresses than AWS's own, by service. */
export type AwsEndpoints = Readonly<Record<'iam' | 'sts' | 'cloudtrail' | 's3', string | undefined>>

/** One address that speaks for all of them, as the sandbox does. */
export const endpointsAt = (url: string): AwsEndpoints => ({ iam: url, sts: url, cloudtrail: url, s3: url })

export interface AccountOptions {
  readonly region: string
  readonly endpoints: AwsEndpoints
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
  const { accountId, partition, principalId } = await whoAmI(options)
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
  const regular = new IAMClient({ ...clientConfig(options, options.endpoints.iam), maxAttempts: 1 })
  const urgent = new IAMClient({
    ...clientConfig(options, options.endpoints.iam),
    retryStrategy: new QuotaAwareRetryStrategy(5),
  })
  const call = caller(limiter, options.metering)
  const trails = byRegion(
    (region) => new CloudTrailClient(regionalConfig(options, region, options.endpoints.cloudtrail)),
  )
  const buckets = byRegion(
    (region) =>
      new S3Client({
        ...regionalConfig(options, region, options.endpoints.s3),
        followRegionRedirects: true,
        forcePathStyle: options.endpoints.s3 !== undefined,
      }),
  )
  return {
    accountId,
    partition,
    iamRegion: iamRegions[partition] ?? 'us-east-1',
    principalId,
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
    callTrail: (region, command) => send(trails.in(region), command, options.metering),
    callS3: (region, command) => send(buckets.in(region), command, options.metering),
    close() {
      regular.destroy()
      urgent.destroy()
      trails.close()
      buckets.close()
    },
  }
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html (global service events) */
const iamRegions: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-eusc': 'eusc-de-east-1',
}

function regionalConfig(options: AccountOptions, region: string, endpointUrl: string | undefined) {
  return { ...clientConfig(options, endpointUrl), region, maxAttempts: 3 }
}

/** Clients are made when they are first needed: most accounts have one trail, in one Region. */
function byRegion<Client extends { destroy(): void }>(make: (region: string) => Client) {
  const clients = new Map<string, Client>()
  return {
    in(region: string): Client {
      const client = clients.get(region) ?? make(region)
      clients.set(region, client)
      return client
    },
    close() {
      for (const client of clients.values()) client.destroy()
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

async function whoAmI(options: AccountOptions) {
  const sts = new STSClient({ ...clientConfig(options, options.endpoints.sts), maxAttempts: 3 })
  try {
    const { Account: accountId = '', Arn, UserId } = await sts.send(new GetCallerIdentityCommand({}))
    // A role's is `AROA...:session`: replicas share the role, not the session.
    return { accountId, partition: Arn?.split(':')[1] ?? 'aws', principalId: UserId?.split(':')[0] ?? '' }
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
    await limiter.turn(priority)
    if (stillWanted && !(await stillWanted())) throw new Cancelled(`${actionOf(command)} is no longer wanted`)
    return await send(client, command, metering).catch((error) => {
      if (error.class === 'throttled') limiter.throttled()
      throw error
    })
  }
}

/** @throws AwsCallError */
async function send<Output extends { readonly $metadata: { requestId?: string; attempts?: number } }>(
  client: { send(command: never): Promise<unknown> },
  command: AwsCommand<Output>,
  metering: Metering,
): Promise<Called<Output>> {
  const action = actionOf(command)
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
    throw error
  }
}

const actionOf = (command: AwsCommand<unknown>) => command.constructor.name.replace(/Command$/, '')
