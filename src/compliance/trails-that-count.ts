/** Judging trails: that some trail has what is asked for, or that every trail has it. */
import { type Fact, mapFact, type Unknown } from '../aws/fact.ts'
import type { TrailFacts } from '../trail/facts.ts'
import { rootArn } from './arns.ts'
import { type Evidence, type Finding, unknownVerdict, type Verdict, verdictOf } from './control.ts'
import { withFacts } from './facts-at-hand.ts'
import type { AccountSnapshot } from './snapshot.ts'

/** Whether a trail has it; a fact, since a member account may not read all of its organization's trail. */
export type TrailTest = (trail: TrailFacts, snapshot: AccountSnapshot, now: Date) => Fact<boolean>

/** One trail that has it suffices, and is named. `message`: what is missing when none has. */
export function someTrail(test: TrailTest, message: string) {
  return (snapshot: AccountSnapshot, now: Date): Verdict =>
    withFacts({ trails: snapshot.trails }, ({ trails }) => {
      const answers = trails.map((trail) => ({ trail, fact: test(trail, snapshot, now) }))
      const good = answers.find(({ fact }) => fact.known && fact.value)
      if (good) return verdictOf([], { ...aboutTrail(good.trail), trails: trails.length })
      const unsure = answers.flatMap(({ fact }) => (fact.known ? [] : [fact]))
      if (unsure.length > 0) return unknownVerdict(unsure)
      const looked = { trails: trails.map(({ arn }) => arn) }
      return verdictOf([{ resource: rootArn(snapshot), message, evidence: looked }], looked)
    })
}

export interface TrailFault {
  readonly message: string
  readonly evidence?: Evidence
}

/** What is wrong with a trail; null for nothing. */
export type FaultOf = (trail: TrailFacts, now: Date) => TrailFault | null | Unknown

/** Every trail of the account must have it, in whatever Region, and there must be one. `withoutTrail`: what is missing when there is none. */
export function everyTrail(faultOf: FaultOf, withoutTrail: string) {
  return (snapshot: AccountSnapshot, now: Date): Verdict =>
    withFacts({ trails: snapshot.trails }, ({ trails: ofIamRegion }) => {
      const { trailsElsewhere: elsewhere } = snapshot
      const trails = [...ofIamRegion, ...(elsewhere.known ? elsewhere.value : [])]
      const findings: Finding[] = []
      const unsure: Unknown[] = elsewhere.known ? [] : [elsewhere]
      for (const trail of trails) {
        const fault = faultOf(trail, now)
        if (fault === null) continue
        if ('known' in fault) unsure.push(fault)
        else
          findings.push({
            resource: trail.arn,
            message: fault.message,
            evidence: { ...aboutTrail(trail), ...fault.evidence },
          })
      }
      if (trails.length === 0)
        findings.push({ resource: rootArn(snapshot), message: withoutTrail, evidence: { trails: [] } })
      if (unsure.length > 0) return unknownVerdict(unsure, findings)
      return verdictOf(findings, { trails: trails.map(({ arn }) => arn) })
    })
}

/** True only if all are, false as soon as one is, whatever is not known of the others. */
export function all(...facts: readonly Fact<boolean>[]): Fact<boolean> {
  const decided = facts.find((fact) => fact.known && !fact.value) ?? facts.find((fact) => !fact.known)
  return decided ?? { known: true, value: true }
}

export const isLogging = (trail: TrailFacts) => mapFact(trail.status, (status) => status.isLogging)

function aboutTrail({ arn, name, homeRegion, isMultiRegion, isOrganization, status }: TrailFacts): Evidence {
  return {
    trail: arn,
    name,
    homeRegion,
    isMultiRegion,
    isOrganization,
    latestDeliveryAt: status.known ? (status.value.latestDeliveryAt?.toISOString() ?? null) : 'unknown',
  }
}
