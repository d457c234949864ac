/**
 * The queues, in the same database and the same transaction as the change that causes a job.
 *
 * This room hands out functions that take the transaction, never pg-boss itself: a call that
 * forgets it, inside a PGlite transaction, would stop the whole database for good.
 */
import { type SQL, sql } from 'drizzle-orm'
import { fromDrizzle, fromPglite, type Job, type JobWithMetadata, PgBoss, type Queue } from 'pg-boss'
import type { Logger } from 'pino'
import type { Store, Transaction } from '../store/open.ts'

/** What a job says: which identity, nothing else. What to do is read from the database. */
export interface IdentityJob {
  readonly identityId: string
}

/** What a job of the queue `notify` says: which message, nothing else. */
export interface NotificationJob {
  readonly notificationId: string
}

export type QueueName = 'reconcile' | 'lock'

/** One try to deliver a message. */
export interface NotificationTry {
  /** Of the job. */
  readonly id: string
  readonly notificationId: string
  /** When it fails, the job is dead. */
  readonly isLast: boolean
}

export interface JobOutcome {
  readonly id: string
  /** Set when the job has to be tried again. */
  readonly error?: string
}

export interface FailedJob {
  readonly id: string
  readonly queue: string
  readonly identityId: string | null
  readonly notificationId: string | null
  readonly failedAt: Date
  readonly error: string | null
}

export interface Jobs {
  /** Queues a look at each identity. The caller makes sure that none is queued already. */
  queueReconciles(tx: Transaction, identityIds: readonly string[], urgent: boolean): Promise<void>
  /** Queues the first call of a lock. Overtakes everything. */
  queueLocks(tx: Transaction, identityIds: readonly string[]): Promise<void>
  /** Queues the delivery of messages; urgent ones go before others. */
  queueNotifications(tx: Transaction, notifications: readonly QueuedNotification[]): Promise<void>
  /** Works a queue with `workers` loops of up to `batchSize` jobs at a time. */
  work(queue: QueueName, options: WorkOptions, handler: JobHandler): Promise<void>
  /** The same for the queue `notify`. */
  workNotifications(options: WorkOptions, handler: NotificationHandler): Promise<void>
  /** Jobs that failed to the end of their tries, oldest first. */
  deadLetters(limit: number): Promise<FailedJob[]>
  /** Puts a dead job back into its queue. False when there is none of this id. */
  replay(id: string): Promise<boolean>
  /** Ready and active jobs, by queue. */
  depths(): Promise<Readonly<Record<string, number>>>
  /** Takes no more jobs from now on, and lets the running ones end for `graceMs`. Jobs can still be queued. */
  finish(graceMs: number): Promise<void>
  /** The same, and closes the queues. */
  stop(graceMs: number): Promise<void>
}

export interface WorkOptions {
  readonly workers: number
  readonly batchSize: number
}

/** SQL that tells of an identity whether a look at it waits in the queue; for statements about many. */
export function hasQueuedReconcile(identityId: SQL): SQL {
  return sql`exists (
    select 1 from jobs.job where name = 'reconcile' and singleton_key = ${identityId}::text and state < 'active')`
}

export type JobHandler = (
  jobs: readonly { readonly id: string; readonly identityId: string }[],
) => Promise<readonly JobOutcome[]>

export interface QueuedNotification {
  readonly id: string
  readonly urgent: boolean
}

export type NotificationHandler = (tries: readonly NotificationTry[]) => Promise<readonly JobOutcome[]>

/** drizzle types a raw result as unknown; both drivers return what pg-boss' adapter asks for. */
type DrizzleTransaction = Parameters<typeof fromDrizzle>[0]

const deadLetterQueue = 'dead-letter'

/** Measured: nothing else of pg-boss' policies loses no event and blocks no key (docs/adr/0002-jobs.md). */
const queues: readonly (Queue & Required<Pick<Queue, 'policy'>>)[] = [
  { name: deadLetterQueue, policy: 'standard', retentionSeconds: 365 * 86_400 },
  {
    name: 'reconcile',
    policy: 'singleton',
    deadLetter: deadLetterQueue,
    retryLimit: 20,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 300,
    heartbeatSeconds: 10,
    expireInSeconds: 3600,
    retentionSeconds: 90 * 86_400,
    deleteAfterSeconds: 3600,
    notify: true,
  },
  {
    name: 'lock',
    policy: 'standard',
    deadLetter: deadLetterQueue,
    retryLimit: 100,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 30,
    heartbeatSeconds: 10,
    expireInSeconds: 600,
    retentionSeconds: 90 * 86_400,
    deleteAfterSeconds: 3600,
    notify: true,
  },
  {
    name: 'notify',
    policy: 'standard',
    deadLetter: deadLetterQueue,
    // Two hours apart at the end, a day in all.
    retryLimit: 22,
    retryDelay: 5,
    retryBackoff: true,
    retryDelayMax: 7200,
    heartbeatSeconds: 10,
    expireInSeconds: 120,
    retentionSeconds: 30 * 86_400,
    deleteAfterSeconds: 3600,
    notify: true,
  },
]

/** Reconciles of leavers go before those of joiners; links go before what is only told. */
const urgentPriority = 10

/** Starts pg-boss and makes the queues. Call it under the store's start lock. */
export async function openJobs(store: Store, log: Logger): Promise<Jobs> {
  const boss = new PgBoss({
    ...(store.pglite
      ? { db: fromPglite(store.pglite), backend: 'pglite' }
      : {
          connectionString: store.url ?? '',
          max: 6,
          application_name: 'muster-jobs',
          // Both go on to `pg`: on a server that fell silent, workers would wait for ever.
          connectionTimeoutMillis: 3000,
          query_timeout: 20_000,
        }),
    schema: 'jobs',
    useListenNotify: true,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    schedule: false,
    registerInstance: false,
    openTelemetry: { enabled: false },
  })
  boss.on('error', (error) => log.warn({ err: error }, 'the job queue reported an error'))
  await boss.start()
  for (const { name, policy, ...options } of queues) {
    // A database of an older version gets the options of this one; a queue's policy is for good.
    if (await boss.getQueue(name)) await boss.updateQueue(name, options)
    else await boss.createQueue(name, { policy, ...options })
  }

  async function insert(tx: Transaction, queue: QueueName, identityIds: readonly string[], priority: number) {
    if (identityIds.length === 0) return
    const jobs = identityIds.map((identityId) => ({
      data: { identityId },
      singletonKey: identityId,
      priority,
    }))
    await boss.insert(queue, jobs, { db: fromDrizzle(tx as unknown as DrizzleTransaction, sql) })
  }

  return {
    queueReconciles: (tx, identityIds, urgent) =>
      insert(tx, 'reconcile', identityIds, urgent ? urgentPriority : 0),
    queueLocks: (tx, identityIds) => insert(tx, 'lock', identityIds, 0),
    async queueNotifications(tx, notifications) {
      if (notifications.length === 0) return
      const jobs = notifications.map(({ id, urgent }) => ({
        data: { notificationId: id },
        priority: urgent ? urgentPriority : 0,
      }))
      await boss.insert('notify', jobs, { db: fromDrizzle(tx as unknown as DrizzleTransaction, sql) })
    },
    async work(queue, { workers, batchSize }, handler) {
      // Several `work` calls, not one with concurrency: a notification wakes one worker per call.
      for (let i = 0; i < workers; i++) {
        await boss.work(queue, workOptions(batchSize), async (jobs: Job<IdentityJob>[]) =>
          resultsOf(await handler(jobs.map(({ id, data }) => ({ id, identityId: data.identityId })))),
        )
      }
    },
    async workNotifications({ workers, batchSize }, handler) {
      // How many tries a job may have is in its metadata.
      const options = { ...workOptions(batchSize), includeMetadata: true as const }
      for (let i = 0; i < workers; i++) {
        await boss.work('notify', options, async (jobs: JobWithMetadata<NotificationJob>[]) =>
          resultsOf(
            await handler(
              jobs.map(({ id, data, retryCount, retryLimit }) => ({
                id,
                notificationId: data.notificationId,
                isLast: retryCount >= retryLimit,
              })),
            ),
          ),
        )
      }
    },
    async deadLetters(limit) {
      const jobs = await boss.findJobs<Partial<IdentityJob & NotificationJob>>(deadLetterQueue, {
        queued: true,
        limit,
      })
      return jobs.map((job) => ({
        id: job.id,
        queue: job.sourceName ?? 'reconcile',
        identityId: job.data.identityId ?? null,
        notificationId: job.data.notificationId ?? null,
        failedAt: job.createdOn,
        error: messageOf(job.sourceOutput),
      }))
    },
    async replay(id) {
      return (await boss.redrive(deadLetterQueue, { ids: [id] })) > 0
    },
    async depths() {
      const depths: Record<string, number> = {}
      for (const queue of await boss.getQueues()) depths[queue.name] = queue.readyCount + queue.activeCount
      return depths
    },
    async finish(graceMs) {
      await boss.stop({ graceful: true, timeout: graceMs, close: false })
    },
    async stop(graceMs) {
      await boss.stop({ graceful: true, timeout: graceMs })
    },
  }
}

const workOptions = (batchSize: number) => ({
  batchSize,
  burstWhenBatchFull: true as const,
  perJobResults: true as const,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 2,
})

const resultsOf = (outcomes: readonly JobOutcome[]) =>
  outcomes.map(({ id, error }) =>
    error === undefined
      ? { id, status: 'completed' as const }
      : { id, status: 'failed' as const, output: { message: error } },
  )

function messageOf(output: unknown): string | null {
  const message = (output as { message?: unknown } | null)?.message
  return typeof message === 'string' ? message : null
}
