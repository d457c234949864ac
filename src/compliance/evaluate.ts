/**
 * From a snapshot to a report: every control judges it, and practices follow from their controls. Pure.
 *
 * What could not be checked is `unknown`, never `compliant`.
 */
import {
  type Control,
  type Evidence,
  type Finding,
  type PracticeId,
  practices,
  type Severity,
  type Verdict,
} from './control.ts'
import { publishedChecks, type References } from './published-checks.ts'
import type { AccountSnapshot } from './snapshot.ts'

export type ComplianceStatus = 'compliant' | 'non_compliant' | 'unknown'

/** One account as its controls judged it, exceptions apart. Moments are RFC 3339. */
export interface Report {
  readonly accountId: string
  readonly partition: string
  /** Nothing in it is older, the credential report apart. */
  readonly takenAt: string
  readonly evaluatedAt: string
  readonly controls: readonly ControlReport[]
}

export interface ControlReport {
  readonly id: string
  readonly title: string
  readonly practice: PracticeId
  readonly severity: Severity
  readonly remedy: string
  readonly refs: References
  readonly status: Verdict['status']
  readonly findings: readonly Finding[]
  /** All there are, whether they are listed or not. */
  readonly findingCount: number
  /** Why it is unknown. */
  readonly reason: string | null
  readonly missingPermissions: readonly string[]
  readonly evidence: Evidence
}

export function evaluate(snapshot: AccountSnapshot, controls: readonly Control[], now: Date): Report {
  return {
    accountId: snapshot.accountId,
    partition: snapshot.partition,
    takenAt: snapshot.takenAt.toISOString(),
    evaluatedAt: now.toISOString(),
    controls: controls.map((control) => reportOf(control, judgement(control, snapshot, now))),
  }
}

/** A control that fails to judge leaves the others, and its own status unknown. */
function judgement(control: Control, snapshot: AccountSnapshot, now: Date): Verdict {
  try {
    return control.judge(snapshot, now)
  } catch (error) {
    return {
      status: 'unknown',
      reason: `a defect of Muster: the control could not judge (${(error as Error).message})`,
      missingPermissions: [],
      findings: [],
      evidence: {},
    }
  }
}

function reportOf(control: Control, verdict: Verdict): ControlReport {
  const findings = verdict.status === 'pass' ? [] : onePerResource(verdict.findings)
  const isUnknown = verdict.status === 'unknown'
  return {
    ...describe(control),
    status: verdict.status,
    findings,
    findingCount: findings.length,
    reason: isUnknown ? verdict.reason : null,
    missingPermissions: isUnknown ? verdict.missingPermissions : [],
    evidence: verdict.evidence,
  }
}

/** A finding is known by its resource: two of one resource are told as one, in the order of resources. */
function onePerResource(findings: readonly Finding[]): Finding[] {
  const byResource = new Map<string, Finding>()
  for (const finding of findings) {
    const { resource, message, evidence } = finding
    const other = byResource.get(resource)
    byResource.set(
      resource,
      other
        ? { resource, message: `${other.message} ${message}`, evidence: { ...other.evidence, ...evidence } }
        : finding,
    )
  }
  return [...byResource.values()].sort((a, b) => (a.resource < b.resource ? -1 : 1))
}

/** What of a control is told in every report. */
export function describe({ id, title, practice, severity, remedy, checks }: Control) {
  return { id, title, practice, severity, remedy, refs: referencesOf(checks) }
}

function referencesOf(checks: readonly string[]): References {
  const all = checks.flatMap((check) => publishedChecks[check] ?? [])
  const sorted = (numbers: readonly string[]) =>
    [...new Set(numbers)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return { cis: sorted(all.flatMap(({ cis }) => cis)), fsbp: sorted(all.flatMap(({ fsbp }) => fsbp)) }
}

/** What of a control decides about its practice. */
export interface Judged {
  readonly practice: PracticeId
  readonly status: Verdict['status']
  /** Findings that nobody answers for. */
  readonly openFindings: number
}

/**
 * What is bad for sure decides, then what is not known. A practice that no control has looked at is unknown: an
 * empty list proves nothing.
 */
export function statusOf(judged: readonly Pick<Judged, 'status' | 'openFindings'>[]): ComplianceStatus {
  if (judged.some(({ status, openFindings }) => status === 'fail' || openFindings > 0)) return 'non_compliant'
  if (judged.length === 0 || judged.some(({ status }) => status === 'unknown')) return 'unknown'
  return 'compliant'
}

/** The same over practices, or accounts. */
export function overallStatus(statuses: readonly ComplianceStatus[]): ComplianceStatus {
  if (statuses.includes('non_compliant')) return 'non_compliant'
  return statuses.length === 0 || statuses.includes('unknown') ? 'unknown' : 'compliant'
}

export const practiceIds = Object.keys(practices) as PracticeId[]
