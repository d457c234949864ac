/**
 * The report as events of the Open Cybersecurity Schema Framework, for a SIEM: one Compliance Finding for each finding,
 * and one for each control without any. Pure. https://schema.ocsf.io/1.8.0/classes/compliance_finding
 */
import type { Severity } from './control.ts'
import type { ExportRow } from './export.ts'

const schemaVersion = '1.8.0'

const severities = {
  low: { severity_id: 2, severity: 'Low' },
  medium: { severity_id: 3, severity: 'Medium' },
  high: { severity_id: 4, severity: 'High' },
  critical: { severity_id: 5, severity: 'Critical' },
} as const satisfies Record<Severity, object>

const informational = { severity_id: 1, severity: 'Informational' } as const

/** Whether the check passed; `Warning` is "did not yield a result due to missing information". */
const outcomes = {
  pass: { status_id: 1, status: 'Pass' },
  unknown: { status_id: 2, status: 'Warning' },
  fail: { status_id: 3, status: 'Fail' },
} as const

/** What became of the finding. */
const states = {
  new: { status_id: 1, status: 'New' },
  suppressed: { status_id: 3, status: 'Suppressed' },
  resolved: { status_id: 4, status: 'Resolved' },
} as const

/** @param productVersion Muster's own */
export function ocsfEvent(row: ExportRow, productVersion: string): object {
  const { account, practice, control, finding, exception } = row
  const { accountId, partition, trailGate } = account
  const seenAt = finding?.lastSeenAt ?? account.takenAt ?? new Date(0)
  const resource = finding?.resource ?? `arn:${partition}:iam::${accountId}:root`
  // What was found is sure, though the rest of its control may not be known; of a report that is out of date nothing is.
  const outcome = finding && account.reason === null ? 'fail' : control.status
  const isOpen = control.status !== 'pass' || finding !== null
  const state = exception ? states.suppressed : isOpen ? states.new : states.resolved
  return {
    class_uid: 2003,
    class_name: 'Compliance Finding',
    category_uid: 2,
    category_name: 'Findings',
    activity_id: 1,
    activity_name: 'Create',
    type_uid: 200301,
    type_name: 'Compliance Finding: Create',
    time: seenAt.getTime(),
    ...(isOpen ? severities[control.severity] : informational),
    ...state,
    message: finding?.message ?? control.title,
    metadata: {
      version: schemaVersion,
      profiles: ['cloud'],
      product: { name: 'Muster', uid: 'muster', vendor_name: 'Muster', version: productVersion },
    },
    finding_info: {
      uid: [accountId, control.id, ...(finding ? [finding.resource] : [])].join('/'),
      title: control.title,
      desc: finding?.message ?? control.reason ?? control.title,
      types: [practice.title],
      ...(finding
        ? {
            first_seen_time: finding.firstSeenAt.getTime(),
            last_seen_time: finding.lastSeenAt.getTime(),
          }
        : {}),
    },
    compliance: {
      control: control.id,
      ...outcomes[outcome],
      standards: standardsOf(row),
      requirements: [
        ...control.refs.cis.map((number) => `CIS AWS Foundations Benchmark 7.0 ${number}`),
        ...control.refs.fsbp,
      ],
      status_details: [
        ...(control.reason ? [control.reason] : []),
        ...control.missingPermissions.map((action) => `missing permission: ${action}`),
        ...(exception ? [`excepted until ${exception.endsAt.toISOString()}: ${exception.reason}`] : []),
      ],
    },
    resources: [{ uid: resource, type: typeOf(resource), cloud_partition: partition }],
    cloud: { provider: 'AWS', account: { uid: accountId, type: 'AWS Account', type_id: 10 } },
    remediation: { desc: control.remedy },
    // OCSF has no attribute for it, and whoever reads only this has to hear of it, too.
    unmapped: {
      trail_gate: {
        mode: trailGate.mode,
        is_verified: trailGate.isVerified,
        reason: trailGate.reason,
      },
    },
  }
}

/** Muster's own practices where nobody published the check. */
function standardsOf({ control: { refs } }: ExportRow): string[] {
  const standards = [
    ...(refs.cis.length > 0 ? ['CIS AWS Foundations Benchmark 7.0'] : []),
    ...(refs.fsbp.length > 0 ? ['AWS Foundational Security Best Practices'] : []),
  ]
  return standards.length > 0 ? standards : ['Muster practices']
}

/** `arn:aws:iam::123456789012:user/muster/ada` as `AWS::IAM::User`. */
function typeOf(arn: string): string {
  const [, , service = '', , , rest = ''] = arn.split(':')
  if (service === 's3') return 'AWS::S3::Bucket'
  const kind = rest.split('/')[0] ?? ''
  const known = types[`${service}:${kind}`]
  return known ?? (kind === 'root' || service === '' ? 'AWS::::Account' : `AWS::${service}::${kind}`)
}

const types: Readonly<Record<string, string>> = {
  'iam:user': 'AWS::IAM::User',
  'iam:group': 'AWS::IAM::Group',
  'iam:policy': 'AWS::IAM::ManagedPolicy',
  'iam:role': 'AWS::IAM::Role',
  'iam:server-certificate': 'AWS::IAM::ServerCertificate',
  'iam:saml-provider': 'AWS::IAM::SAMLProvider',
  'cloudtrail:trail': 'AWS::CloudTrail::Trail',
  'iam:password-policy': 'AWS::::Account',
}
