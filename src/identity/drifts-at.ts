/** What a run finds that differs, and what of it was not Muster's doing. */

import { unlessAhead } from '../clock.ts'
import { foundByOf, type NewDrift, readLagMs, statusAfter } from '../drift/drift.ts'
import { newId } from '../store/ids.ts'
import { differencesOf, driftsOf, suspectsOf, type UserInput } from './drift.ts'
import type { ReconcileContext } from './reconcile-context.ts'
import { registrationOf } from './registration.ts'
import type { Run } from './run.ts'
import { paramsOf } from './steps.ts'

type Context = Pick<ReconcileContext, 'account' | 'registration' | 'rotation' | 'ledger' | 'toldSince'>

/** Whose doing it was is decided at the first look, before anything is done about it. */
export async function driftsAt(
  run: Run,
  { account, registration, rotation, ledger, toldSince }: Context,
  round: number,
): Promise<Pick<Run, 'drifts' | 'differences'>> {
  const { identity, want, observed, denied, startedAt, operationId } = run
  const input: UserInput = {
    identity,
    want,
    observed,
    registration: registrationOf(identity, registration),
    partition: account.partition,
    rotation,
    now: startedAt,
  }
  const differences = differencesOf(input)
  if (round > 1 || suspectsOf(input).length === 0) return { drifts: run.drifts, differences }
  const since = new Date(startedAt.getTime() - readLagMs)
  const touchedAt = unlessAhead(identity.touchedAt, startedAt)
  const wasTouched = touchedAt !== null && touchedAt >= since
  const lately = [...(denied?.steps ?? []), ...(wasTouched ? await ledger.stepsSince(identity, since) : [])]
  const told = await toldSince(identity, since)
  const planned = run.plan.steps.map((step) => ({
    do: step.do,
    params: paramsOf(step),
    outcome: 'planned' as const,
  }))
  const drifts = driftsOf({ ...input, lately, told }).map((difference): NewDrift => {
    const status = statusAfter(difference, planned)
    return {
      ...difference,
      id: newId(),
      accountId: identity.accountId,
      identityId: identity.id,
      employeeId: identity.employeeId,
      detectedAt: startedAt,
      // A moment that is yet to come says nothing of when it was still as before.
      since: unlessAhead(identity.settledAt, startedAt),
      foundBy: foundByOf(identity.cause),
      status,
      operationId: status === 'open' ? operationId : null,
    }
  })
  return { drifts, differences }
}
