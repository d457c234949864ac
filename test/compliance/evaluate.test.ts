import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { known, unknown } from '../../src/aws/fact.ts'
import type { Control, Verdict } from '../../src/compliance/control.ts'
import { evaluate } from '../../src/compliance/evaluate.ts'
import {
  outdated,
  overall,
  practicesOf,
  type StandingException,
  unscanned,
  withExceptions,
} from '../../src/compliance/standing.ts'
import { snapshotWith, takenAt } from './blank-snapshot.ts'
import { rootKeys, tinyControls } from './tiny-controls.ts'

const controlSaying = (verdict: Verdict, more: Partial<Control> = {}): Control => ({
  ...rootKeys,
  judge: () => verdict,
  ...more,
})
const finding = (resource: string) => ({
  resource,
  message: `${resource} is bad.`,
  evidence: { [resource]: 1 },
})
const pass: Verdict = { status: 'pass', evidence: {} }
const fail = (...resources: string[]): Verdict => ({
  status: 'fail',
  findings: resources.map(finding),
  evidence: {},
})
const cannotTell = (...resources: string[]): Verdict => ({
  status: 'unknown',
  reason: 'may not look',
  missingPermissions: ['iam:GetAccountSummary'],
  findings: resources.map(finding),
  evidence: { statementsToAdd: ['all of it'] },
})
const judged = (verdict: Verdict) => {
  const [control] = evaluate(snapshotWith(), [controlSaying(verdict)], takenAt).controls
  assert.ok(control)
  return control
}
const exception = (resource: string, isUsed = true): StandingException => ({
  id: '01a20b19-98c8-7000-8b12-291508bfcd37',
  control: rootKeys.id,
  resource,
  reason: 'why',
  endsAt: takenAt,
  allowedBy: 'admin',
  isUsed,
})
const practiceStatus = (verdict: Verdict, exceptions: readonly StandingException[] = []) =>
  practicesOf([withExceptions(judged(verdict), exceptions)]).find(({ id }) => id === 'root-account')?.status

test('a report has every control with its verdict, its numbers, and the permissions that are missing', () => {
  const summary = unknown('Muster may not call iam:GetAccountSummary', 'iam:GetAccountSummary')
  const report = evaluate(snapshotWith({ summary }), tinyControls, takenAt)
  assert.deepEqual(
    report.controls.map(({ id, status }) => [id, status]),
    [
      ['test-root-keys', 'unknown'],
      ['test-attached-policies', 'unknown'],
      ['test-devices', 'unknown'],
    ],
  )
  const [control] = report.controls
  assert.deepEqual(control?.missingPermissions, ['iam:GetAccountSummary'])
  assert.equal(control?.reason, 'Muster may not call iam:GetAccountSummary')
  assert.deepEqual(control?.refs, { cis: ['2.4'], fsbp: ['IAM.4'] })
})

test('what is open says with what it would be settled', () => {
  assert.deepEqual(judged(cannotTell()).evidence, { statementsToAdd: ['all of it'] })
})

test('a control that breaks is unknown, and the others are judged all the same', () => {
  const broken: Control = {
    ...rootKeys,
    id: 'broken',
    judge() {
      throw new TypeError('no such thing')
    },
  }
  const summary = known({ rootHasMfa: true, rootAccessKeys: 0, entries: {} })
  const { controls } = evaluate(snapshotWith({ summary }), [broken, rootKeys], takenAt)
  assert.deepEqual(
    controls.map(({ status }) => status),
    ['unknown', 'pass'],
  )
  assert.match(controls[0]?.reason ?? '', /no such thing/)
})

test('what is said twice of one resource is one finding', () => {
  const { findings, findingCount } = judged(fail('b', 'a', 'b'))
  assert.equal(findingCount, 2)
  assert.deepEqual(
    findings.map(({ resource, message }) => [resource, message]),
    [
      ['a', 'a is bad.'],
      ['b', 'b is bad. b is bad.'],
    ],
  )
})

test('a practice is compliant only when everything was looked at and nothing is bad', () => {
  assert.equal(practiceStatus(pass), 'compliant')
  assert.equal(practiceStatus(fail('a')), 'non_compliant')
  assert.equal(practiceStatus(cannotTell()), 'unknown')
  // What is bad for sure is bad, though not all could be looked at.
  assert.equal(practiceStatus(cannotTell('a')), 'non_compliant')
  assert.equal(practicesOf([])[0]?.status, 'unknown')
})

test('a control fails until somebody answers for each of its findings', () => {
  assert.equal(practiceStatus(fail('a', 'b'), [exception('a')]), 'non_compliant')
  assert.equal(practiceStatus(fail('a', 'b'), [exception('a'), exception('b')]), 'compliant')
  assert.equal(practiceStatus(fail('a', 'b'), [exception('*')]), 'compliant')
  assert.equal(practiceStatus(fail('a'), [exception('elsewhere', false)]), 'non_compliant')
  const another = { ...exception('*'), control: 'another' }
  assert.equal(practiceStatus(fail('a'), [another]), 'non_compliant')
})

test('an exception makes nothing known', () => {
  assert.equal(practiceStatus(cannotTell('a'), [exception('*')]), 'unknown')
})

test('whatever the verdicts, nothing is compliant that could not be checked', () => {
  const anyVerdict = fc.constantFrom(pass, fail('a'), cannotTell(), cannotTell('a'))
  fc.assert(
    fc.property(fc.array(anyVerdict), fc.boolean(), (verdicts, isExcepted) => {
      const exceptions = isExcepted ? [exception('*')] : []
      const controls = verdicts.map((verdict) => withExceptions(judged(verdict), exceptions))
      const practices = practicesOf(controls)
      const own = practices.find(({ id }) => id === 'root-account')
      const allKnown = verdicts.length > 0 && verdicts.every(({ status }) => status !== 'unknown')
      const good = verdicts.every(({ status }) => status === 'pass' || (status === 'fail' && isExcepted))
      assert.equal(own?.status === 'compliant', allKnown && good)
      assert.notEqual(overall(practices), 'compliant')
    }),
  )
})

test('what is out of date, or was never looked at, is unknown throughout', () => {
  const current = practicesOf([withExceptions(judged(fail('a')), [])])
  const old = outdated(current, 'the last scan is 31 minutes old')
  for (const practices of [old, unscanned(tinyControls)]) {
    assert.deepEqual([...new Set(practices.map(({ status }) => status))], ['unknown'])
    const controls = practices.flatMap((practice) => practice.controls)
    assert.ok(controls.length > 0 && controls.every(({ status, reason }) => status === 'unknown' && reason))
  }
  assert.equal(old[0]?.controls[0]?.findings.length, 1)
})
