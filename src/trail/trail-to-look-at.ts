/** Whose log files are looked at. */
import type { Fact } from '../aws/fact.ts'
import type { TrailFacts, TrailPlace } from './facts.ts'
import { trailToRead } from './verify.ts'

export interface AskedTrail {
  readonly place: TrailPlace | undefined
  /** Every trail that is known of: whoever gets at the bucket of any of them gets at a record. */
  readonly all: readonly TrailPlace[]
  readonly latestDigestAt: Date | null
  /** Why it is not known. */
  readonly problem: string | null
}

/** The trail that the gate goes by, or another. One that is gone is looked at all the same: its silence has to be seen. */
export async function askForTrail(
  ask: () => Promise<Fact<readonly TrailFacts[]>>,
  last: TrailPlace | undefined,
): Promise<AskedTrail> {
  const trails = await ask()
  if (!trails.known)
    return { place: last, all: last ? [last] : [], latestDigestAt: null, problem: trails.reason }
  const all = trails.value.map(placeOf)
  const facts = trailToRead(trails)
  if (!facts) return { place: last, all, latestDigestAt: null, problem: null }
  return {
    place: placeOf(facts),
    all,
    latestDigestAt: facts.status.known ? facts.status.value.latestDigestAt : null,
    problem: null,
  }
}

function placeOf(trail: TrailFacts): TrailPlace {
  const { arn, name, homeRegion, isOrganization, bucket, keyPrefix, kmsKeyId, logFileValidation } = trail
  return { arn, name, homeRegion, isOrganization, bucket, keyPrefix, kmsKeyId, logFileValidation }
}
