/** What of a run's outcome others want to hear. */

import { type NotedDrift, noticesOfDrifts } from '../drift/record.ts'
import type { Notice, NoticeType } from '../notify/announce.ts'
import type { IdentityState } from '../store/schema.ts'
import type { Outcome } from './ledger-model.ts'

const noticeOfState: Partial<Record<IdentityState, NoticeType>> = {
  locked: 'identity.locked',
  deleted: 'identity.purged',
  blocked: 'identity.blocked',
  conflict: 'identity.conflict',
}

/** An identity whose state is another one than before. */
export interface StateChange {
  readonly identityId: string
  readonly employeeId: string
  readonly accountId: string
  readonly userName: string
  readonly state: IdentityState
  readonly reason: string | null
}

/** Nothing for states that are nobody's business. */
export function noticesOfStates(changes: readonly StateChange[], at: Date): Notice[] {
  return changes.flatMap(({ employeeId, state, ...data }) => {
    const type = noticeOfState[state]
    return type ? [{ type, at, employeeId, data }] : []
  })
}

/** Credentials end by rules of age and use too, and each such end is announced as what it is. */
const hasNoticeOfItsOwn = /LoginProfile|AccessKey|MFADevice/

/** What the run itself tells, whatever becomes of the state; and what it found that was not Muster's doing. */
export function noticesOfRun(
  { operation, notices = [] }: Outcome,
  drifts: readonly NotedDrift[],
): readonly Notice[] {
  const mended = (operation?.steps ?? [])
    .filter((step) => step.outcome === 'done' && !hasNoticeOfItsOwn.test(step.do))
    .map((step) => step.do)
  return [...noticesOfDrifts(drifts, mended), ...notices]
}

/** Whether there may be anything to tell; only then does writing it down cost more. */
export const mayBeNews = (outcome: Outcome) =>
  noticeOfState[outcome.state] !== undefined || (outcome.notices ?? []).length > 0
