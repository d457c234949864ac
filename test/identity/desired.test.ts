import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type DesiredInput,
  desired,
  nextLockLook,
  purgeAt,
  type RoleAccess,
} from '../../src/identity/desired.ts'
import type { Desired } from '../../src/identity/model.ts'
import type { Hold } from '../../src/store/schema.ts'

const now = new Date('2026-11-23T09:00:00Z')
const secondMs = 1000
const minuteMs = 60 * secondMs
const dayMs = 24 * 60 * minuteMs
const ago = (ms: number) => new Date(now.getTime() - ms)

const roleAccess: RoleAccess = {
  groups: ['muster-baseline', 'engineering'],
  boundaryArn: 'arn:aws:iam::123456789012:policy/muster/muster-boundary-engineer',
  console: true,
  accessKeys: 'none',
}
const hold: Hold = { reason: 'an investigation', since: ago(dayMs).toISOString(), by: 'admin' }

type Case = Omit<Partial<DesiredInput>, 'employee'> & {
  readonly employee?: Partial<DesiredInput['employee']>
}

function inputOf({ employee, ...rest }: Case): DesiredInput {
  return {
    employee: { status: 'active', role: 'backend-engineer', hold: null, lockedSince: null, ...employee },
    roleAccess,
    lockedAt: null,
    retentionDays: 30,
    now,
    ...rest,
  }
}

const active: Desired = { kind: 'active', access: roleAccess }
const absent: Desired = { kind: 'absent' }
const purged: Desired = { kind: 'purged' }
const lockedFor = (why: 'terminated' | 'suspended' | 'held'): Desired => ({ kind: 'locked', why })
const left = (lockedSince: Date | null = ago(31 * dayMs)) => ({ status: 'terminated' as const, lockedSince })

const table: readonly (readonly [string, Case, Desired])[] = [
  ['nobody was ever hired under this id', { employee: { status: null } }, absent],
  ['the first day is still to come', { employee: { status: 'scheduled' } }, absent],
  ['somebody works here, in a role of the catalog', {}, active],
  ['somebody is on leave', { employee: { status: 'suspended' } }, lockedFor('suspended')],
  [
    'somebody has been on leave for longer than any retention',
    { employee: { status: 'suspended', lockedSince: ago(400 * dayMs) }, lockedAt: ago(400 * dayMs) },
    lockedFor('suspended'),
  ],
  [
    'somebody on leave has a role that the catalog lacks',
    { employee: { status: 'suspended' }, roleAccess: undefined },
    lockedFor('suspended'),
  ],
  [
    'a leaver has a role that the catalog lacks',
    { employee: left(), roleAccess: undefined },
    lockedFor('terminated'),
  ],
  ['a leaver could not be locked yet', { employee: left() }, lockedFor('terminated')],
  [
    'a leaver could not be locked yet, and there is no retention',
    { employee: left(), retentionDays: 0 },
    lockedFor('terminated'),
  ],
  [
    'the retention is not over by a millisecond',
    { employee: left(), lockedAt: ago(30 * dayMs - 1) },
    lockedFor('terminated'),
  ],
  ['the retention ends this moment', { employee: left(), lockedAt: ago(30 * dayMs) }, purged],
  ['the retention is long over', { employee: left(), lockedAt: ago(300 * dayMs) }, purged],
  [
    'there is no retention, and the lock is accepted',
    { employee: left(), lockedAt: now, retentionDays: 0 },
    purged,
  ],
  [
    'the lock of a suspension is older than the retention, and the end is of today',
    { employee: left(ago(minuteMs)), lockedAt: ago(300 * dayMs) },
    lockedFor('terminated'),
  ],
  [
    'HR said the end late: it counts from the lock',
    { employee: left(ago(300 * dayMs)), lockedAt: ago(dayMs) },
    lockedFor('terminated'),
  ],
  [
    'nobody knows since when, so it counts from the lock',
    { employee: left(null), lockedAt: ago(30 * dayMs) },
    purged,
  ],
  ['an administrator holds somebody at work', { employee: { hold } }, lockedFor('held')],
  [
    'an administrator holds somebody on leave',
    { employee: { status: 'suspended', hold } },
    lockedFor('held'),
  ],
  [
    'an administrator holds somebody not started',
    { employee: { status: 'scheduled', hold } },
    lockedFor('held'),
  ],
  [
    'an administrator holds a leaver whose retention is over',
    { employee: { ...left(), hold }, lockedAt: ago(300 * dayMs) },
    lockedFor('held'),
  ],
  [
    'an administrator holds a leaver, and there is no retention',
    { employee: { ...left(), hold }, lockedAt: ago(dayMs), retentionDays: 0 },
    lockedFor('held'),
  ],
  [
    'an administrator holds somebody whose role the catalog lacks',
    { employee: { hold }, roleAccess: undefined },
    lockedFor('held'),
  ],
]

for (const [title, given, expected] of table) {
  const answer = expected.kind === 'locked' ? `locked (${expected.why})` : expected.kind
  test(`what is desired is ${answer} when ${title}`, () => {
    assert.deepEqual(desired(inputOf(given)), expected)
  })
}

test('a role that the catalog stopped naming locks nobody: it blocks, and says which role and what to do', () => {
  const answer = desired(inputOf({ roleAccess: undefined, employee: { role: 'wizard' } }))
  assert.equal(answer.kind, 'blocked')
  assert.match(answer.kind === 'blocked' ? answer.reason : '', /"wizard".*catalog.*(add|change)/)
})

test('the purge has a date only for a leaver who is locked and not held', () => {
  const lockedAt = ago(dayMs)
  assert.deepEqual(
    purgeAt(inputOf({ employee: left(), lockedAt })),
    new Date(lockedAt.getTime() + 30 * dayMs),
  )
  assert.equal(purgeAt(inputOf({ employee: left() })), null)
  assert.equal(purgeAt(inputOf({ employee: { ...left(), hold }, lockedAt })), null)
  assert.equal(purgeAt(inputOf({ employee: { status: 'suspended' }, lockedAt })), null)
  assert.equal(purgeAt(inputOf({ lockedAt })), null)
})

/** When a lock that is `age` old is looked at next, as its age then. */
function nextLookAge(age: number, more: Case = { employee: { status: 'suspended' } }): number | null {
  const lockedAt = ago(age)
  const next = nextLockLook(inputOf({ lockedAt, ...more }))
  return next && next.getTime() - lockedAt.getTime()
}

test('a lock is looked at again after 30 seconds and after 5 minutes, and then no more', () => {
  assert.equal(nextLookAge(0), 30 * secondMs)
  assert.equal(nextLookAge(30 * secondMs - 1), 30 * secondMs)
  assert.equal(nextLookAge(30 * secondMs), 5 * minuteMs)
  assert.equal(nextLookAge(5 * minuteMs - 1), 5 * minuteMs)
  assert.equal(nextLookAge(5 * minuteMs), null)
  assert.equal(nextLookAge(dayMs), null)
})

test('what is not locked is not looked at', () => {
  assert.equal(nextLockLook(inputOf({ employee: { status: 'suspended' } })), null)
  assert.equal(nextLockLook(inputOf({})), null)
})

test('a leaver is looked at once more when the retention is over, also when that moment was missed', () => {
  const leaver: Case = { employee: left(null) }
  assert.equal(nextLookAge(0, leaver), 30 * secondMs)
  assert.equal(nextLookAge(5 * minuteMs, leaver), 30 * dayMs)
  assert.equal(nextLookAge(40 * dayMs, leaver), 30 * dayMs)
})

test('a leaver without retention is purged at once; with a hold, only the looks remain', () => {
  assert.equal(nextLookAge(secondMs, { employee: left(), retentionDays: 0 }), 0)
  const held: Case = { employee: { ...left(), hold }, retentionDays: 0 }
  assert.equal(nextLookAge(secondMs, held), 30 * secondMs)
  assert.equal(nextLookAge(dayMs, held), null)
})
