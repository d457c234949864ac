/** Compliance as the API shows it: the report, its findings, scans, history and exceptions. */
import Type, { type Static } from 'typebox'
import { practices as practiceTitles } from '../../compliance/control.ts'
import { worded } from '../validation.ts'
import { anyObject, moment, nullableMoment, nullableText, oneOf, uuid } from './common.ts'

export const practiceIds = Object.keys(practiceTitles) as (keyof typeof practiceTitles)[]
export const severities = ['critical', 'high', 'medium', 'low'] as const
const statuses = ['compliant', 'non_compliant', 'unknown'] as const

const status = oneOf(
  statuses,
  '`unknown`, never `compliant`, when something could not be checked, is out of date, or a permission was missing.',
)

const exceptionMark = {
  id: uuid('The exception.'),
  reason: Type.String(),
  endsAt: moment(),
  allowedBy: Type.String(),
}

const exceptionOfFinding = Type.Unsafe<Static<typeof ExceptionMark> | null>({
  anyOf: [Type.Object(exceptionMark), { type: 'null' }],
  description: 'Who answers for it, and until when; null when nobody does.',
})
const ExceptionMark = Type.Object(exceptionMark)

const FoundSchema = Type.Object({
  resource: Type.String({ description: 'An ARN, wherever there is one.' }),
  message: Type.String(),
  evidence: anyObject('What was looked at.'),
  exception: exceptionOfFinding,
})

const ControlSchema = Type.Object({
  id: Type.String(),
  title: Type.String(),
  severity: oneOf(severities),
  status: oneOf(['pass', 'fail', 'unknown']),
  refs: Type.Object(
    { cis: Type.Array(Type.String()), fsbp: Type.Array(Type.String()) },
    {
      description:
        'Which published recommendations it answers to: numbers of the CIS AWS Foundations Benchmark 7.0, and of AWS Foundational Security Best Practices.',
    },
  ),
  remedy: Type.String({ description: 'What to do about a finding.' }),
  reason: nullableText({ description: 'Why it is unknown, or passes although something was found.' }),
  missingPermissions: Type.Array(Type.String(), {
    description: 'Actions to allow to Muster, so that it can look.',
  }),
  evidence: anyObject('What was looked at.'),
  findingCount: Type.Integer({ description: 'How many there are; `findings` has the first 50.' }),
  exceptedCount: Type.Integer({ description: 'For how many of them somebody answers.' }),
  findings: Type.Array(FoundSchema),
})

const PracticeSchema = Type.Object({
  id: oneOf(practiceIds),
  title: Type.String(),
  status,
  controls: Type.Array(ControlSchema),
})

const exceptionFields = {
  ...exceptionMark,
  control: Type.String(),
  resource: Type.String({ description: 'As the finding names it; `*` for all of the control.' }),
  createdAt: moment(),
  revokedAt: nullableMoment('When it was taken back; null while it was not.'),
  revokedBy: nullableText(),
  standing: Type.Boolean({ description: 'Whether it is in force now.' }),
}

export const ComplianceExceptionSchema = Type.Object(exceptionFields, {
  $id: 'ComplianceException',
  description: 'A finding that somebody answers for, until a day.',
})

const AccountComplianceSchema = Type.Object({
  accountId: Type.String(),
  status,
  takenAt: nullableMoment(
    'When the scan began: nothing is older, the credential report (up to four hours) apart.',
  ),
  evaluatedAt: nullableMoment(),
  ageSeconds: Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0 }),
  reason: nullableText({ description: 'Why nothing of it may be taken for the present state.' }),
  trailGate: Type.Object(
    {
      mode: oneOf(['enforce', 'warn'], '`warn`: access is granted whether CloudTrail is verified or not.'),
      isVerified: Type.Boolean(),
      reason: nullableText(),
      checkedAt: nullableMoment(),
    },
    { description: 'Whether access is granted only while CloudTrail is verifiably on.' },
  ),
  exceptions: Type.Array(
    Type.Object({
      ...exceptionMark,
      control: Type.String(),
      resource: Type.String(),
      isUsed: Type.Boolean({ description: 'Whether the last scan found anything that it covers.' }),
    }),
    { description: 'All that are in force.' },
  ),
  practices: Type.Array(PracticeSchema),
})

export const ComplianceSchema = Type.Object(
  {
    status,
    evaluatedAt: nullableMoment('Of the oldest of the reports; null before the first scan.'),
    accounts: Type.Array(AccountComplianceSchema),
  },
  { $id: 'Compliance', description: 'Compliance as the last scan found it, with its age.' },
)

export type ComplianceAnswer = Static<typeof ComplianceSchema>

export const ComplianceScanSchema = Type.Object(
  {
    id: uuid('The scan. Later ones have greater ids.'),
    accountId: Type.String(),
    requestedBy: Type.String({ description: '`schedule`, `trail gate`, or whoever asked.' }),
    requestedAt: moment(),
    status: oneOf(['queued', 'running', 'done', 'failed']),
    progress: Type.Unsafe<{ part: string; users: number; groups: number; policies: number } | null>({
      anyOf: [
        Type.Object({
          part: Type.String({ description: 'What is being read.' }),
          users: Type.Integer(),
          groups: Type.Integer(),
          policies: Type.Integer(),
        }),
        { type: 'null' },
      ],
      description: 'How much has been read so far.',
    }),
    calls: Type.Integer({ description: 'AWS calls made.' }),
    error: nullableText(),
    startedAt: nullableMoment(),
    finishedAt: nullableMoment(),
  },
  { $id: 'ComplianceScan', description: 'One look at everything.' },
)

export type ComplianceScanAnswer = Static<typeof ComplianceScanSchema>

export const ComplianceFindingSchema = Type.Object(
  {
    accountId: Type.String(),
    control: Type.String(),
    practice: oneOf(practiceIds),
    severity: oneOf(severities),
    resource: Type.String(),
    message: Type.String(),
    evidence: anyObject('What was looked at.'),
    firstSeenAt: moment(),
    lastSeenAt: moment('Earlier than the last scan where that could not look.'),
    exception: exceptionOfFinding,
  },
  { $id: 'ComplianceFinding', description: 'What a control says of one resource.' },
)

export type ComplianceFindingAnswer = Static<typeof ComplianceFindingSchema>

export const ComplianceHistorySchema = Type.Object(
  {
    accountId: Type.String(),
    practice: oneOf(practiceIds),
    at: moment(),
    status: oneOf(statuses),
    passed: Type.Integer({ description: 'Controls that pass.' }),
    failed: Type.Integer({ description: 'Controls that fail.' }),
    unknown: Type.Integer({ description: 'Controls that could not tell.' }),
    findings: Type.Integer({ description: 'Findings that nobody answers for.' }),
    excepted: Type.Integer({ description: 'Findings that somebody answers for.' }),
  },
  { $id: 'ComplianceHistory', description: 'A practice as it stood from then on.' },
)

export type ComplianceHistoryAnswer = Static<typeof ComplianceHistorySchema>

export const ExceptionBody = Type.Object(
  {
    control: Type.String({ minLength: 1, maxLength: 100, description: 'The id of a control.' }),
    resource: Type.String({
      minLength: 1,
      maxLength: 2048,
      pattern: worded('^[ -~]+$', 'must be printable ASCII, as ARNs are'),
      description: 'As the finding names it; `*` for all of the control.',
    }),
    reason: Type.Unsafe<string>({
      type: 'string',
      minLength: 1,
      maxLength: 1000,
      format: 'plain-text',
      description: 'Why it may stay as it is; shown with the finding.',
    }),
    endsAt: Type.Unsafe<string>({
      type: 'string',
      maxLength: 64,
      format: 'moment',
      description: 'A date-time with offset, or the end of a date; ahead, by a year at most.',
    }),
  },
  {
    additionalProperties: false,
    examples: [
      {
        control: 'root-hardware-mfa',
        resource: '*',
        reason: 'The hardware keys are ordered, ticket 4711',
        endsAt: '2027-01-31',
      },
    ],
  },
)
