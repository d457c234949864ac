/**
 * A digest chain belongs to a place: to a trail, and the folder that it delivers to. Whoever points the trail elsewhere
 * for a moment must not make Muster forget what it verified, so the chains of the places before are kept, and go on
 * when a place comes back.
 */
import { isAhead } from '../clock.ts'
import { type ChainElsewhere, type DigestProgress, type LookProgress, noDigests } from './canary-progress.ts'
import type { TrailPlace } from './facts.ts'

/** Those with the fewest digests go first: what somebody made for a moment pushes out no chain of a day. */
const mostChains = 5

export const isSamePlace = (one: TrailPlace | null | undefined, other: TrailPlace): boolean =>
  one !== null && one !== undefined && placeId(one) === placeId(other)

const placeId = ({ arn, bucket, keyPrefix }: TrailPlace) => `${arn} ${bucket}/${keyPrefix ?? ''}`

/** Since when the trail has been known to deliver where it does; null for as long as Muster has looked. */
export function deliversSince(
  before: LookProgress | null | undefined,
  trail: TrailPlace,
  now: Date,
): Date | null {
  if (!before) return null
  if (!isSamePlace(before.trail, trail)) return now
  const since = before.since ? new Date(before.since) : null
  return since && isAhead(since, now) ? now : since
}

/** The chain of the place that is looked at now, and those of the others. */
export function chainsAt(
  before: LookProgress | null | undefined,
  trail: TrailPlace,
  now: Date,
): { readonly digests: DigestProgress; readonly elsewhere: readonly ChainElsewhere[] } {
  if (!before) return { digests: noDigests, elsewhere: [] }
  const current = completed(before.digests, before.trail ?? trail)
  const kept = before.elsewhere ?? []
  if (!before.trail || isSamePlace(before.trail, trail)) return { digests: current, elsewhere: kept }
  const left = { place: placeId(before.trail), digests: withoutFindings(current) }
  const all = [left, ...kept].filter(({ digests }) => digests.verified.length > 0)
  const back = all.find(({ place }) => place === placeId(trail))
  const elsewhere = all
    .filter((chain) => chain !== back)
    .sort((a, b) => b.digests.verified.length - a.digests.verified.length)
    .slice(0, mostChains)
  // What was found tampered with stays so, wherever the trail delivers to by now.
  const { faults, dropped } = current
  const backAt = back ? now.toISOString() : null
  return { digests: { ...noDigests, ...back?.digests, faults, dropped, backAt }, elsewhere }
}

const withoutFindings = (digests: DigestProgress): DigestProgress => ({
  ...digests,
  faults: [],
  dropped: null,
})

/** An earlier Muster kept less, and faults of one bucket only. */
function completed(digests: DigestProgress, { bucket }: TrailPlace): DigestProgress {
  const faults = digests.faults.map((fault) => ({ ...fault, bucket: fault.bucket ?? bucket }))
  return { ...noDigests, ...digests, faults }
}
