/**
 * What became of the trails that were good, from one look to the next. Pure.
 *
 * Each of them is watched, not only the one that keeps the gate open: whoever starts a trail of his own first, and
 * takes away the good one then, leaves the gate open, and the record is his.
 */
import type { Fact } from '../aws/fact.ts'
import type { Difference } from '../drift/drift.ts'
import type { DriftKind } from '../drift/kinds.ts'
import type { TrailDelivery, TrailLook, WatchedTrail } from '../store/schema.ts'
import type { TrailFacts } from './facts.ts'
import { faultOf } from './verify.ts'

/** Of a trail that is no longer good. */
export const trailLossKinds = [
  'trail-stopped',
  'trail-deleted',
  'trail-blinded',
] as const satisfies DriftKind[]

export interface TrailDifference extends Difference {
  /** Until then it was as before, RFC 3339. */
  readonly seenAt: string
}

export interface TrailComparison {
  /** What the next look compares with. */
  readonly watched: readonly WatchedTrail[]
  readonly found: readonly TrailDifference[]
  /** The ARNs of those that were not good any more, and are again. */
  readonly mended: readonly string[]
}

/** What a look was left to compare the next one with. One of long ago tells of one trail, and not where it delivers to. */
export function watchedBy(look: TrailLook | null): readonly WatchedTrail[] {
  if (look?.watched) return look.watched
  if (!look?.isVerified || look.trailArn === null) return []
  return [{ arn: look.trailArn, isGood: true, seenAt: look.checkedAt, delivery: null }]
}

/** Where CloudTrail does not say, nothing has drifted, and what was known before is what the next look compares with. */
export function compareTrails(
  before: readonly WatchedTrail[],
  trails: Fact<readonly TrailFacts[]>,
  checkedAt: string,
): TrailComparison {
  if (!trails.known) return { watched: before, found: [], mended: [] }
  const compared = before.map((watched) => {
    const trail = trails.value.find(({ arn }) => arn === watched.arn)
    return { watched, ...compareTrail(watched, trail, checkedAt) }
  })
  const newcomers = trails.value.filter(
    (trail) => faultOf(trail) === null && !before.some(({ arn }) => arn === trail.arn),
  )
  return {
    watched: [
      ...compared.flatMap(({ next }) => next ?? []),
      ...newcomers.map((trail) => watchedAs(trail, true, checkedAt)),
    ],
    found: compared.flatMap(({ watched, found }) =>
      found.map(([kind, detail]) => differenceOf(watched, kind, detail)),
    ),
    mended: compared.flatMap(({ watched, next }) => (next?.isGood && !watched.isGood ? watched.arn : [])),
  }
}

type Found = readonly [kind: DriftKind, detail?: Difference['detail']]

function compareTrail(
  before: WatchedTrail,
  trail: TrailFacts | undefined,
  checkedAt: string,
): { readonly next: WatchedTrail | null; readonly found: readonly Found[] } {
  if (!trail) return { next: null, found: [['trail-deleted']] }
  const loss = lossOf(trail)
  const isGood = loss === 'unknown' ? before.isGood : loss === null
  const changes = before.delivery ? changesOf(before.delivery, trail) : []
  return {
    next: watchedAs(trail, isGood, loss === 'unknown' ? before.seenAt : checkedAt),
    found: [
      ...(before.isGood && loss !== null && loss !== 'unknown' ? [[loss] as const] : []),
      ...(changes.length > 0 ? [['trail-redirected', { changes }] as const] : []),
    ],
  }
}

/** Null for a good one. */
function lossOf(trail: TrailFacts): DriftKind | 'unknown' | null {
  if (faultOf(trail) === null) return null
  const { status, selectors } = trail
  if (!status.known) return 'unknown'
  if (!status.value.isLogging) return 'trail-stopped'
  return selectors.known ? 'trail-blinded' : 'unknown'
}

/** In words. Validation that is turned on is nothing that anybody has to hear of. */
function changesOf(before: TrailDelivery, now: TrailDelivery): string[] {
  const of = (what: string, was: string | null, is: string | null) =>
    was === is ? [] : [`its ${what} from ${was ?? 'none'} to ${is ?? 'none'}`]
  return [
    ...of('bucket', before.bucket, now.bucket),
    ...of('key prefix', before.keyPrefix, now.keyPrefix),
    ...of('KMS key', before.kmsKeyId, now.kmsKeyId),
    ...(before.logFileValidation && !now.logFileValidation ? ['its log file validation from on to off'] : []),
  ]
}

function watchedAs(trail: TrailFacts, isGood: boolean, seenAt: string): WatchedTrail {
  const { arn, bucket, keyPrefix, kmsKeyId, logFileValidation } = trail
  return { arn, isGood, seenAt, delivery: { bucket, keyPrefix, kmsKeyId, logFileValidation } }
}

function differenceOf(
  { arn: trailArn, seenAt }: WatchedTrail,
  kind: DriftKind,
  detail: Difference['detail'] = {},
): TrailDifference {
  // Events name a trail by its name or by its ARN, as the caller did.
  const name = trailArn.slice(trailArn.lastIndexOf('/') + 1)
  return { kind, resource: trailArn, detail: { trailArn, trailNames: [name, trailArn], ...detail }, seenAt }
}
