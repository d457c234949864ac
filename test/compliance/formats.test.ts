import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { csvHead, csvLine } from '../../src/compliance/csv.ts'
import { evaluate } from '../../src/compliance/evaluate.ts'
import type { ExportRow } from '../../src/compliance/export.ts'
import { ocsfEvent } from '../../src/compliance/ocsf.ts'
import { practicesOf, type StandingException, withExceptions } from '../../src/compliance/standing.ts'
import type { FindingRow } from '../../src/compliance/store.ts'
import type { AccountView } from '../../src/compliance/view.ts'
import { snapshotWith, takenAt } from './blank-snapshot.ts'
import { complianceFindingSchema } from './ocsf-schema.ts'
import { attachedPolicies, rootKeys } from './tiny-controls.ts'

const exception: StandingException = {
  id: '01a20b19-98c8-7000-8b12-291508bfcd37',
  control: attachedPolicies.id,
  resource: '*',
  reason: 'until the migration',
  endsAt: new Date('2027-01-01T00:00:00Z'),
  allowedBy: 'admin',
  isUsed: true,
}

const findingOf = (resource: string, message: string): FindingRow => ({
  accountId: '123456789012',
  control: attachedPolicies.id,
  practice: attachedPolicies.practice,
  severity: attachedPolicies.severity,
  resource,
  message,
  evidence: {},
  firstSeenAt: new Date('2026-11-20T09:00:00Z'),
  lastSeenAt: takenAt,
})

/** A control that failed, with one of its findings; without one, a control that passed or could not tell. */
function rowOf(
  status: 'pass' | 'fail' | 'unknown',
  finding: FindingRow | null,
  by?: StandingException,
): ExportRow {
  const judge = {
    pass: () => ({ status: 'pass' as const, evidence: {} }),
    fail: () => ({ status: 'fail' as const, findings: finding ? [finding] : [], evidence: {} }),
    unknown: () => ({
      status: 'unknown' as const,
      reason: 'Muster may not call iam:GetAccountSummary',
      missingPermissions: ['iam:GetAccountSummary'],
      findings: finding ? [finding] : [],
      evidence: {},
    }),
  }[status]
  const source = finding ? attachedPolicies : rootKeys
  const [control] = evaluate(snapshotWith(), [{ ...source, judge }], takenAt).controls
  assert.ok(control)
  const standing = withExceptions(control, by ? [by] : [])
  const practices = practicesOf([standing])
  const practice = practices.find(({ id }) => id === source.practice)
  assert.ok(practice)
  const account: AccountView = {
    accountId: '123456789012',
    partition: 'aws',
    status: practice.status,
    takenAt,
    evaluatedAt: takenAt,
    ageSeconds: 0,
    reason: null,
    trailGate: { mode: 'enforce', isVerified: true, reason: null, checkedAt: null },
    exceptions: by ? [by] : [],
    practices,
  }
  return { account, practice, control: standing, finding, exception: by }
}

const ada = findingOf('arn:aws:iam::123456789012:user/ada', 'ada carries a policy.')
const rows: Readonly<Record<string, ExportRow>> = {
  'a finding': rowOf('fail', ada),
  'an excepted finding': rowOf('fail', ada, exception),
  'a control that passes': rowOf('pass', null),
  'a control that cannot tell': rowOf('unknown', null),
}

/** RFC 4180, read back. */
function cellsOf(line: string): string[] {
  assert.ok(line.endsWith('\r\n'))
  return [...line.matchAll(/"((?:[^"]|"")*)"(?:,|\r\n$)/g)].map(([, cell = '']) => cell.replaceAll('""', '"'))
}
const columns = cellsOf(csvHead())
const recordOf = (row: ExportRow) =>
  Object.fromEntries(cellsOf(csvLine(row)).map((cell, i) => [columns[i], cell]))

test('CSV has a line for each finding, with who answers for it', () => {
  const { control, status, resource, finding, excepted_until, exception_allowed_by, cis, first_seen_at } =
    recordOf(rows['an excepted finding'] as ExportRow)
  assert.deepEqual(
    { control, status, resource, finding, excepted_until, exception_allowed_by, cis, first_seen_at },
    {
      control: 'test-attached-policies',
      status: 'pass',
      resource: ada.resource,
      finding: 'ada carries a policy.',
      excepted_until: '2027-01-01T00:00:00.000Z',
      exception_allowed_by: 'admin',
      cis: '2.13',
      first_seen_at: '2026-11-20T09:00:00.000Z',
    },
  )
})

test('CSV has a line for each control without findings, and names the permission that is missing', () => {
  const { control, status, resource, missing_permissions } = recordOf(
    rows['a control that cannot tell'] as ExportRow,
  )
  assert.deepEqual(
    { control, status, resource, missing_permissions },
    {
      control: 'test-root-keys',
      status: 'unknown',
      resource: '',
      missing_permissions: 'iam:GetAccountSummary',
    },
  )
})

test('OCSF: what was found is a failure though its control could not be checked wholly, and nothing by an old report', () => {
  const statusOf = (row: ExportRow) =>
    (ocsfEvent(row, '0.1.0') as { compliance: { status: string } }).compliance.status
  const partly = rowOf('unknown', ada)
  assert.equal(partly.practice.status, 'non_compliant')
  assert.equal(statusOf(partly), 'Fail')
  assert.equal(
    statusOf({ ...partly, account: { ...partly.account, reason: 'it is out of date' } }),
    'Warning',
  )
})

test('CSV and OCSF say whether access is given only while CloudTrail is verified, and whether it is', () => {
  const of = (row: ExportRow) => {
    const { trail_gate, trail_verified, trail_reason } = recordOf(row)
    const { unmapped } = ocsfEvent(row, '0.1.0') as { unmapped: Record<string, object> }
    return { csv: [trail_gate, trail_verified, trail_reason], ocsf: unmapped.trail_gate }
  }
  const row = rowOf('pass', null)
  assert.deepEqual(of(row), {
    csv: ['enforce', 'true', ''],
    ocsf: { mode: 'enforce', is_verified: true, reason: null },
  })
  const reason = 'trail main is stopped: start its logging'
  const trailGate = { mode: 'warn', isVerified: false, reason, checkedAt: null } as const
  assert.deepEqual(of({ ...row, account: { ...row.account, trailGate } }), {
    csv: ['warn', 'false', reason],
    ocsf: { mode: 'warn', is_verified: false, reason },
  })
})

test('whatever others named their things, CSV gives it back, and no cell is a formula', () => {
  const evil = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '"a",b\r\n', '＝1+1'),
  )
  fc.assert(
    fc.property(evil, evil, (resource, message) => {
      const record = recordOf(rowOf('fail', findingOf(resource, message)))
      for (const [cell, wanted] of [
        [record.resource, resource],
        [record.finding, message],
      ]) {
        assert.ok(cell === wanted || cell === `'${wanted}`)
        assert.doesNotMatch(cell ?? '', /^\s*[=+\-@＝＋－＠]/)
      }
    }),
  )
})

const validate = new Ajv2020({ allErrors: true }).compile(complianceFindingSchema)

for (const [what, row] of Object.entries(rows)) {
  test(`${what} is a Compliance Finding of OCSF`, () => {
    const event = JSON.parse(JSON.stringify(ocsfEvent(row, '0.1.0')))
    assert.ok(validate(event), JSON.stringify(validate.errors, null, 2))
  })
}

test('an event of OCSF says how the check ended, how bad it is, and what became of it', () => {
  // biome-ignore lint/suspicious/noExplicitAny: held against the schema above
  const eventOf = (what: string) => ocsfEvent(rows[what] as ExportRow, '0.1.0') as any
  const told = (what: string) => {
    const { compliance, severity_id, status_id } = eventOf(what)
    return [compliance.status_id, severity_id, status_id]
  }
  assert.deepEqual(told('a finding'), [3, 4, 1])
  assert.deepEqual(told('an excepted finding'), [3, 4, 3])
  assert.deepEqual(told('a control that passes'), [1, 1, 4])
  assert.deepEqual(told('a control that cannot tell'), [2, 5, 1])
  const { finding_info, resources, compliance, cloud } = eventOf('a finding')
  assert.equal(finding_info.uid, `123456789012/test-attached-policies/${ada.resource}`)
  assert.deepEqual(resources, [{ uid: ada.resource, type: 'AWS::IAM::User', cloud_partition: 'aws' }])
  assert.deepEqual(compliance.requirements, ['CIS AWS Foundations Benchmark 7.0 2.13'])
  assert.equal(cloud.account.uid, '123456789012')
  assert.deepEqual(eventOf('a control that cannot tell').compliance.status_details, [
    'Muster may not call iam:GetAccountSummary',
    'missing permission: iam:GetAccountSummary',
  ])
})
