/** A report as it stands at a moment: with the exceptions that are in force then, and only while it is young enough. Pure. */
import { type Control, type PracticeId, practices } from './control.ts'
import {
  type ComplianceStatus,
  type ControlReport,
  describe,
  overallStatus,
  practiceIds,
  statusOf,
} from './evaluate.ts'

/** Somebody answers for a finding, until a day. */
export interface StandingException {
  readonly id: string
  readonly control: string
  /** As the finding names it; `*` for all of the control's. */
  readonly resource: string
  readonly reason: string
  readonly endsAt: Date
  readonly allowedBy: string
  /** Whether the last scan found anything that it covers. */
  readonly isUsed: boolean
}

export interface StandingControl extends ControlReport {
  readonly exceptedCount: number
  readonly exceptions: readonly StandingException[]
}

export interface StandingPractice {
  readonly id: PracticeId
  readonly title: string
  readonly status: ComplianceStatus
  readonly controls: readonly StandingControl[]
}

export const everyResource = '*'

/** A control all of whose findings are excepted does not fail: it passes, and says so. */
export function withExceptions(
  control: ControlReport,
  exceptions: readonly StandingException[],
): StandingControl {
  const own = exceptions.filter((exception) => exception.control === control.id)
  const { findingCount, status } = control
  const exceptedCount = own.some(({ resource }) => resource === everyResource)
    ? findingCount
    : own.filter(({ isUsed }) => isUsed).length
  const isAnsweredFor = status === 'fail' && findingCount > 0 && exceptedCount >= findingCount
  return {
    ...control,
    status: isAnsweredFor ? 'pass' : status,
    reason: isAnsweredFor ? 'somebody answers for everything that was found' : control.reason,
    exceptedCount: Math.min(exceptedCount, findingCount),
    exceptions: own,
  }
}

/** The exception that covers a finding; one for its very resource before one for all. */
export function exceptionOf(
  resource: string,
  exceptions: readonly StandingException[],
): StandingException | undefined {
  return (
    exceptions.find((exception) => exception.resource === resource) ??
    exceptions.find((exception) => exception.resource === everyResource)
  )
}

export const openFindings = ({ findingCount, exceptedCount }: StandingControl) => findingCount - exceptedCount

/** All practices, in their order, those without any control too. */
export function practicesOf(controls: readonly StandingControl[]): StandingPractice[] {
  return practiceIds.map((id) => {
    const own = controls.filter(({ practice }) => practice === id)
    const judged = own.map((control) => ({ status: control.status, openFindings: openFindings(control) }))
    return { id, title: practices[id], status: statusOf(judged), controls: own }
  })
}

export const overall = (parts: readonly { readonly status: ComplianceStatus }[]): ComplianceStatus =>
  overallStatus(parts.map(({ status }) => status))

/** Nothing of it may be taken for the present state any more. What was found is still listed. */
export function outdated(practices: readonly StandingPractice[], reason: string): StandingPractice[] {
  return practices.map((practice) => ({
    ...practice,
    status: 'unknown',
    controls: practice.controls.map((control) => ({ ...control, status: 'unknown', reason })),
  }))
}

/** Before the first scan. */
export function unscanned(controls: readonly Control[]): StandingPractice[] {
  return practicesOf(
    controls.map((control) => ({
      ...describe(control),
      status: 'unknown',
      findings: [],
      findingCount: 0,
      reason: 'the account has not been scanned yet',
      missingPermissions: [],
      evidence: {},
      exceptedCount: 0,
      exceptions: [],
    })),
  )
}
