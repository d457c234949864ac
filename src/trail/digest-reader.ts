/**
 * Follows the digest chain: new digest files as they come, each with the log files that it lists; and those of the last
 * day over and over, for a file may be deleted after it was verified.
 */
import { ListPublicKeysCommand } from '@aws-sdk/client-cloudtrail'
import type { Account } from '../aws/account.ts'
import { getObject, isMissingObject, listObjects } from './bucket-calls.ts'
import type { DigestProgress, KeptFault } from './canary-progress.ts'
import {
  type Digest,
  type DigestFault,
  type DigestFile,
  type DigestLink,
  type ListedLogFile,
  linkOf,
  type PublicKeys,
  readDigest,
  verifyDigest,
  verifyLink,
  verifyLogFile,
} from './digest.ts'
import {
  forgetOldFaults,
  lastVerified,
  rememberedMs,
  withFault,
  withoutFaults,
  withVerified,
} from './digest-state.ts'
import type { TrailPlace } from './facts.ts'
import { hashInflated, inflateWhole, LogFileError } from './log-file.ts'
import { type DigestKey, digestFolder, digestKeyBefore, type LogPlace, readDigestKey } from './log-keys.ts'
import { type LookLimits, UnreadableObject } from './log-reader.ts'

export interface ChainContext {
  readonly account: Account
  readonly trail: TrailPlace
  readonly place: LogPlace
  readonly limits: LookLimits
  readonly now: Date
}

/** How far back the first look goes: one digest is there in every full hour. */
const firstLookMs = 3 * 3_600_000
const maxDigestBytes = 64 * 1024 * 1024

/** The log files that one look may still read. */
interface Budget {
  left: number
  readonly deadline: number
}

/**
 * One look. It ends when all is verified or the limits are reached; what it returns is where the next one goes on.
 *
 * @throws AwsCallError, UnreadableObject
 */
export async function followDigests(context: ChainContext, before: DigestProgress): Promise<DigestProgress> {
  const { limits, now } = context
  const budget: Budget = { left: limits.files, deadline: performance.now() + limits.ms }
  const listed = await listDigests(context, before)
  let progress = missingOnes(forgetOldFaults(before, now), listed, now)
  progress = await lookAtFaultsAgain(context, progress)
  for (const entry of newOnes(listed, progress)) {
    if (isSpent(budget)) return progress
    progress = await takeDigest(context, progress, entry, budget)
  }
  return await readAgain(context, progress, budget)
}

const isSpent = ({ left, deadline }: Budget) => left <= 0 || performance.now() > deadline

async function listDigests(context: ChainContext, progress: DigestProgress): Promise<readonly DigestKey[]> {
  const { account, trail, place, now } = context
  const from = new Date(now.getTime() - (progress.verified.length > 0 ? rememberedMs : firstLookMs))
  const last = lastVerified(progress)
  const startAt = last && Date.parse(last.endedAt) < from.getTime() ? new Date(last.endedAt) : from
  const source = { trailName: trail.name, homeRegion: trail.homeRegion }
  const keys: DigestKey[] = []
  const listing = {
    bucket: place.bucket,
    prefix: digestFolder(place),
    startAfter: digestKeyBefore(place, source, startAt),
  }
  for await (const { key } of listObjects(account, trail.homeRegion, listing)) {
    const entry = readDigestKey(place, source, key)
    if (entry) keys.push(entry)
  }
  return keys.sort((a, b) => a.endedAt.getTime() - b.endedAt.getTime())
}

/** Verified digests that are in the bucket no more. */
function missingOnes(progress: DigestProgress, listed: readonly DigestKey[], now: Date): DigestProgress {
  const there = new Set(listed.map(({ key }) => key))
  const from = new Date(now.getTime() - rememberedMs + 60_000).toISOString()
  return progress.verified
    .filter(({ key, endedAt }) => endedAt > from && !there.has(key))
    .reduce(
      (after, { key, endedAt }) =>
        withFault(after, missingDigest(key), { since: new Date(Date.parse(endedAt) - 3_600_000), now }),
      progress,
    )
}

const missingDigest = (key: string): DigestFault => ({
  kind: 'digest-missing',
  key,
  message: `the digest file ${key} was deleted`,
})

function newOnes(listed: readonly DigestKey[], progress: DigestProgress): readonly DigestKey[] {
  const last = lastVerified(progress)
  return listed.filter(({ key, endedAt, isBackfill }) =>
    isBackfill ? !progress.backfills.includes(key) : !last || endedAt.getTime() > Date.parse(last.endedAt),
  )
}

/** One digest file, its link to the one before, and its log files as far as the budget goes. */
async function takeDigest(
  context: ChainContext,
  before: DigestProgress,
  { key, endedAt, isBackfill }: DigestKey,
  budget: Budget,
): Promise<DigestProgress> {
  const { place, now } = context
  const file = await readDigestFile(context, place.bucket, key)
  const since = new Date(endedAt.getTime() - 3_600_000)
  // Deleted since it was listed.
  if (!file) return withFault(before, missingDigest(key), { since, now })
  const done = (progress: DigestProgress, link: DigestLink) =>
    isBackfill
      ? { ...progress, begun: null, backfills: [...progress.backfills, key].slice(-100) }
      : withVerified(progress, link, now)
  const verdict = verifyDigest(file, await publicKeys(context, file, endedAt))
  if (!verdict.ok) {
    // The chain goes on after it: what comes next says what should have been here.
    const link = { bucket: place.bucket, key, endedAt: endedAt.toISOString(), hash: '', signature: '' }
    return done(withFault(before, verdict.fault, { since, now }), link)
  }
  const { digest } = verdict
  let progress = isBackfill ? before : await checkLink(context, before, digest)
  const filesRead = before.begun?.key === key ? before.begun.filesRead : 0
  const rest = await checkLogFiles(context, digest, filesRead, budget)
  progress = withFaults(progress, rest.faults, digest, now)
  if (rest.filesRead < digest.logFiles.length)
    return { ...progress, begun: { key, filesRead: rest.filesRead } }
  return done(progress, linkOf(digest, file))
}

/** The listing has every digest that there is: one that is named and is not the last was deleted. */
async function checkLink(context: ChainContext, progress: DigestProgress, digest: Digest) {
  const { now } = context
  const last = lastVerified(progress)
  const { previous } = digest
  // The first that Muster ever saw has nothing to be held against.
  if (!last || !previous) return progress
  if (previous.key === last.key && previous.bucket === last.bucket) {
    const fault = last.hash === '' ? undefined : verifyLink(digest, last)
    return fault
      ? withFault(progress, fault, { since: new Date(Date.parse(last.endedAt) - 3_600_000), now })
      : progress
  }
  const isThere = await readDigestFile(context, previous.bucket, previous.key)
  const since = new Date(last.endedAt)
  return isThere ? progress : withFault(progress, missingDigest(previous.key), { since, now })
}

/** Undefined where it is not there. What cannot be inflated is given as it is: it fails the verification. */
async function readDigestFile(
  { account, trail }: ChainContext,
  bucket: string,
  key: string,
): Promise<DigestFile | undefined> {
  try {
    const { body, metadata } = await getObject(account, trail.homeRegion, bucket, key)
    const content = await inflateWhole(body, maxDigestBytes).catch((error) => {
      if (error instanceof LogFileError) return Buffer.alloc(0)
      throw error
    })
    return {
      bucket,
      key,
      content,
      signature: metadata.signature,
      signatureAlgorithm: metadata['signature-algorithm'],
    }
  } catch (error) {
    if (isMissingObject(error)) return undefined
    throw new UnreadableObject(key, error)
  }
}

/**
 * Each Region signs with keys of its own: they are asked for where the digest comes from, not in the trail's home
 * Region. A backfill is signed when it is made, long after the time that it covers: so all keys up to now are asked
 * for.
 */
async function publicKeys({ account, place, now }: ChainContext, file: DigestFile, endedAt: Date) {
  const startedAt = readDigest(file.content)?.startedAt ?? endedAt
  const keys = new Map<string, Uint8Array>()
  let token: string | undefined
  do {
    const { output } = await account.callTrail(
      place.region,
      new ListPublicKeysCommand({
        StartTime: startedAt,
        EndTime: now > startedAt ? now : endedAt,
        ...(token ? { NextToken: token } : {}),
      }),
    )
    for (const { Fingerprint, Value } of output.PublicKeyList ?? []) {
      if (Fingerprint && Value) keys.set(Fingerprint, Value)
    }
    token = output.NextToken
  } while (token)
  return keys satisfies PublicKeys
}

interface CheckedFiles {
  readonly filesRead: number
  readonly faults: readonly { readonly fault: DigestFault; readonly listed: ListedLogFile }[]
}

async function checkLogFiles(
  context: ChainContext,
  { logFiles }: Digest,
  from: number,
  budget: Budget,
): Promise<CheckedFiles> {
  const faults: { fault: DigestFault; listed: ListedLogFile }[] = []
  let filesRead = from
  for (const listed of logFiles.slice(from)) {
    if (isSpent(budget)) break
    const fault = verifyLogFile(listed, await hashOf(context, listed))
    if (fault) faults.push({ fault, listed })
    budget.left -= 1
    filesRead += 1
  }
  return { filesRead, faults }
}

/** Undefined where nothing is; something that is no hash where it is no log file. */
async function hashOf({ account, trail }: ChainContext, { bucket, key }: ListedLogFile) {
  try {
    const { body } = await getObject(account, trail.homeRegion, bucket, key)
    return await hashInflated(body)
  } catch (error) {
    if (error instanceof LogFileError) return error.message
    if (isMissingObject(error)) return undefined
    throw new UnreadableObject(key, error)
  }
}

/** What was put back whole is no fault any more. */
async function lookAtFaultsAgain(context: ChainContext, progress: DigestProgress): Promise<DigestProgress> {
  const mended = new Set<KeptFault>()
  for (const fault of progress.faults) {
    if (await isMended(context, progress, fault)) mended.add(fault)
  }
  return withoutFaults(progress, (fault) => mended.has(fault))
}

async function isMended(context: ChainContext, progress: DigestProgress, { kind, key, listed }: KeptFault) {
  if (listed) return verifyLogFile(listed, await hashOf(context, listed)) === undefined
  if (kind !== 'digest-missing') return false
  const file = await readDigestFile(context, context.place.bucket, key)
  const link = progress.verified.find((one) => one.key === key)
  if (!file) return false
  const verdict = verifyDigest(file, await publicKeys(context, file, context.now))
  return verdict.ok && (!link || linkOf(verdict.digest, file).hash === link.hash)
}

/** With what the budget has left: the verified digest after the one that was read again last. */
async function readAgain(
  context: ChainContext,
  before: DigestProgress,
  budget: Budget,
): Promise<DigestProgress> {
  const { now } = context
  const { again, verified } = before
  const at = again ? verified.findIndex(({ key }) => key === again.key) : -1
  const isGoingOn = at >= 0 && again !== null && again.filesRead > 0
  const link = verified[isGoingOn ? at : (at + 1) % Math.max(verified.length, 1)]
  if (!link || link.hash === '' || isSpent(budget))
    return { ...before, again: link ? { key: link.key, filesRead: 0 } : null }
  const file = await readDigestFile(context, link.bucket, link.key)
  const since = new Date(Date.parse(link.endedAt) - 3_600_000)
  if (!file) return withFault(before, missingDigest(link.key), { since, now })
  const digest = readDigest(file.content)
  if (!digest || linkOf(digest, file).hash !== link.hash) {
    const message = `the digest file ${link.key} was altered after it was verified`
    const after = withFault(before, { kind: 'digest-altered', key: link.key, message }, { since, now })
    return { ...after, again: { key: link.key, filesRead: 0 } }
  }
  const { filesRead, faults } = await checkLogFiles(context, digest, isGoingOn ? again.filesRead : 0, budget)
  const isDone = filesRead >= digest.logFiles.length
  const pointer = { key: link.key, filesRead: isDone ? 0 : filesRead }
  return withFaults({ ...before, again: pointer }, faults, digest, now)
}

const withFaults = (
  progress: DigestProgress,
  faults: CheckedFiles['faults'],
  { startedAt }: Digest,
  now: Date,
): DigestProgress =>
  faults.reduce(
    (after, { fault, listed }) => withFault(after, fault, { since: startedAt, now, listed }),
    progress,
  )
