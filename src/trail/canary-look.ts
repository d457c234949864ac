/** One look at the log files of a trail: what was found, what was not, and what that means. */
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { type Canary, judgeCanaries, type Outlet, type Reading, stillLookedFor } from './canary.ts'
import type { DigestProgress, UnreadFile } from './canary-progress.ts'
import type { Sighting } from './canary-store.ts'
import { faultCountOf, forgetOldFaults } from './digest-faults.ts'
import { type ChainLook, followDigests } from './digest-reader.ts'
import { digestFactsOf } from './digest-state.ts'
import {
  type CanaryFacts,
  type DigestFacts,
  type DigestTold,
  noFaults,
  type TrailPlace,
  type UnreadFacts,
} from './facts.ts'
import { type Refusal, refusalOf, uniqueStatements } from './log-access.ts'
import type { LogRecord, RecordSearch } from './log-file.ts'
import { type LogPlace, timeOfLogKey } from './log-keys.ts'
import {
  type FoundRecord,
  forgetBefore,
  type LogLook,
  type LookLimits,
  readLogFiles,
  searchFrom,
} from './log-reader.ts'
import { findOrganization } from './organization-folder.ts'

export interface LookContext extends Outlet {
  readonly account: Account
  readonly trail: TrailPlace
  /** What CloudTrail says it delivered last; null where it does not say. */
  readonly latestDigest: DigestTold | null
  readonly limits: LookLimits
  /** Keys that this process has read, and saved what was in them. */
  readonly seen: Set<string>
  readonly now: Date
}

/** What the last look left. */
export interface LookBefore {
  readonly lastKey: string | null
  readonly isBehind: boolean
  readonly unread: readonly UnreadFile[]
  readonly organizationId: string | null
  readonly digests: DigestProgress
  readonly canaries: readonly Canary[]
}

export interface Look {
  readonly facts: CanaryFacts
  /** Where it was to be read, there is no bucket. */
  readonly isBucketGone: boolean
  /** There is more to be read right now. */
  readonly hasMore: boolean
  readonly isBehind: boolean
  readonly lastKey: string | null
  readonly unread: readonly UnreadFile[]
  readonly organizationId: string | null
  readonly digests: DigestProgress
  readonly found: readonly { readonly requestId: string; readonly key: string }[]
  readonly writes: readonly Sighting[]
  /** To be added to `seen` once all that is saved. */
  readonly read: readonly string[]
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
  const chain = trail.logFileValidation
    ? await followDigests(
        { account, trail, place: inOrganization, limits: context.limits, now },
        before.digests,
      )
    : undefined
  const refusals = [
    ...('refusal' in logs ? [logs.refusal] : refusalsIn(logs.value.look)),
    ...(chain ? [...chain.refusals, ...(chain.endedBy ? [chain.endedBy] : [])] : []),
  ]
  const records = read?.look.records ?? []
  const reading = 'value' in logs ? readingOf(logs.value.look) : unreadable(logs)
  const found = foundAmong(before.canaries, records)
  const canaries = before.canaries.map((canary) => {
    const hit = found.find(({ requestId }) => requestId === canary.requestId)
    return hit ? { ...canary, found: { at: now, bucket: trail.bucket, key: hit.key } } : canary
  })
  const digests = chain?.progress ?? forgetOldFaults(before.digests, now)
  const ending = read?.look.ending.kind
  const unread = read?.look.unread ?? before.unread
  return {
    facts: {
      ...judgeCanaries(canaries, reading, now, context),
      statementsToAdd: uniqueStatements(refusals),
      unread: unreadFacts(unread),
      digest: chain ? digestFacts(chain, context) : digestFactsWithoutChain(digests, context),
      checkedAt: now.toISOString(),
    },
    isBucketGone: reading.kind === 'no-bucket',
    hasMore: ending === 'limit',
    // What ended early for another reason is as far behind as it was.
    isBehind: ending === 'limit' || (ending !== 'complete' && before.isBehind),
    lastKey: read?.look.lastKey ?? null,
    unread,
    organizationId: inOrganization.organizationId,
    digests,
    found,
    writes: writesAmong(records, account.principalId),
    read: read?.look.read ?? [],
    strange: read?.look.strange ?? [],
  }
}

/** With no trail to look at: what was called and never found is missing all the same. */
export function judgeUnread(canaries: readonly Canary[], reading: Reading, now: Date): CanaryFacts {
  const reason = reading.kind === 'not' ? reading.reason : 'no trail is verified'
  return {
    ...judgeCanaries(canaries, reading, now),
    statementsToAdd: [],
    unread: null,
    digest: { status: 'unknown', reason, validUntil: null, ...noFaults },
    checkedAt: now.toISOString(),
  }
}

async function readNew(context: LookContext, place: LogPlace, before: LookBefore) {
  const { account, trail, limits, seen, now } = context
  const organizationId = trail.isOrganization
    ? (place.organizationId ?? (await findOrganization(account, trail, place)))
    : null
  const from = searchFrom(before, stillLookedFor(before.canaries, context), now)
  const look = await readLogFiles(
    account,
    trail,
    { ...place, organizationId },
    {
      from,
      now,
      wanted: wantedOf(before.canaries, account.principalId),
      seen,
      unread: before.unread,
      limits,
    },
  )
  forgetBefore(seen, from)
  return { organizationId, look }
}

/** Calls that are looked for, and what Muster itself wrote. */
function wantedOf(canaries: readonly Canary[], principalId: string): RecordSearch {
  const lookedFor = new Set(canaries.flatMap(({ requestId, found }) => (found ? [] : requestId)))
  return {
    mention: principalId,
    isWanted: (record) =>
      record.requestId !== null && (lookedFor.has(record.requestId) || isWriteOf(record, principalId)),
  }
}

const isWriteOf = ({ readOnly, principalId: by }: LogRecord, principalId: string): boolean =>
  !readOnly && by === principalId

type Outcome<T> = { readonly value: T } | { readonly refusal: Refusal }

async function attempt<T>(
  { account, trail }: LookContext,
  place: LogPlace,
  work: () => Promise<T>,
): Promise<Outcome<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    if (!(error instanceof AwsCallError)) throw error
    return { refusal: refusalOf(error, account.partition, trail, place) }
  }
}

function readingOf({ ending, unread, isNewestUnread }: LogLook): Reading {
  if (ending.kind === 'error') return unreadable(ending)
  const facts = unreadFacts(unread)
  // Where nothing newer could be read, nobody knows whether anything is delivered.
  if (facts && (ending.kind === 'refused' || isNewestUnread))
    return { kind: 'not', reason: sentenceOf(facts) }
  if (ending.kind === 'limit') return { kind: 'part' }
  if (!facts) return { kind: 'all' }
  return { kind: 'gaps', until: timeOfLogKey(facts.latestKey) ?? new Date(0), reason: sentenceOf(facts) }
}

/** Where there is no bucket, there is no log file: no permission would help to see one. */
function unreadable({ refusal: { kind, reason } }: { readonly refusal: Refusal }): Reading {
  return kind === 'no-bucket' ? { kind: 'no-bucket', reason } : { kind: 'not', reason }
}

const refusalsIn = ({ ending, refusals }: LogLook): readonly Refusal[] =>
  ending.kind === 'error' ? [...refusals, ending.refusal] : refusals

function unreadFacts(unread: readonly UnreadFile[]): UnreadFacts | null {
  const latest = unread.at(-1)
  return latest ? { count: unread.length, latestKey: latest.key, reason: latest.reason } : null
}

function sentenceOf({ count, reason }: UnreadFacts): string {
  return `${count === 1 ? 'a log file' : `${count} log files`} could not be read: ${reason}`
}

const validationIsOff: DigestFacts = {
  status: 'off',
  reason: 'log file validation is not on for the trail',
  validUntil: null,
  ...noFaults,
}

/** Whoever tampered with log files and then turns their validation off does not take back what was found. */
function digestFactsWithoutChain(
  progress: DigestProgress,
  { account, latestDigest, now }: LookContext,
): DigestFacts {
  if (faultCountOf(progress) === 0) return validationIsOff
  return digestFactsOf(progress, { region: account.iamRegion, latestDigest, now })
}

function digestFacts(
  { progress, endedBy }: ChainLook,
  { account, trail: { bucket }, latestDigest, now }: LookContext,
): DigestFacts {
  const facts = digestFactsOf(progress, { region: account.iamRegion, latestDigest, now })
  // What was found broken before is broken still, whether or not it can be read.
  if (!endedBy || faultCountOf(progress) > 0) return facts
  const { kind, reason } = endedBy
  if (kind === 'no-bucket' && progress.verified.length > 0) {
    const fault = { kind, bucket, key: '', message: reason }
    return { ...facts, status: 'broken', reason, faults: [fault], faultCount: 1 }
  }
  return { ...facts, status: 'unknown', reason, ...noFaults }
}

function foundAmong(canaries: readonly Canary[], records: readonly FoundRecord[]) {
  const wanted = new Set(canaries.flatMap(({ requestId, found }) => (found ? [] : requestId)))
  return records.flatMap(({ requestId, key }) =>
    requestId !== null && wanted.delete(requestId) ? { requestId, key } : [],
  )
}

function writesAmong(records: readonly FoundRecord[], principalId: string): readonly Sighting[] {
  return records.flatMap((record) => {
    const { requestId, eventId, eventName, eventAt, key } = record
    return requestId !== null && isWriteOf(record, principalId)
      ? { requestId, eventId, eventName, eventAt, key }
      : []
  })
}
