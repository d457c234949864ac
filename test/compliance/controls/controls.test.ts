/** Every control, row by row: what passes, what fails and by which resource, and what leaves it open. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Control, practices, type Verdict } from '../../../src/compliance/control.ts'
import { controls } from '../../../src/compliance/controls/index.ts'
import { publishedChecks } from '../../../src/compliance/published-checks.ts'
import { noFaults } from '../../../src/trail/facts.ts'
import { fineAccount, NOW } from '../accounts.ts'
import type { Row, Table } from './row.ts'
import { cloudtrail } from './rows/cloudtrail.ts'
import { credentialRotation } from './rows/credential-rotation.ts'
import { groups } from './rows/groups.ts'
import { leastPrivilege } from './rows/least-privilege.ts'
import { mfa } from './rows/mfa.ts'
import { passwordPolicy } from './rows/password-policy.ts'
import { rootAccount } from './rows/root-account.ts'

const tables: Readonly<Record<keyof typeof practices, Table>> = {
  'root-account': rootAccount,
  cloudtrail,
  groups,
  'least-privilege': leastPrivilege,
  'password-policy': passwordPolicy,
  'credential-rotation': credentialRotation,
  mfa,
}

test('every control has rows in which it fails and in which it is open, under its own practice', () => {
  assert.deepEqual(
    Object.fromEntries(Object.entries(tables).map(([id, table]) => [id, Object.keys(table).sort()])),
    Object.fromEntries(
      Object.keys(practices).map((practice) => [
        practice,
        controls
          .filter((control) => control.practice === practice)
          .map(({ id }) => id)
          .sort(),
      ]),
    ),
  )
  for (const [id, row] of Object.values(tables).flatMap((table) => Object.entries(table)))
    assert.ok(row.fails.length > 0 && row.unknown.length > 0, id)
})

test('controls have ids of their own, that can stand in an address and in a metric', () => {
  const ids = controls.map(({ id }) => id)
  assert.deepEqual([...new Set(ids)], ids)
  for (const id of ids) assert.match(id, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)
})

test('every control says what it asks and what to do, in sentences', () => {
  for (const { title, remedy } of controls) {
    assert.match(title, /^[A-Z].*[^.]$/)
    assert.match(remedy, /^[A-Z].*\.$/)
  }
  const titles = controls.map(({ title }) => title)
  assert.deepEqual([...new Set(titles)], titles)
})

test('every published check is answered by a control, and no control answers to one that is not published', () => {
  const answered = new Set(controls.flatMap(({ checks }) => checks))
  assert.deepEqual([...answered].sort(), Object.keys(publishedChecks).sort())
})

const verdictsOf = (...args: Parameters<Control['judge']>) =>
  Object.fromEntries(controls.map((control) => [control.id, control.judge(...args).status]))
const allPass = Object.fromEntries(controls.map(({ id }) => [id, 'pass']))

for (const users of [1, 3, 500])
  test(`an account of ${users} users that is as it should be passes every control`, () => {
    assert.deepEqual(verdictsOf(fineAccount({ users }), NOW), allPass)
  })

test('an account of which nothing may be read is open in every control, never fine', () => {
  const account = fineAccount()
  const nothing = Object.fromEntries(
    Object.entries(account).map(([part, value]) => [
      part,
      typeof value === 'object' && 'known' in value
        ? { known: false, reason: 'Muster may not ask', missingPermission: `iam:${part}` }
        : value,
    ]),
  )
  const canary = { ...account.canary, checkedAt: null }
  assert.deepEqual(
    verdictsOf({ ...account, ...nothing, canary }, NOW),
    Object.fromEntries(controls.map(({ id }) => [id, 'unknown'])),
  )
})

for (const id of ['trail-canary', 'trail-digest-chain'])
  test(`${id} brings the statement that Muster's role lacks`, () => {
    const account = fineAccount()
    const digest = { status: 'unknown', reason: 'No permission', validUntil: null, ...noFaults } as const
    const statementsToAdd = [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: 'arn:aws:kms:x' }]
    const canary = { ...account.canary, status: 'unknown', statementsToAdd, digest } as const
    const verdict = controls.find((control) => control.id === id)?.judge({ ...account, canary }, NOW)
    assert.deepEqual(verdict?.evidence, { statementsToAdd })
  })

for (const control of controls) {
  const row = tables[control.practice][control.id]
  if (row) judged(control, row)
}

function judged(control: Control, { fails, unknown, passes = [] }: Row): void {
  const judge = (when: Row['unknown'][number]['when']) => control.judge(when(fineAccount()), NOW)
  for (const { says, when, names, message = /./ } of fails)
    test(`${control.id} fails when ${says}`, () => {
      const verdict = judge(when)
      assert.equal(verdict.status, 'fail', JSON.stringify(verdict))
      assert.deepEqual(named(verdict), [...names].sort())
      for (const finding of findingsOf(verdict)) assert.match(finding.message, message)
      assertPlain(verdict)
    })
  for (const { says, when, permissions = [], finds = [] } of unknown)
    test(`${control.id} is open when ${says}`, () => {
      const verdict = judge(when)
      assert.equal(verdict.status, 'unknown', JSON.stringify(verdict))
      assert.ok(verdict.status === 'unknown')
      assert.notEqual(verdict.reason, '')
      assert.deepEqual(
        permissions.filter((permission) => !verdict.missingPermissions.includes(permission)),
        [],
      )
      assert.deepEqual(named(verdict), [...finds].sort())
      assertPlain(verdict)
    })
  for (const { says, when } of passes)
    test(`${control.id} passes when ${says}`, () => {
      const verdict = judge(when)
      assert.equal(verdict.status, 'pass', JSON.stringify(verdict))
      assertPlain(verdict)
    })
}

const findingsOf = (verdict: Verdict) => (verdict.status === 'pass' ? [] : verdict.findings)
const named = (verdict: Verdict) =>
  findingsOf(verdict)
    .map(({ resource }) => resource)
    .sort()

/** It goes into a JSON column, and comes out the same; a finding is known by its resource. */
function assertPlain(verdict: Verdict): void {
  assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict)
  assert.equal(new Set(named(verdict)).size, named(verdict).length)
}
