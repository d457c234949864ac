/** What a control is: one check of the account, judged from a snapshot alone. */
import type { Unknown } from '../aws/fact.ts'
import type { AccountSnapshot } from './snapshot.ts'

export const practices = {
  'root-account': 'Use IAM users, not the root account',
  cloudtrail: 'CloudTrail is on',
  groups: 'Permissions through groups',
  'least-privilege': 'Least privilege',
  'password-policy': 'Strong password policy',
  'credential-rotation': 'Rotate credentials',
  mfa: 'Multi-factor authentication',
} as const

export type PracticeId = keyof typeof practices

export type Severity = 'critical' | 'high' | 'medium' | 'low'

/** Pure: no clock, no I/O, and it never throws. */
export interface Control {
  /** `root-access-keys`: in the report, in metrics, in exceptions; never to be changed. */
  readonly id: string
  readonly title: string
  readonly practice: PracticeId
  readonly severity: Severity
  /** What to do about a finding, in one or two sentences. */
  readonly remedy: string
  /** Names of published checks that ask the same; their numbers in benchmarks are in `published-checks.ts`. */
  readonly checks: readonly string[]
  /** Why no exception covers all that it finds, now and later; it may where this is left out. */
  readonly oneByOne?: string
  judge(snapshot: AccountSnapshot, now: Date): Verdict
}

export type Verdict =
  | { readonly status: 'pass'; readonly evidence: Evidence }
  | { readonly status: 'fail'; readonly findings: readonly Finding[]; readonly evidence: Evidence }
  | {
      readonly status: 'unknown'
      readonly reason: string
      readonly missingPermissions: readonly string[]
      /** What is bad for sure, though not all could be looked at. */
      readonly findings: readonly Finding[]
      readonly evidence: Evidence
    }

/** What was looked at, for an auditor: plain data, no secrets. */
export type Evidence = Readonly<Record<string, unknown>>

export interface Finding {
  /** An ARN, wherever there is one. With the control's id, what a finding is known by. */
  readonly resource: string
  /** One sentence, with the name of what it is about. */
  readonly message: string
  readonly evidence: Evidence
}

/** Pass without findings, fail with them. */
export function verdictOf(findings: readonly Finding[], evidence: Evidence): Verdict {
  return findings.length === 0 ? { status: 'pass', evidence } : { status: 'fail', findings, evidence }
}

/** What verdicts on parts of one question come to: open when one of them is, with all that was found. */
export function together(...verdicts: readonly Verdict[]): Verdict {
  const findings = verdicts.flatMap((verdict) => (verdict.status === 'pass' ? [] : verdict.findings))
  const evidence: Evidence = Object.assign({}, ...verdicts.map((verdict) => verdict.evidence))
  const open = verdicts.filter((verdict) => verdict.status === 'unknown')
  if (open.length > 0) {
    return {
      status: 'unknown',
      reason: [...new Set(open.map(({ reason }) => reason))].join('; '),
      missingPermissions: [...new Set(open.flatMap(({ missingPermissions }) => missingPermissions))].sort(),
      findings,
      evidence,
    }
  }
  return verdictOf(findings, evidence)
}

/** What could not be looked at. Findings that are sure all the same are kept. */
export function unknownVerdict(
  reasons: readonly Unknown[],
  findings: readonly Finding[] = [],
  evidence: Evidence = {},
): Verdict {
  return {
    status: 'unknown',
    reason: [...new Set(reasons.map(({ reason }) => reason))].join('; '),
    missingPermissions: [
      ...new Set(reasons.flatMap(({ missingPermission }) => missingPermission ?? [])),
    ].sort(),
    findings,
    evidence,
  }
}
