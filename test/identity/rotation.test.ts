/** When keys and passwords grow old: the borders, to the millisecond, wherever the clock that wrote them stood. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type KeyFacts,
  keptTooLong,
  keyDue,
  nextKeyChange,
  passwordUnusedAt,
  usualRotation as rules,
} from '../../src/identity/rotation.ts'

const dayMs = 86_400_000
const created = new Date('2026-03-01T12:00:00Z')
const after = (days: number, ms = 0) => new Date(created.getTime() + days * dayMs + ms)
const key: KeyFacts = {
  id: 'AKIA1',
  active: true,
  createdAt: created,
  lastUsedAt: null,
  warnedAt: null,
  disabledAt: null,
}

const borders: readonly [
  what: string,
  key: Partial<KeyFacts>,
  days: number,
  before: string | null,
  at: string | null,
][] = [
  ['warned about at 75 days', { lastUsedAt: after(70) }, 75, null, 'warn'],
  ['not warned about twice', { lastUsedAt: after(70), warnedAt: after(75) }, 80, null, null],
  ['inactive at 90 days', { lastUsedAt: after(89), warnedAt: after(75) }, 90, null, 'expired'],
  ['inactive at 90 days, warned about or not', { lastUsedAt: after(89) }, 90, 'warn', 'expired'],
  ['inactive when it was not used for 45 days', { lastUsedAt: after(10) }, 55, null, 'unused'],
  ['inactive when it was never used for 45 days', {}, 45, null, 'unused'],
  ['used before it was made, by a clock that is wrong', { lastUsedAt: after(-5) }, 45, null, 'unused'],
  ['deleted 7 days after it became inactive', { active: false, disabledAt: after(90) }, 97, null, 'delete'],
  [
    'not deleted before 90 days, when it was unused',
    { active: false, disabledAt: after(45) },
    90,
    null,
    'delete',
  ],
  [
    'deleted 7 days after a late look found it old',
    { active: false, disabledAt: after(120) },
    127,
    null,
    'delete',
  ],
]

for (const [what, facts, days, before, at] of borders) {
  test(`a key is ${what}`, () => {
    assert.equal(keyDue({ ...key, ...facts }, rules, after(days, -1)), before)
    assert.equal(keyDue({ ...key, ...facts }, rules, after(days)), at)
  })
}

test('a last use that IAM does not tell takes no key away for being unused', () => {
  assert.equal(keyDue({ ...key, lastUsedAt: 'unknown' }, rules, after(74)), null)
  assert.equal(keyDue({ ...key, lastUsedAt: 'unknown' }, rules, after(90)), 'expired')
})

test('the next change is the very moment at which something becomes due', () => {
  const moment = fc.integer({ min: 0, max: 200 * dayMs }).map((ms) => new Date(created.getTime() + ms))
  const facts = fc.record({
    active: fc.boolean(),
    lastUsedAt: fc.oneof(fc.constant(null), fc.constant('unknown' as const), moment),
    warnedAt: fc.option(moment),
    disabledAt: fc.option(moment),
  })
  fc.assert(
    fc.property(facts, moment, (more, now) => {
      const it = { ...key, ...more, disabledAt: more.active ? null : more.disabledAt }
      const next = nextKeyChange(it, rules, now)
      if (next === null) return
      assert.ok(next > now)
      assert.notEqual(keyDue(it, rules, next), null)
      const rightBefore = new Date(next.getTime() - 1)
      if (rightBefore >= now) assert.equal(keyDue(it, rules, rightBefore), keyDue(it, rules, now))
    }),
    { numRuns: 1000 },
  )
})

test('days are 24 hours: neither an offset nor a change to summer time moves a border', () => {
  const offsets = ['2026-03-01T12:00:00Z', '2026-03-01T13:00:00+01:00', '2026-02-28T23:00:00-13:00']
  for (const text of offsets) {
    const it = { ...key, createdAt: new Date(text), lastUsedAt: after(89) }
    assert.equal(keyDue(it, rules, new Date('2026-05-30T13:59:59.999+02:00')), 'warn')
    assert.equal(keyDue(it, rules, new Date('2026-05-30T14:00:00+02:00')), 'expired')
  }
})

test('a password is unused 45 days after its last use', () => {
  assert.deepEqual(passwordUnusedAt(created, rules), after(45))
  assert.equal(passwordUnusedAt(null, rules), null)
})

test('of two active keys the older one is reported when the newer is 7 days old', () => {
  const newer = { ...key, id: 'AKIA2', createdAt: after(75) }
  assert.equal(keptTooLong([newer, key], rules, after(82, -1)), undefined)
  assert.equal(keptTooLong([newer, key], rules, after(82))?.id, 'AKIA1')
  assert.equal(keptTooLong([newer, { ...key, active: false }], rules, after(82)), undefined)
  assert.equal(keptTooLong([key], rules, after(82)), undefined)
})
