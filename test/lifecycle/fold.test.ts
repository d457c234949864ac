import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold } from '../../src/lifecycle/index.ts'
import { ada, administrator, again, at, reasonsOf, said, statusOf, viewOf } from './said.ts'

const hiredAda = said('hired', '2026-11-01T09:00', { ...ada, startAt: '2026-12-01T09:00:00Z' })
const works = said('hired', '2026-11-01T09:00', ada)

test('somebody who is hired works from the start on', () => {
  assert.equal(statusOf([hiredAda], '2026-12-01T08:59'), 'scheduled')
  assert.equal(statusOf([hiredAda], '2026-12-01T09:00'), 'active')
  assert.deepEqual(viewOf([works], '2026-11-02').startAt, at('2026-11-01T09:00'))
})

test('a start may lie in the past of the statement', () => {
  const backdated = said('hired', '2026-11-10T09:00', { ...ada, startAt: '2026-11-01' })
  assert.deepEqual(viewOf([backdated], '2026-11-10T09:00').startAt, at('2026-11-01'))
  assert.equal(statusOf([backdated], '2026-11-10T09:00'), 'active')
})

test('a start that is still to come is moved by a newer hiring or an update, either way', () => {
  for (const kind of ['hired', 'updated'] as const) {
    const later = said(kind, '2026-11-10T09:00', { startAt: '2027-01-01' })
    const earlier = said(kind, '2026-11-11T09:00', { startAt: '2026-11-12' })
    assert.deepEqual(viewOf([hiredAda, later], '2026-12-15').startAt, at('2027-01-01'))
    assert.equal(statusOf([hiredAda, later], '2026-12-15'), 'scheduled')
    assert.equal(statusOf([earlier, hiredAda, later], '2026-11-12'), 'active')
  }
})

test('a start that has been cannot be moved, and the attempt is shown', () => {
  const moved = said('updated', '2026-12-02T09:00', { startAt: '2027-01-01', email: 'new@example.com' })
  const view = viewOf([hiredAda, moved], '2026-12-02T09:00')
  assert.deepEqual(view.startAt, at('2026-12-01T09:00'))
  assert.equal(view.email, 'new@example.com')
  assert.deepEqual(reasonsOf([hiredAda, moved]), ['startAt is not changed: the employment has begun'])
  assert.deepEqual(
    reasonsOf([hiredAda, said('updated', '2026-12-02', { startAt: '2026-12-01T10:00:00+01:00' })]),
    [],
  )
})

test('a hiring of somebody who works here is news of the profile and the role, not of the start', () => {
  const repeated = said('hired', '2026-12-05', { ...ada, familyName: 'King', role: 'data-analyst' })
  const view = viewOf([hiredAda, repeated], '2026-12-05')
  assert.deepEqual(
    [view.familyName, view.role, view.startAt],
    ['King', 'data-analyst', at('2026-12-01T09:00')],
  )
})

test('a hiring of somebody who works here names the role from the start that it names', () => {
  const repeated = said('hired', '2026-12-05', { ...ada, role: 'data-analyst', startAt: '2027-01-01' })
  assert.equal(viewOf([hiredAda, repeated], '2026-12-06').role, 'backend-engineer')
  assert.equal(viewOf([hiredAda, repeated], '2027-01-01').role, 'data-analyst')
})

test('who is to start has the role they will start with', () => {
  const moved = said('role_changed', '2026-11-10', { role: 'lead', effectiveAt: '2026-12-01' })
  const later = said('role_changed', '2026-11-10', { role: 'lead', effectiveAt: '2026-12-15' })
  const atOnce = said('role_changed', '2026-11-10', { role: 'lead' })
  assert.equal(viewOf([hiredAda], '2026-11-20').role, 'backend-engineer')
  assert.equal(viewOf([hiredAda, moved], '2026-11-20').role, 'lead')
  assert.equal(viewOf([hiredAda, atOnce], '2026-11-20').role, 'lead')
  assert.equal(viewOf([hiredAda, later], '2026-11-20').role, 'backend-engineer')
  assert.equal(viewOf([hiredAda, later], '2026-12-15').role, 'lead')
})

test('a role changes when the change takes effect, never in the past', () => {
  const planned = said('role_changed', '2026-11-10', { role: 'lead', effectiveAt: '2026-12-01' })
  assert.equal(viewOf([works, planned], '2026-11-30T23:59').role, 'backend-engineer')
  assert.equal(viewOf([works, planned], '2026-12-01').role, 'lead')
  const backdated = said('role_changed', '2026-11-10', { role: 'lead', effectiveAt: '2026-11-02' })
  assert.equal(viewOf([works, backdated], '2026-11-09').role, 'backend-engineer')
  assert.equal(viewOf([works, backdated], '2026-11-10').role, 'lead')
})

test('a move that is still to come is changed or withdrawn by any newer word on the role', () => {
  const planned = said('role_changed', '2026-11-10', { role: 'lead', effectiveAt: '2026-12-01' })
  const instead = said('role_changed', '2026-11-11', { role: 'analyst', effectiveAt: '2027-01-01' })
  assert.equal(viewOf([works, planned, instead], '2026-12-15').role, 'backend-engineer')
  assert.equal(viewOf([works, planned, instead], '2027-01-01').role, 'analyst')
  const stays = said('updated', '2026-11-12', { role: 'backend-engineer' })
  assert.equal(viewOf([works, planned, stays], '2027-01-01').role, 'backend-engineer')
  const aboutOther = said('updated', '2026-11-12', { department: 'R&D' })
  assert.equal(viewOf([works, planned, aboutOther], '2027-01-01').role, 'lead')
})

test('a role change that names no role is shown', () => {
  assert.deepEqual(reasonsOf([works, said('role_changed', '2026-11-02', {})]), ['it names no role'])
})

test('a null clears what may be missing, and is ignored for what may not', () => {
  const stated = said('updated', '2026-11-02', { department: 'R&D', managerId: 'E1' })
  const cleared = said('updated', '2026-11-03', {
    department: null,
    givenName: null,
    familyName: null,
    email: null,
    role: null,
  })
  const view = viewOf([works, stated, cleared], '2026-11-03')
  assert.deepEqual([view.department, view.managerId], [null, 'E1'])
  assert.deepEqual([view.givenName, view.familyName, view.email, view.role], Object.values(ada))
})

test('a late event takes its place in the past', () => {
  const newer = said('updated', '2026-11-05', { email: 'newer@example.com', department: 'R&D' })
  const late = said(
    'updated',
    '2026-11-03',
    { email: 'late@example.com', managerId: 'E1' },
    { heard: '2026-11-09' },
  )
  const view = viewOf([works, newer, late], '2026-11-09')
  assert.deepEqual([view.email, view.department, view.managerId], ['newer@example.com', 'R&D', 'E1'])
})

test('contradictory events of one moment are settled the same way in any order', () => {
  const one = said('role_changed', '2026-11-05', { role: 'one' }, { senderId: 'a' })
  const two = said('role_changed', '2026-11-05', { role: 'two' }, { senderId: 'b' })
  assert.equal(viewOf([works, one, two], '2026-11-05').role, 'two')
  assert.equal(viewOf([two, works, one], '2026-11-05').role, 'two')
  const left = said('terminated', '2026-11-05')
  const cancelled = said('termination_cancelled', '2026-11-05')
  assert.equal(statusOf([works, left, cancelled], '2026-11-05'), 'terminated')
})

test('what is said of somebody who was never hired waits until the hiring arrives', () => {
  const early = [
    said('role_changed', '2026-11-03', { role: 'lead' }),
    said('updated', '2026-11-04', { email: 'new@example.com' }),
    said('suspended', '2026-11-05'),
  ]
  const neverHired = 'nobody was hired under this id by then'
  assert.deepEqual(reasonsOf(early), [neverHired, neverHired, neverHired])
  assert.equal(viewOf(early, '2026-11-10').known, false)
  assert.equal(statusOf(early, '2026-11-10'), null)

  const all = [...early, said('hired', '2026-11-01', ada, { heard: '2026-11-10' })]
  assert.deepEqual(reasonsOf(all), [])
  const view = viewOf(all, '2026-11-10')
  assert.deepEqual([view.role, view.email, view.status], ['lead', 'new@example.com', 'suspended'])
})

test('leave begins and ends when it is said to', () => {
  const leave = said('suspended', '2026-11-10', { effectiveAt: '2026-11-15' })
  const back = said('resumed', '2026-11-20', { effectiveAt: '2026-12-01' })
  assert.equal(statusOf([works, leave, back], '2026-11-14T23:59'), 'active')
  assert.equal(statusOf([works, leave, back], '2026-11-15'), 'suspended')
  assert.equal(statusOf([works, leave, back], '2026-11-30T23:59'), 'suspended')
  assert.equal(statusOf([works, leave, back], '2026-12-01'), 'active')
  assert.deepEqual(reasonsOf([works, said('resumed', '2026-11-02')]), [])
})

test('leave that is still to come is called off by a newer word', () => {
  const leave = said('suspended', '2026-11-10', { effectiveAt: '2026-11-15' })
  assert.equal(statusOf([works, leave, said('resumed', '2026-11-11')], '2026-11-20'), 'active')
})

test('leave may begin before the first day', () => {
  const leave = said('suspended', '2026-11-10')
  assert.equal(statusOf([hiredAda, leave], '2026-11-20'), 'scheduled')
  const view = viewOf([hiredAda, leave], '2026-12-02')
  assert.deepEqual([view.status, view.suspendedSince], ['suspended', at('2026-12-01T09:00')])
})

test('a resumption that was held up does not undo a suspension that its sender said later', () => {
  const leave = said('suspended', '2026-11-10T13:00', {}, { heard: '2026-11-10T10:00' })
  const back = said('resumed', '2026-11-10T12:59', {}, { heard: '2026-11-10T10:30' })
  assert.equal(statusOf([works, leave, back], '2026-11-11'), 'suspended')
  assert.deepEqual(reasonsOf([works, leave, back]), [
    'it is older, by the clock of its sender, than the suspension',
  ])
})

test('a plain date counts in the time zone known at that place in the order, its own included', () => {
  const inTokyo = said('updated', '2026-11-02', { timeZone: 'Asia/Tokyo' })
  const leaves = said('terminated', '2026-11-03', { effectiveAt: '2026-11-30' })
  assert.deepEqual(viewOf([works, leaves], '2026-11-03').endAt, at('2026-12-01'))
  assert.deepEqual(viewOf([works, inTokyo, leaves], '2026-11-03').endAt, at('2026-11-30T15:00'))
  const tooLate = said('updated', '2026-11-04', { timeZone: 'Asia/Tokyo' })
  assert.deepEqual(viewOf([works, leaves, tooLate], '2026-11-04').endAt, at('2026-12-01'))
  const own = said('terminated', '2026-11-03', { effectiveAt: '2026-11-30', timeZone: 'America/New_York' })
  assert.deepEqual(viewOf([works, inTokyo, own], '2026-11-03').endAt, at('2026-12-01T05:00'))
  const corrected = administrator(
    'updated',
    '2026-11-02',
    { timeZone: 'America/New_York' },
    { override: true },
  )
  assert.deepEqual(viewOf([works, inTokyo, corrected, leaves], '2026-11-03').endAt, at('2026-12-01T05:00'))
  const nowhere = said('terminated', '2026-11-03', { effectiveAt: '2026-11-30', timeZone: 'Nowhere' })
  assert.deepEqual(viewOf([works, inTokyo, nowhere], '2026-11-03').endAt, at('2026-12-01'))
})

test('days on which clocks change begin and end with the local day', () => {
  const berlin = { ...ada, timeZone: 'Europe/Berlin' }
  const starts = said('hired', '2026-03-01', { ...berlin, startAt: '2026-03-29' })
  const leaves = said('terminated', '2026-03-02', { effectiveAt: '2026-10-25' })
  const view = viewOf([starts, leaves], '2026-05-01')
  assert.deepEqual([view.startAt, view.endAt], [at('2026-03-28T23:00'), at('2026-10-25T23:00')])
  const moves = said('role_changed', '2026-03-03', { role: 'lead', effectiveAt: '2026-10-25' })
  assert.equal(viewOf([starts, moves], '2026-10-24T21:59').role, 'backend-engineer')
  assert.equal(viewOf([starts, moves], '2026-10-24T22:00').role, 'lead')
})

test('a moment that cannot be read is shown, and nothing is guessed in its place', () => {
  const bad = { startAt: 'soon', effectiveAt: 'soon' }
  assert.equal(viewOf([said('hired', '2026-11-01', { ...ada, ...bad })], '2026-11-02').known, false)
  for (const kind of ['role_changed', 'suspended', 'resumed', 'terminated'] as const) {
    const events = [works, said(kind, '2026-11-02', { ...bad, role: 'lead' })]
    assert.deepEqual(reasonsOf(events), ['effectiveAt is neither a date-time with offset nor a date'], kind)
    assert.deepEqual(viewOf(events, '2026-11-03'), viewOf([works], '2026-11-03'))
  }
  assert.deepEqual(reasonsOf([works, said('updated', '2026-11-02', { startAt: 'soon' })]), [
    'startAt is neither a date-time with offset nor a date',
  ])
})

test('an event without a valid time or of an unknown type is shown', () => {
  const noTime = said('hired', '2026-11-01', ada, { timestamp: new Date(Number.NaN) })
  const noKind = said('hired', '2026-11-01', ada, { kind: 'constructor' as never })
  assert.deepEqual(reasonsOf([noTime]), ['its time is not valid'])
  assert.deepEqual(reasonsOf([noKind]), ['its type is not known'])
})

test('an override wins over all that HR says, until it is lifted; then the newest word of HR counts', () => {
  const overridden = administrator(
    'updated',
    '2026-11-02',
    { role: 'lead', email: 'a@example.org' },
    { override: true },
  )
  const moved = said('role_changed', '2026-11-03', { role: 'data-analyst' })
  const rehired = [said('terminated', '2026-11-04'), said('hired', '2026-11-05', { ...ada, role: 'finance' })]
  const lifted = administrator('updated', '2026-11-06', { role: null }, { override: true })
  const view = viewOf([works, overridden, moved], '2026-11-03')
  assert.equal(view.role, 'lead')
  assert.deepEqual(view.overrides, [
    { field: 'email', value: 'a@example.org', since: at('2026-11-02') },
    { field: 'role', value: 'lead', since: at('2026-11-02') },
  ])
  assert.equal(viewOf([works, overridden, moved, ...rehired], '2026-11-05').role, 'lead')
  const after = viewOf([works, overridden, moved, lifted], '2026-11-06')
  assert.deepEqual([after.role, after.email], ['data-analyst', 'a@example.org'])
  assert.deepEqual(
    after.overrides.map(({ field }) => field),
    ['email'],
  )
})

test('what an administrator states without overriding is replaced by the next word of HR', () => {
  const byHand = administrator('updated', '2026-11-02', { email: 'hand@example.com' })
  const byHr = said('updated', '2026-11-03', { email: 'hr@example.com' })
  assert.equal(viewOf([works, byHand], '2026-11-02').email, 'hand@example.com')
  assert.equal(viewOf([works, byHand, byHr], '2026-11-03').email, 'hr@example.com')
})

test('a repeat of an old statement, heard much later, changes nothing', () => {
  const moved = said('role_changed', '2026-11-03', { role: 'lead' })
  assert.deepEqual(fold([works, moved, again(works, '2026-11-20')]), fold([works, moved]))
})
