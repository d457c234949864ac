/** Whether CloudTrail is on, by what CloudTrail says of itself. Pure. */
import type { Fact } from '../aws/fact.ts'
import type { TrailFacts } from './facts.ts'
import { recordsIam } from './selectors.ts'

export interface Verification {
  readonly isVerified: boolean
  /** The trail that is good enough. */
  readonly trailArn: string | null
  /** What is wrong with every trail, and what to do; null when verified. */
  readonly reason: string | null
}

/**
 * At least one trail must be multi-Region, logging now, and record every management event of IAM and STS. What
 * is not known is not verified.
 */
export function verifyTrails(trails: Fact<readonly TrailFacts[]>): Verification {
  if (!trails.known) return refusal(`${trails.reason}: nobody knows whether a trail is on`)
  const good = trails.value.find((trail) => faultOf(trail) === null)
  if (good) return { isVerified: true, trailArn: good.arn, reason: null }
  if (trails.value.length === 0) {
    return refusal('there is no trail: make a multi-Region trail, and start its logging')
  }
  return refusal(
    trails.value.map((trail) => `trail ${trail.name} ${faultOf(trail)}${wayOut(trail)}`).join('; '),
  )
}

/** The trail whose log files are to be read: one that is good enough, or else whatever comes nearest to it. */
export function trailToRead(trails: Fact<readonly TrailFacts[]>): TrailFacts | undefined {
  if (!trails.known) return undefined
  const isLogging = ({ status }: TrailFacts) => status.known && status.value.isLogging
  const { value } = trails
  return (
    value.find((trail) => faultOf(trail) === null) ??
    value.find((trail) => trail.isMultiRegion && isLogging(trail)) ??
    value.find(({ isMultiRegion }) => isMultiRegion) ??
    value[0]
  )
}

function refusal(reason: string): Verification {
  return { isVerified: false, trailArn: null, reason }
}

/**
 * An organization's trail is another account's, and CloudTrail may refuse to tell a member of it, whatever the member's
 * own policies allow.
 */
function wayOut({ isOrganization, status, selectors }: TrailFacts): string {
  return isOrganization && !(status.known && selectors.known)
    ? " (an organization's trail may tell its own account alone: then make a multi-Region trail in this account, too)"
    : ''
}

/** What keeps this trail from being good enough, as the rest of a sentence; null when nothing does. */
export function faultOf({
  isMultiRegion,
  includesGlobalServices,
  status,
  selectors,
}: TrailFacts): string | null {
  if (!isMultiRegion) return 'records one Region only: make it multi-Region (UpdateTrail)'
  if (!includesGlobalServices) return 'leaves out global services, IAM among them: include them (UpdateTrail)'
  if (!status.known) return `does not tell whether it is logging: ${status.reason}`
  if (!status.value.isLogging) return 'is stopped: start its logging (StartLogging)'
  if (!selectors.known) return `does not tell what it records: ${selectors.reason}`
  const { blindTo } = recordsIam(selectors.value)
  return blindTo.length > 0
    ? `does not record ${blindTo.join(', ')}: mend its selectors (PutEventSelectors)`
    : null
}
