import assert from 'node:assert/strict'
import { test } from 'node:test'
import { employeeAt, fold } from '../../src/lifecycle/index.ts'
import { ada, at, override, said, viewOf } from './said.ts'

test('nothing is known of somebody nobody said anything about', () => {
  assert.deepEqual(employeeAt(fold([]), at('2026-11-01')), {
    givenName: null,
    familyName: null,
    email: null,
    role: null,
    department: null,
    managerId: null,
    employmentType: null,
    timeZone: null,
    known: false,
    status: null,
    startAt: null,
    endAt: null,
    suspendedSince: null,
    terminatedAt: null,
    rehireAt: null,
    overrides: [],
    nextChangeAt: null,
  })
})

test('the next change is the start, then the move, then the leave, then the end, then none', () => {
  const events = [
    said('hired', '2026-11-01', { ...ada, startAt: '2026-12-01' }),
    said('role_changed', '2026-11-02', { role: 'lead', effectiveAt: '2026-12-10' }),
    said('suspended', '2026-11-03', { effectiveAt: '2026-12-20' }),
    said('updated', '2026-11-04', { department: 'R&D', effectiveAt: '2026-12-15' }),
    said('terminated', '2026-11-05', { effectiveAt: '2026-12-31' }),
  ]
  const changes: string[] = []
  let now = at('2026-11-10')
  for (;;) {
    const { nextChangeAt, status, role, department } = employeeAt(fold(events), now)
    changes.push(`${now.toISOString().slice(0, 10)} ${status} ${role} ${department}`)
    if (nextChangeAt === null) break
    now = nextChangeAt
  }
  assert.deepEqual(changes, [
    '2026-11-10 scheduled backend-engineer null',
    '2026-12-01 active backend-engineer null',
    '2026-12-10 active lead null',
    '2026-12-15 active lead R&D',
    '2026-12-20 suspended lead R&D',
    '2027-01-01 terminated lead R&D',
  ])
})

test('what changes nothing is no change: a move behind an override, a leave behind the end', () => {
  const hired = said('hired', '2026-11-01', ada)
  const moves = said('role_changed', '2026-11-02', { role: 'lead', effectiveAt: '2026-12-10' })
  assert.equal(
    viewOf([hired, moves, override('2026-11-03', { role: 'finance' })], '2026-11-04').nextChangeAt,
    null,
  )
  const leave = said('suspended', '2026-11-02', { effectiveAt: '2026-12-10' })
  assert.equal(viewOf([hired, leave, said('terminated', '2026-11-03')], '2026-11-04').nextChangeAt, null)
})

test('an end that is still to come is shown with its employment', () => {
  const events = [
    said('hired', '2026-11-01', ada),
    said('terminated', '2026-11-02', { effectiveAt: '2026-11-30' }),
  ]
  const view = viewOf(events, '2026-11-10')
  assert.deepEqual(
    [view.status, view.endAt, view.terminatedAt, view.nextChangeAt],
    ['active', at('2026-12-01'), null, at('2026-12-01')],
  )
})

test('who was hired by a clock a little ahead of ours has a name and a role already', () => {
  const hired = said('hired', '2026-11-01T09:03', ada, { heard: '2026-11-01T09:00' })
  const view = viewOf([hired], '2026-11-01T09:00')
  assert.deepEqual([view.status, view.givenName, view.role], ['scheduled', 'Ada', 'backend-engineer'])
  assert.deepEqual(view.nextChangeAt, at('2026-11-01T09:03'))
})

test('leave that is said again goes on since it began', () => {
  const events = [
    said('hired', '2026-11-01', ada),
    said('suspended', '2026-11-05'),
    said('suspended', '2026-11-10'),
  ]
  assert.deepEqual(viewOf(events, '2026-11-20').suspendedSince, at('2026-11-05'))
})

test('an override by null of a field that was never overridden lifts nothing', () => {
  const view = viewOf(
    [said('hired', '2026-11-01', ada), override('2026-11-02', { email: null })],
    '2026-11-02',
  )
  assert.deepEqual([view.email, view.overrides], ['ada@example.com', []])
})
