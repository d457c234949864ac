/** The dry run: what a reconcile would do now, without doing it. */
import { eq } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import type { Database } from '../store/open.ts'
import { identities } from '../store/schema.ts'
import { isOut } from './desired.ts'
import type { Desired, Observed, Plan } from './model.ts'
import { observe } from './observe.ts'
import { plan } from './plan.ts'
import { planInput } from './plan-input.ts'
import { type ReconcileContext, wanted } from './reconcile.ts'
import { registrationOf } from './registration.ts'
import { paramsOf } from './steps.ts'

export interface PlanPreview {
  readonly accountId: string
  readonly userName: string
  readonly desired: Desired
  readonly observed: Observed['kind']
  readonly steps: readonly { readonly do: string; readonly params: Readonly<Record<string, unknown>> }[]
  /** Why nothing, or not everything, would be done. */
  readonly blocked: string | null
}

export interface DryRun {
  /** @throws Problem 404; AwsCallError when IAM does not answer */
  planFor(employeeId: string): Promise<PlanPreview[]>
}

type DryRunContext = Pick<
  ReconcileContext,
  'account' | 'ledger' | 'registration' | 'roleAccess' | 'retentionDays' | 'rotation' | 'clock'
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
    const preview = plan(planInput(identity, want, observed, { ...context, now: context.clock() }))
    return [
      {
        accountId: identity.accountId,
        userName: identity.userName,
        desired: want,
        observed: observed.kind,
        steps: preview.steps.map((step) => ({ do: step.do, params: paramsOf(step) })),
        blocked: obstacle(want, preview),
      },
    ]
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

function obstacle(want: Desired, { conflict, unread }: Plan): string | null {
  if (want.kind === 'blocked') return want.reason
  if (conflict) return conflict
  return unread.length > 0 ? `IAM did not answer ${unread.join(', ')}` : null
}
