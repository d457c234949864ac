/**
 * Log files, as a trail delivers them to its bucket.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
 *
 * Delivery is a function of the sandbox's clock: nothing waits for a timer. What is due by now is written when
 * somebody looks (`catchUp`), and looks as if it had been written when it was due.
 */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Account } from '../iam/account-data.ts'
import type { PastCall } from '../operation.ts'
import type { Buckets } from '../s3/buckets.ts'
import { recordOf } from './events.ts'
import type { DeliveredLogFile, Trail } from './trail-data.ts'

export interface LogDelivery {
  /** To be told of each event that a trail records, in order. */
  add(trail: Trail, call: PastCall): void
  /** Writes what is due. To be called before anything changes that delivery depends upon. */
  catchUp(now: Date): void
  /** Writes everything, due or not: before the sandbox forgets. */
  flush(now: Date): void
}

interface Pending {
  readonly call: PastCall
  /** Epoch milliseconds. */
  readonly dueAt: number
}

/** Where delivery fails: beyond it the oldest are forgotten. */
const pendingAtMost = 100_000
/** A log file has no more; in busy times one is delivered as soon as it is full. */
const recordsPerFile = 2_500

export function createLogDelivery(account: Account, buckets: Buckets, everyMs: number): LogDelivery {
  const pendingByTrail = new Map<string, Pending[]>()

  function deliver(trail: Trail, nowMs: number, isDue: (pending: Pending) => boolean): void {
    const { startedAt } = trail
    if (startedAt === undefined) return
    if (deliveryErrorOf(trail, buckets) !== undefined) {
      trail.failedAt = nowMs
      return
    }
    const retriedAt = trail.failedAt === undefined ? 0 : tickAfter(startedAt, trail.failedAt, everyMs)
    if (retriedAt > nowMs) return
    const pending = pendingByTrail.get(trail.arn) ?? []
    const due = pending.filter(isDue)
    if (due.length > 0) {
      pendingByTrail.set(
        trail.arn,
        pending.filter((each) => !isDue(each)),
      )
    }
    // A file has the events of one Region and one period.
    const files = Map.groupBy(due, ({ call, dueAt }) => `${Math.max(dueAt, retriedAt)} ${call.region}`)
    for (const [file, events] of files) {
      const [at = '', region = ''] = file.split(' ')
      for (let first = 0; first < events.length; first += recordsPerFile) {
        const calls = events.slice(first, first + recordsPerFile).map(({ call }) => call)
        write(trail, region, Math.min(Number(at), nowMs), calls)
      }
    }
    // Every period has something to deliver, in accounts where there is life.
    const tick = trail.isLogging ? lastTick(startedAt, nowMs, everyMs) : startedAt
    const newest = Math.max(tick, ...[...files.keys()].map((file) => Number(file.split(' ')[0])))
    if (newest > startedAt) trail.deliveredAt = Math.max(trail.deliveredAt ?? 0, Math.min(newest, nowMs))
  }

  function write(trail: Trail, region: string, atMs: number, calls: readonly PastCall[]): void {
    const records = calls.map((call) => recordOf(account, call))
    const content = JSON.stringify({ Records: records })
    const unique = uniqueString(`${trail.arn} ${calls[0]?.requestId}`)
    const minute = compact(atMs).replace(/\d\dZ$/, 'Z')
    const name = `${account.accountId}_CloudTrail_${region}_${minute}_${unique}.json.gz`
    const key = `${folderOf(account, trail, 'CloudTrail', region, atMs)}/${name}`
    buckets.put(trail.s3BucketName, {
      key,
      // Fast rather than small: this is no disk of ours.
      body: gzipSync(content, { level: 1 }),
      contentType: 'application/json',
      at: new Date(atMs),
    })
    if (!trail.logFileValidationEnabled) return
    const times = records.map(({ eventTime }) => eventTime).sort()
    const delivered: DeliveredLogFile = {
      region,
      at: atMs,
      bucket: trail.s3BucketName,
      key,
      hash: createHash('sha256').update(content).digest('hex'),
      oldestEventTime: times[0] ?? '',
      newestEventTime: times.at(-1) ?? '',
    }
    trail.undigested = [...(trail.undigested ?? []), delivered]
  }

  return {
    add(trail, call) {
      const at = call.at.getTime()
      const pending = pendingByTrail.get(trail.arn) ?? []
      pending.push({ call, dueAt: tickAfter(trail.startedAt ?? at, at, everyMs) })
      pendingByTrail.set(
        trail.arn,
        pending.length > pendingAtMost * 2 ? pending.slice(-pendingAtMost) : pending,
      )
      if (pending.length % recordsPerFile === 0) deliver(trail, at, () => true)
    },
    catchUp(now) {
      const nowMs = now.getTime()
      for (const trail of account.trails.values()) deliver(trail, nowMs, ({ dueAt }) => dueAt <= nowMs)
    },
    flush(now) {
      for (const trail of account.trails.values()) deliver(trail, now.getTime(), () => true)
    },
  }
}

/** What S3 says to this trail's deliveries now; `undefined`: it takes them. */
export function deliveryErrorOf(trail: Trail, buckets: Buckets): string | undefined {
  return trail.deliveryError ?? (buckets.get(trail.s3BucketName) ? undefined : 'NoSuchBucket')
}

/** In an organization's trail, its id stands before the account's. */
const organizationId = 'o-musterbox01'

/** `[prefix/]AWSLogs/[o-id/]<account>/<kind>/<region>/YYYY/MM/DD` */
export function folderOf(account: Account, trail: Trail, kind: string, region: string, atMs: number): string {
  const day = new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '/')
  const owner = trail.isOrganizationTrail ? [organizationId, account.accountId] : [account.accountId]
  const prefix = trail.s3KeyPrefix ? [trail.s3KeyPrefix] : []
  return [...prefix, 'AWSLogs', ...owner, kind, region, day].join('/')
}

/** `20261123T090000Z` */
export const compact = (atMs: number) =>
  `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`

/** The newest moment of a rhythm that is not after `atMs`. */
function lastTick(originMs: number, atMs: number, everyMs: number): number {
  return everyMs <= 0 ? atMs : originMs + Math.floor((atMs - originMs) / everyMs) * everyMs
}

/** The first moment of a rhythm after `atMs`. */
function tickAfter(originMs: number, atMs: number, everyMs: number): number {
  return everyMs <= 0 ? atMs : lastTick(originMs, atMs, everyMs) + everyMs
}

/** 16 letters and digits. */
function uniqueString(seed: string): string {
  const text = createHash('sha256')
    .update(seed)
    .digest('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
  return text.slice(0, 16)
}
