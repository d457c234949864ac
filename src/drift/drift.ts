/** Drift: something is not as Muster left it, though Muster did not do it. Pure. */
import type { RecordedStep } from '../store/schema.ts'
import type { DriftStatus } from '../store/trail-tables.ts'
import { type DriftDetail, type DriftKind, type Remedy, ruleOf } from './kinds.ts'

/** What made Muster look. */
export type FoundBy = 'sweep' | 'event' | 'look'

/** One thing that differs, before anybody has set it right. */
export interface Difference {
  readonly kind: DriftKind
  /** The ARN of what drifted, wherever there is one. */
  readonly resource: string
  readonly detail: DriftDetail
}

export interface NewDrift extends Difference {
  /** Given where the same drift is written twice: before and after the calls that set it right. */
  readonly id?: string
  readonly accountId: string
  readonly identityId: string | null
  readonly employeeId: string | null
  readonly detectedAt: Date
  /** It was as Muster left it then; null when nobody had looked before. */
  readonly since: Date | null
  readonly foundBy: FoundBy
  readonly status: DriftStatus
  /** The run that sets it right. */
  readonly operationId: string | null
}

/** A drift of the account itself: its groups, policies, trails, and what Muster does not manage. */
export function accountDrift(
  difference: Difference,
  more: Pick<NewDrift, 'accountId' | 'detectedAt' | 'since' | 'foundBy'> &
    Partial<Pick<NewDrift, 'status' | 'operationId'>>,
): NewDrift {
  return {
    identityId: null,
    employeeId: null,
    status: statusAfter(difference, []),
    operationId: null,
    ...difference,
    ...more,
  }
}

/** One sentence. */
export const messageOf = ({ kind, detail }: Pick<Difference, 'kind' | 'detail'>) => ruleOf(kind).says(detail)

/** What of the resource it is about: with the kind, what makes two drifts of one resource different. */
export const subjectOf = ({ kind, detail }: Pick<Difference, 'kind' | 'detail'>) =>
  ruleOf(kind)
    .marks.filter((mark) => mark !== 'trailNames' && mark !== 'tagKeys')
    .map((mark) => String(detail[mark] ?? ''))
    .join(' ')

/**
 * How a difference stands after these steps: `open` as long as what sets it right is still to be done, also where the
 * run was stopped before it. A device that was taken away is answered where something hung on it; otherwise there is
 * nothing to set right.
 */
export function statusAfter(
  { kind, detail }: Pick<Difference, 'kind' | 'detail'>,
  steps: readonly Pick<RecordedStep, 'do' | 'params' | 'outcome'>[],
): DriftStatus {
  const remedies = ruleOf(kind).remedies(detail)
  const taken = steps.filter((step) => remedies.some((remedy) => isSame(step, remedy)))
  if (taken.some(isDone)) return 'repaired'
  const isAnswered = kind === 'mfa-removed' ? taken.length > 0 : remedies.length > 0
  return isAnswered ? 'open' : 'reported'
}

/** For so long after a write of our own, a read may still show what was before it. */
export const readLagMs = 60_000

/** An event of AWS's: that somebody else called IAM about the user. A hint, and never the truth. */
export interface Told {
  readonly eventName: string
  /** To the second, as CloudTrail has it. */
  readonly at: Date
  readonly groupName: string | null
  readonly policyArn: string | null
}

/**
 * Whether it may be our own doing, seen late: we took the step that sets it right a moment ago, so the read may
 * only lag behind that step. Not where an event since that step tells that somebody has done it again.
 *
 * @param lately what Muster did within `readLagMs`, done or not surely undone
 */
export function mayBeLag(
  difference: Pick<Difference, 'kind' | 'detail'>,
  lately: readonly Pick<RecordedStep, 'do' | 'params' | 'outcome' | 'startedAt'>[],
  told: readonly Told[] = [],
): boolean {
  const remedies = ruleOf(difference.kind).remedies(difference.detail)
  return lately.some(
    (step) =>
      step.outcome !== 'skipped' &&
      step.outcome !== 'planned' &&
      remedies.some((remedy) => isSame(step, remedy)) &&
      !told.some(
        (each) => step.startedAt && each.at >= new Date(step.startedAt) && tellsOf(each, difference),
      ),
  )
}

function tellsOf(told: Told, { kind, detail }: Pick<Difference, 'kind' | 'detail'>): boolean {
  const { events, marks } = ruleOf(kind)
  const named = (['groupName', 'policyArn'] as const).filter((mark) => marks.includes(mark))
  return events.includes(told.eventName) && named.every((mark) => told[mark] === detail[mark])
}

/** As what asked for a look is recorded, where that is neither HR nor anybody who decided something. */
export const sweepCause = 'sweep'
export const eventCause = (eventId: string) => `aws event ${eventId}`

/** From what asked for a look, as it is recorded. */
export function foundByOf(cause: string): FoundBy {
  if (cause === sweepCause) return 'sweep'
  return cause.startsWith(eventCause('')) ? 'event' : 'look'
}

const isDone = ({ outcome }: Pick<RecordedStep, 'outcome'>) => outcome === 'done' || outcome === 'already'

function isSame(step: Pick<RecordedStep, 'do' | 'params'>, { do: action, params }: Remedy): boolean {
  return step.do === action && Object.entries(params).every(([name, value]) => step.params[name] === value)
}
