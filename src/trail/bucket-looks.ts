/** When it is looked who can get at the log files: hourly, and when what is on record cannot be right any more. */
import type { Account } from '../aws/account.ts'
import type { Fact } from '../aws/fact.ts'
import { unlessAhead } from '../clock.ts'
import type { LastLook } from './canary-store.ts'
import type { LogBucket, TrailFacts, TrailPlace } from './facts.ts'
import { lookAtLogBuckets } from './log-bucket.ts'

const everyMs = 3_600_000

export interface BucketsToLookAt {
  readonly account: Account
  /** Of the trail whose log files are read, or what stands for none. */
  readonly trailArn: string
  readonly trails: readonly TrailPlace[]
  /** Asks for those of one other Region alone, given the ARNs of the others: only when a look is due. */
  readonly trailsElsewhere: (others: readonly string[]) => Promise<Fact<readonly TrailFacts[]>>
  /** A bucket that was found not to exist just now. */
  readonly gone: string | null
  readonly now: Date
}

/** Null when they are not due. */
export async function lookAtBucketsIfDue(
  buckets: BucketsToLookAt,
  before: LastLook | undefined,
): Promise<readonly LogBucket[] | null> {
  if (!isDue(buckets, before)) return null
  const { account, trails, trailsElsewhere } = buckets
  const elsewhere = await trailsElsewhere(trails.map(({ arn }) => arn))
  return await lookAtLogBuckets(account, [...(elsewhere.known ? elsewhere.value : []), ...trails])
}

function isDue({ trailArn, trails, gone, now }: BucketsToLookAt, before: LastLook | undefined): boolean {
  const lookedAt = unlessAhead(before?.bucketLookedAt ?? null, now)
  if (before?.trailArn !== trailArn || lookedAt === null) return true
  const known = new Map(before.buckets.map((bucket) => [bucket.name, bucket]))
  if (trails.some(({ bucket }) => !known.has(bucket))) return true
  if (gone !== null && tellsOfIt(known.get(gone))) return true
  return now.getTime() - lookedAt.getTime() >= everyMs
}

/** What is told of a bucket that is gone is of the time when it was there. */
const tellsOfIt = (bucket: LogBucket | undefined): boolean =>
  bucket !== undefined && (bucket.isPublic.known || bucket.accessLogging.known)
