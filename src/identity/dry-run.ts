/** The dry run: what a reconcile would do now, without doing it. */
import { isDeepStrictEqual } from 'node:util'
import { eq } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import type { Database } from '../store/open.ts'
import { identities } from '../store/schema.ts'
import { asGiven, catalogIsOnItsWay, waitsForCatalog, withoutCatalog } from './catalog-wait.ts'
import { isOut } from './desired.ts'
import type { LoadedIdentity } from './ledger-model.ts'
import type { Desired, Observed, Plan, Step } from './model.ts'
import { observe } from './observe.ts'
import { plan } from './plan.ts'
import { withoutGrants } from './plan-gated.ts'
import { givenTo, isGiven, planInput } from './plan-input.ts'
import { wanted } from './reconcile.ts'
import type { ReconcileContext } from './reconcile-context.ts'
import { registrationOf } from './registration.ts'
import { paramsOf } from './steps.ts'

export interface PlanPreview {
  readonly accountId: string
  readonly userName: string
  readonly desired: Desired
  readonly observed: Observed['kind']
  readonly steps: readonly StepPreview[]
  /** What comes when the trail gate opens, or a new catalog is there: with what is given, whatever is taken for it. */
  readonly waiting: readonly StepPreview[]
  /** Why nothing, or not everything, would be done. */
  readonly blocked: string | null
  /** That it would give something although CloudTrail is not verified, where the gate only warns. */
  readonly warning: string | null
}

interface StepPreview {
  readonly do: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface DryRun {
  /** @throws Problem 404; AwsCallError when IAM does not answer */
  planFor(employeeId: string): Promise<PlanPreview[]>
}

type DryRunContext = Pick<
  ReconcileContext,
  | 'account'
  | 'ledger'
  | 'registration'
  | 'roleAccess'
  | 'catalogHash'
  | 'mode'
  | 'retentionDays'
  | 'rotation'
  | 'trailGate'
  | 'clock'
>

export function createDryRun(db: Database, context: DryRunContext): DryRun {
  async function preview(identityId: string): Promise<PlanPreview[]> {
    const [identity] = await context.ledger.peek([identityId])
    if (!identity) return []
    const want = wanted(identity, context)
    const registration = registrationOf(identity, context.registration)
    const observed = await observe(
      { ...identity, tags: registration.tags, begunAt: identity.touchedAt },
      { account: context.account, everything: isOut(want) },
    )
    const planFor = (desired: Desired) =>
      plan(planInput(identity, desired, observed, { ...context, now: context.clock() }))
    const whole = planFor(want)
    const waits = waitsForCatalog(identity, want, context)
    const now = waits
      ? meanwhile(identity, observed, planFor(asGiven(want, identity, context.registration)))
      : withoutGrants(whole, observed, givenTo(identity), context.registration)
    const closed = now === whole ? null : await context.trailGate.closedBecause()
    const heldBy = closed ?? (waits ? catalogIsOnItsWay : null)
    return [
      {
        accountId: identity.accountId,
        userName: identity.userName,
        desired: want,
        observed: observed.kind,
        steps: (heldBy === null ? whole : now).steps.map(shown),
        waiting: heldBy === null ? [] : whole.steps.filter((step) => !isIn(now, step)).map(shown),
        blocked: obstacle(want, whole) ?? heldBy,
        warning: now === whole ? null : await context.trailGate.warning(),
      },
    ]
  }
  function meanwhile(identity: LoadedIdentity, observed: Observed, given: Plan): Plan {
    return isGiven(identity)
      ? withoutCatalog(given, observed, identity, context.registration)
      : { ...given, steps: [] }
  }
  return {
    async planFor(employeeId) {
      const found = await db
        .select({ id: identities.id })
        .from(identities)
        .where(eq(identities.employeeId, employeeId))
      if (found.length === 0)
        throw new Problem(404, 'no-such-employee', `there is no employee "${employeeId}"`)
      return (await Promise.all(found.map(({ id }) => preview(id)))).flat()
    },
  }
}

const shown = (step: Step): StepPreview => ({ do: step.do, params: paramsOf(step) })

const isIn = ({ steps }: Plan, step: Step) => steps.some((each) => isDeepStrictEqual(each, step))

function obstacle(want: Desired, { conflict, unread }: Plan): string | null {
  if (want.kind === 'blocked') return want.reason
  if (conflict) return conflict
  return unread.length > 0 ? `IAM did not answer ${unread.join(', ')}` : null
}
