/** What became of the trail that was good a moment ago. Pure. */
import type { Fact } from '../aws/fact.ts'
import type { Difference } from './drift.ts'
import type { DriftKind } from './drift-kinds.ts'
import type { TrailFacts } from './facts.ts'

export const trailDriftKinds = [
  'trail-stopped',
  'trail-deleted',
  'trail-blinded',
] as const satisfies DriftKind[]

/** Undefined where CloudTrail did not say: a trail that cannot be asked for has not drifted. */
export function trailDrift(trailArn: string, trails: Fact<readonly TrailFacts[]>): Difference | undefined {
  if (!trails.known) return undefined
  const trail = trails.value.find(({ arn }) => arn === trailArn)
  const kind = trail === undefined ? 'trail-deleted' : kindOf(trail)
  if (kind === undefined) return undefined
  // Events name a trail by its name or by its ARN, as the caller did.
  const name = trailArn.slice(trailArn.lastIndexOf('/') + 1)
  return { kind, resource: trailArn, detail: { trailArn, trailNames: [name, trailArn] } }
}

function kindOf({ status, selectors }: TrailFacts): DriftKind | undefined {
  if (!status.known) return undefined
  if (!status.value.isLogging) return 'trail-stopped'
  return selectors.known ? 'trail-blinded' : undefined
}
