/** Whose log files are looked at. */
import type { Account } from '../aws/account.ts'
import type { Fact } from '../aws/fact.ts'
import type { DigestTold, TrailFacts, TrailPlace } from './facts.ts'
import { readTrailStatus } from './read-trails.ts'
import { trailToRead } from './verify.ts'

export interface AskedTrail {
  readonly place: TrailPlace | undefined
  /** Every trail that is known of: whoever gets at the bucket of any of them gets at a record. */
  readonly all: readonly TrailPlace[]
  readonly latestDigest: DigestTold | null
  /** Why it is not known. */
  readonly problem: string | null
}

/** The trail that the gate goes by, or another. One that is gone is looked at all the same: its silence has to be seen. */
export async function askForTrail(
  account: Account,
  ask: () => Promise<Fact<readonly TrailFacts[]>>,
  last: TrailPlace | undefined,
): Promise<AskedTrail> {
  const trails = await ask()
  if (!trails.known)
    return { place: last, all: last ? [last] : [], latestDigest: null, problem: trails.reason }
  const all = trails.value.map(placeOf)
  const facts = trailToRead(trails)
  if (!facts) return { place: last, all, latestDigest: null, problem: null }
  return {
    place: placeOf(facts),
    all,
    latestDigest: facts.logFileValidation ? await latestDigestOf(account, facts) : null,
    problem: null,
  }
}

/** Digests are followed where IAM is: that Region is asked, and the home Region's word taken where it does not tell. */
async function latestDigestOf(
  account: Account,
  { arn, homeRegion, status }: TrailFacts,
): Promise<DigestTold | null> {
  const { iamRegion } = account
  if (homeRegion !== iamRegion) {
    const there = await readTrailStatus(account, iamRegion, arn)
    if (there.known && there.value.latestDigestAt)
      return { at: there.value.latestDigestAt, region: iamRegion }
  }
  const at = status.known ? status.value.latestDigestAt : null
  return at && { at, region: homeRegion }
}

function placeOf(trail: TrailFacts): TrailPlace {
  const { arn, name, homeRegion, isOrganization, bucket, keyPrefix, kmsKeyId, logFileValidation } = trail
  return { arn, name, homeRegion, isOrganization, bucket, keyPrefix, kmsKeyId, logFileValidation }
}
