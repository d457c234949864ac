/** One look at the log files of a trail: what was found, what was not, and what that means. */
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { type Canary, judgeCanaries, type Reading, stillLookedFor } from './canary.ts'
import type { DigestProgress } from './canary-progress.ts'
import type { Sighting } from './canary-store.ts'
import { followDigests } from './digest-reader.ts'
import { digestFactsOf } from './digest-state.ts'
import type { CanaryFacts, DigestFacts, DigestTold, TrailPlace } from './facts.ts'
import { type Refusal, refusalOf, type Statement } from './log-access.ts'
import type { LogPlace } from './log-keys.ts'
import {
  type FoundRecord,
  findOrganization,
  forgetBefore,
  type LogLook,
  type LookLimits,
  readLogFiles,
  searchFrom,
  UnreadableObject,
} from './log-reader.ts'

export interface LookContext {
  readonly account: Account
  readonly trail: TrailPlace
  /** What CloudTrail says it delivered last; null where it does not say. */
  readonly latestDigest: DigestTold | null
  readonly limits: LookLimits
  /** Keys that this process has read. */
  readonly seen: Set<string>
  readonly now: Date
}

/** What the last look left. */
export interface LookBefore {
  readonly lastKey: string | null
  readonly organizationId: string | null
  readonly digests: DigestProgress
  readonly canaries: readonly Canary[]
}

export interface Look {
  readonly facts: CanaryFacts
  /** There is more to be read right now. */
  readonly hasMore: boolean
  readonly lastKey: string | null
  readonly organizationId: string | null
  readonly digests: DigestProgress
  readonly found: readonly { readonly requestId: string; readonly key: string }[]
  readonly writes: readonly Sighting[]
  readonly strange: LogLook['strange']
}

/** Reads what is new. What AWS refuses makes the facts `unknown`; @throws whatever is no matter of AWS */
export async function lookAtLogFiles(context: LookContext, before: LookBefore): Promise<Look> {
  const { account, trail, now } = context
  const place: LogPlace = {
    bucket: trail.bucket,
    keyPrefix: trail.keyPrefix,
    organizationId: before.organizationId,
    accountId: account.accountId,
    region: account.iamRegion,
  }
  const logs = await attempt(context, place, () => readNew(context, place, before))
  const read = 'value' in logs ? logs.value : undefined
  const inOrganization = { ...place, organizationId: read?.organizationId ?? place.organizationId }
  const digests = trail.logFileValidation
    ? await attempt(context, inOrganization, () =>
        followDigests({ account, trail, place: inOrganization, limits: context.limits, now }, before.digests),
      )
    : undefined
  const refusals = [logs, digests].flatMap((outcome) =>
    outcome && 'refusal' in outcome ? outcome.refusal : [],
  )
  const records = read?.look.records ?? []
  const found = foundAmong(before.canaries, records)
  const canaries = before.canaries.map((canary) => {
    const hit = found.find(({ requestId }) => requestId === canary.requestId)
    return hit ? { ...canary, found: { at: now, bucket: trail.bucket, key: hit.key } } : canary
  })
  const progress = digests && 'value' in digests ? digests.value : before.digests
  return {
    facts: {
      ...judgeCanaries(canaries, readingOf(logs), now),
      statementsToAdd: uniqueStatements(refusals),
      digest: digests ? digestFacts(digests, progress, context) : validationIsOff,
      checkedAt: now.toISOString(),
    },
    hasMore: read !== undefined && !read.look.isComplete,
    lastKey: read?.look.lastKey ?? null,
    organizationId: inOrganization.organizationId,
    digests: progress,
    found,
    writes: writesAmong(records, account.principalId),
    strange: read?.look.strange ?? [],
  }
}

/** With no trail to look at: what was called and never found is missing all the same. */
export function judgeUnread(canaries: readonly Canary[], reading: Reading, now: Date): CanaryFacts {
  const reason = reading.kind === 'not' ? reading.reason : 'no trail is verified'
  return {
    ...judgeCanaries(canaries, reading, now),
    statementsToAdd: [],
    digest: { status: 'unknown', reason, validUntil: null },
    checkedAt: now.toISOString(),
  }
}

async function readNew(context: LookContext, place: LogPlace, before: LookBefore) {
  const { account, trail, limits, seen, now } = context
  const organizationId = trail.isOrganization
    ? (place.organizationId ?? (await findOrganization(account, trail, place)))
    : null
  const from = searchFrom(before.lastKey, stillLookedFor(before.canaries), now)
  const look = await readLogFiles(
    account,
    trail,
    { ...place, organizationId },
    { from, mention: account.principalId, seen, limits },
  )
  forgetBefore(seen, from)
  return { organizationId, look }
}

type Outcome<T> = { readonly value: T } | { readonly refusal: Refusal }

async function attempt<T>(
  { account, trail }: LookContext,
  place: LogPlace,
  work: () => Promise<T>,
): Promise<Outcome<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    const isObject = error instanceof UnreadableObject
    const cause = isObject ? error.cause : error
    if (!(cause instanceof AwsCallError)) throw cause
    return { refusal: refusalOf(cause, account.partition, trail, place, isObject ? error.key : undefined) }
  }
}

function readingOf(logs: Outcome<{ readonly look: LogLook }>): Reading {
  if ('value' in logs) return logs.value.look.isComplete ? { kind: 'all' } : { kind: 'part' }
  // Where there is no bucket, there is no log file: no permission would help to see one.
  const { kind, reason } = logs.refusal
  return kind === 'no-bucket' ? { kind: 'no-bucket', reason } : { kind: 'not', reason }
}

const validationIsOff: DigestFacts = {
  status: 'off',
  reason: 'log file validation is not on for the trail',
  validUntil: null,
}

function digestFacts(
  outcome: Outcome<DigestProgress>,
  progress: DigestProgress,
  { account, latestDigest, now }: LookContext,
): DigestFacts {
  const facts = digestFactsOf(progress, { region: account.iamRegion, latestDigest, now })
  if ('value' in outcome) return facts
  const { kind, reason } = outcome.refusal
  // What was found broken before is broken still, whether or not it can be read.
  if (progress.faults.length > 0) return facts
  if (kind === 'no-bucket' && progress.verified.length > 0) return { ...facts, status: 'broken', reason }
  return { ...facts, status: 'unknown', reason }
}

function foundAmong(canaries: readonly Canary[], records: readonly FoundRecord[]) {
  const wanted = new Set(canaries.flatMap(({ requestId, found }) => (found ? [] : requestId)))
  return records.flatMap(({ requestId, key }) =>
    requestId !== null && wanted.delete(requestId) ? { requestId, key } : [],
  )
}

function writesAmong(records: readonly FoundRecord[], principalId: string): readonly Sighting[] {
  return records.flatMap(({ readOnly, principalId: by, requestId, eventId, eventName, eventAt, key }) =>
    readOnly || by !== principalId || requestId === null
      ? []
      : { requestId, eventId, eventName, eventAt, key },
  )
}

function uniqueStatements(refusals: readonly Refusal[]): readonly Statement[] {
  const all = refusals.flatMap(({ statementsToAdd }) => statementsToAdd)
  return [...new Map(all.map((statement) => [statement.Sid, statement])).values()]
}
