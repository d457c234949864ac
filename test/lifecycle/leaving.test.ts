import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold, nextAdminMoment } from '../../src/lifecycle/index.ts'
import { ada, administrator, again, at, reasonsOf, said, statusOf, viewOf } from './said.ts'

const works = said('hired', '2026-11-01T09:00', ada)
const starts = said('hired', '2026-11-01T09:00', { ...ada, startAt: '2026-12-01T09:00:00Z' })

test('access ends when the termination takes effect: when it is said, or at the end of the day named', () => {
  const now = said('terminated', '2026-11-10T12:00')
  assert.equal(statusOf([works, now], '2026-11-10T11:59'), 'active')
  assert.equal(statusOf([works, now], '2026-11-10T12:00'), 'terminated')
  const lastDay = said('terminated', '2026-11-10T12:00', { effectiveAt: '2026-11-30' })
  assert.equal(statusOf([works, lastDay], '2026-11-30T23:59'), 'active')
  const view = viewOf([works, lastDay], '2026-12-01')
  assert.deepEqual([view.status, view.terminatedAt], ['terminated', at('2026-12-01')])
  const backdated = said('terminated', '2026-11-10T12:00', { effectiveAt: '2026-11-02' })
  assert.deepEqual(viewOf([works, backdated], '2026-11-11').endAt, at('2026-11-10T12:00'))
})

test('an end that is still to come is moved by a newer termination, either way', () => {
  const planned = said('terminated', '2026-11-10', { effectiveAt: '2026-11-30T17:00:00Z' })
  const later = said('terminated', '2026-11-11', { effectiveAt: '2026-12-31T17:00:00Z' })
  const atOnce = said('terminated', '2026-11-12')
  assert.equal(statusOf([works, planned, later], '2026-12-30'), 'active')
  assert.deepEqual(viewOf([works, planned, later, atOnce], '2026-11-12').terminatedAt, at('2026-11-12'))
})

test('an end that has been stays: no later termination lends more time', () => {
  const left = said('terminated', '2026-11-10')
  const later = said('terminated', '2026-11-11', { effectiveAt: '2026-12-31' })
  assert.deepEqual(viewOf([works, left, later], '2026-11-12').terminatedAt, at('2026-11-10'))
})

test('a resignation is withdrawn while it is not in effect, and not after', () => {
  const resigned = said('terminated', '2026-11-10', { effectiveAt: '2026-11-30T17:00:00Z' })
  const intime = said('termination_cancelled', '2026-11-30T16:59')
  const toolate = said('termination_cancelled', '2026-11-30T17:00')
  const view = viewOf([works, resigned, intime], '2026-12-10')
  assert.deepEqual([view.status, view.endAt], ['active', null])
  assert.equal(statusOf([works, resigned, toolate], '2026-12-10'), 'terminated')
  assert.deepEqual(reasonsOf([works, resigned, toolate]), [
    'the termination is already effective: rehire with employee.hired',
  ])
  assert.deepEqual(reasonsOf([works, said('termination_cancelled', '2026-11-30')]), [
    'there is no termination to cancel',
  ])
})

test('a withdrawal that arrives before the resignation still withdraws it', () => {
  const withdrawn = said('termination_cancelled', '2026-11-12', {}, { heard: '2026-11-12' })
  const resigned = said('terminated', '2026-11-10', { effectiveAt: '2026-11-30' }, { heard: '2026-11-13' })
  assert.equal(statusOf([works, withdrawn, resigned], '2026-12-10'), 'active')
})

test('who resigns before the first day never starts', () => {
  const declined = said('terminated', '2026-11-10')
  assert.equal(statusOf([starts, declined], '2026-11-09'), 'scheduled')
  for (const now of ['2026-11-10', '2026-12-01T09:00', '2027-06-01']) {
    assert.equal(statusOf([starts, declined], now), 'terminated')
  }
  const moved = said('updated', '2026-11-11', { startAt: '2026-11-15' })
  assert.equal(statusOf([starts, declined, moved], '2026-12-15'), 'terminated')
  assert.deepEqual(reasonsOf([starts, declined, moved]), [
    'startAt is not changed: the employment was called off',
  ])
})

test('who declined and is hired again for the same day starts on it', () => {
  const events = [
    starts,
    said('terminated', '2026-11-10'),
    said('hired', '2026-11-12', { ...ada, startAt: '2026-12-01T09:00:00Z' }),
  ]
  assert.equal(statusOf(events, '2026-11-20'), 'terminated')
  assert.deepEqual(viewOf(events, '2026-11-20').rehireAt, at('2026-12-01T09:00'))
  assert.equal(statusOf(events, '2026-12-01T09:00'), 'active')
})

test('a hiring after a termination is a rehire only when it starts later than that takes effect', () => {
  const left = said('terminated', '2026-11-10', { effectiveAt: '2026-11-30T17:00:00Z' })
  const hiredFor = (startAt: string) => said('hired', '2026-11-20', { ...ada, role: 'finance', startAt })
  for (const startAt of ['2026-11-01T09:00:00Z', '2026-11-25', '2026-11-30T17:00:00Z']) {
    const events = [works, left, hiredFor(startAt)]
    assert.deepEqual(viewOf(events, '2026-11-21'), viewOf([works, left], '2026-11-21'))
    assert.equal(statusOf(events, '2027-01-01'), 'terminated', startAt)
  }
  const rehired = [works, left, hiredFor('2026-11-30T17:00:01Z')]
  assert.equal(statusOf(rehired, '2026-11-30T17:00'), 'terminated')
  assert.equal(statusOf(rehired, '2026-12-01'), 'active')
})

test('a hiring that says once more what is known is a repeat; one that contradicts is shown', () => {
  const left = said('terminated', '2026-11-10')
  const same = said('hired', '2026-11-20', { ...ada, startAt: '2026-11-01T09:00:00Z' })
  const other = said('hired', '2026-11-20', { ...ada, startAt: '2026-11-05' })
  assert.deepEqual(fold([works, left, same]), fold([works, left]))
  assert.deepEqual(reasonsOf([works, left, other]), [
    'the start named is not later than the end of the employment before',
  ])
})

test('between two employments a person is out, not scheduled', () => {
  const left = said('terminated', '2026-11-10')
  const rehired = said('hired', '2026-11-20', { ...ada, role: 'finance', startAt: '2027-01-01' })
  const between = viewOf([works, left, rehired], '2026-12-01')
  assert.deepEqual(
    [between.status, between.startAt, between.endAt, between.rehireAt, between.nextChangeAt, between.role],
    [
      'terminated',
      at('2026-11-01T09:00'),
      at('2026-11-10'),
      at('2027-01-01'),
      at('2027-01-01'),
      'backend-engineer',
    ],
  )
  const back = viewOf([works, left, rehired], '2027-01-01')
  assert.deepEqual(
    [back.status, back.startAt, back.endAt, back.role],
    ['active', at('2027-01-01'), null, 'finance'],
  )
})

test('a rehire that was agreed early leaves the old employment as it was until it ends', () => {
  const leave = said('suspended', '2026-11-05')
  const resigned = said('terminated', '2026-11-10', { effectiveAt: '2026-11-30' })
  const rehired = said('hired', '2026-11-15', { ...ada, role: 'finance', startAt: '2027-01-01' })
  const events = [works, leave, resigned, rehired]
  const before = viewOf(events, '2026-11-20')
  assert.deepEqual([before.status, before.role], ['suspended', 'backend-engineer'])
  assert.equal(statusOf(events, '2026-12-15'), 'terminated')
  const after = viewOf(events, '2027-01-01')
  assert.deepEqual([after.status, after.role], ['active', 'finance'])
})

test('a new word on the start of a rehire takes its role along', () => {
  const left = said('terminated', '2026-11-10')
  const rehired = said('hired', '2026-11-20', { ...ada, role: 'finance', startAt: '2027-01-01' })
  const sooner = said('updated', '2026-11-25', { startAt: '2026-12-15' })
  assert.equal(viewOf([works, left, rehired, sooner], '2026-12-15').role, 'finance')
  const tooSoon = said('updated', '2026-11-25', { startAt: '2026-11-10' })
  assert.equal(statusOf([works, left, rehired, tooSoon], '2026-12-15'), 'terminated')
  assert.equal(reasonsOf([works, left, rehired, tooSoon]).length, 1)
})

test('a termination is about the person: with a rehire already agreed, neither employment goes on', () => {
  const resigned = said('terminated', '2026-11-10', { effectiveAt: '2026-11-30' })
  const rehired = said('hired', '2026-11-15', { ...ada, startAt: '2027-01-01' })
  const fired = said('terminated', '2026-11-20T12:00')
  for (const now of ['2026-11-20T12:00', '2026-12-15', '2027-01-02']) {
    assert.equal(statusOf([works, resigned, rehired, fired], now), 'terminated', now)
  }
})

test('a resignation withdrawn after a rehire was agreed keeps the person, who changes role on that day', () => {
  const resigned = said('terminated', '2026-11-10', { effectiveAt: '2026-11-30' })
  const rehired = said('hired', '2026-11-15', { ...ada, role: 'finance', startAt: '2027-01-01' })
  const stays = said('termination_cancelled', '2026-11-20')
  const events = [works, resigned, rehired, stays]
  assert.deepEqual(
    [statusOf(events, '2026-12-15'), viewOf(events, '2026-12-15').role],
    ['active', 'backend-engineer'],
  )
  assert.deepEqual([statusOf(events, '2027-01-01'), viewOf(events, '2027-01-01').role], ['active', 'finance'])
  const fired = said('terminated', '2026-12-20')
  assert.equal(statusOf([...events, fired], '2026-12-20'), 'terminated')
})

test('a termination that arrives before the hiring is not lost', () => {
  const left = said('terminated', '2026-11-10')
  assert.deepEqual(reasonsOf([left]), ['nobody was hired under this id by then'])
  const earlier = said('hired', '2026-11-01', ada, { heard: '2026-11-12' })
  assert.equal(statusOf([left, earlier], '2026-11-12'), 'terminated')
  // Said after the termination, of a start before it: still the employment that was terminated.
  const backdated = said('hired', '2026-11-12', { ...ada, startAt: '2026-11-01' })
  assert.equal(statusOf([left, backdated], '2026-11-12'), 'terminated')
  assert.deepEqual(reasonsOf([left, backdated]), [])
  const anew = said('hired', '2026-11-12', ada)
  assert.equal(statusOf([left, anew], '2026-11-12'), 'active')
})

test('nobody comes back by a repeat of the hiring, however late and with whatever clock', () => {
  const fast = said('hired', '2026-12-31T09:00', ada, { heard: '2026-11-01T09:00' })
  const left = said('terminated', '2026-11-10')
  for (const hiring of [works, fast]) {
    const events = [hiring, left, again(hiring, '2026-11-20'), again(hiring, '2027-02-01')]
    assert.equal(statusOf(events, '2027-03-01'), 'terminated')
  }
})

test('nobody comes back by a hiring that was held up, when its sender’s clock runs ahead', () => {
  const left = said('terminated', '2026-11-10T13:00', {}, { heard: '2026-11-10T10:00' })
  const heldUp = said('hired', '2026-11-10T12:59', ada, { heard: '2026-11-10T10:30' })
  assert.equal(statusOf([works, left, heldUp], '2026-11-11'), 'terminated')
  assert.equal(statusOf([left, heldUp], '2026-11-11'), 'terminated')
  const withdrawn = said('termination_cancelled', '2026-11-10T12:59', {}, { heard: '2026-11-10T10:30' })
  const leaving = { ...left, data: { effectiveAt: '2026-11-20' } }
  assert.equal(statusOf([works, leaving, withdrawn], '2026-12-01'), 'terminated')
  const postponed = said(
    'terminated',
    '2026-11-10T12:59',
    { effectiveAt: '2026-12-31' },
    { heard: '2026-11-10T10:30' },
  )
  assert.equal(statusOf([works, leaving, postponed], '2026-12-01'), 'terminated')
})

test('an administrator hires again although HR’s clock runs ahead', () => {
  const left = said('terminated', '2026-11-10T13:00', {}, { heard: '2026-11-10T10:00' })
  const now = at('2026-11-10T10:01')
  const timestamp = nextAdminMoment([works, left], now)
  const byHand = administrator('hired', timestamp.toISOString(), ada, { heard: now.toISOString() })
  assert.equal(statusOf([works, left, byHand], '2026-11-10T10:06'), 'active')
})

test('an administrator’s termination holds at once although the hiring is dated ahead', () => {
  const ahead = said('hired', '2026-11-10T10:04', ada, { heard: '2026-11-10T10:00' })
  const news = said('updated', '2026-11-10T10:05', { department: 'R&D' }, { heard: '2026-11-10T10:00' })
  for (const events of [[ahead], [works, news]]) {
    const now = at('2026-11-10T10:01')
    const timestamp = nextAdminMoment(events, now)
    const fired = administrator('terminated', timestamp.toISOString(), {}, { heard: now.toISOString() })
    for (const later of ['2026-11-10T10:01', '2026-11-10T10:04', '2026-11-10T10:30']) {
      assert.equal(statusOf([...events, fired], later), 'terminated', later)
    }
  }
})

test('suspension ends with the employment', () => {
  const events = [works, said('suspended', '2026-11-05'), said('terminated', '2026-11-10')]
  const view = viewOf(events, '2026-11-10')
  assert.deepEqual([view.status, view.suspendedSince], ['terminated', null])
  assert.equal(statusOf([...events, said('hired', '2026-11-20', ada)], '2026-11-20'), 'active')
})

test('an administrator’s termination comes before one that a fast clock dates ahead', () => {
  const left = said('terminated', '2026-11-10T10:04', {}, { heard: '2026-11-10T10:00' })
  const now = at('2026-11-10T10:01')
  const timestamp = nextAdminMoment([works, left], now).toISOString()
  const fired = administrator('terminated', timestamp, {}, { heard: now.toISOString() })
  assert.deepEqual(viewOf([works, left, fired], '2026-11-10T10:01').terminatedAt, now)
})

test('what is said between two employments is about the one to come', () => {
  const left = said('terminated', '2026-11-10')
  const rehired = said('hired', '2026-11-20', { ...ada, role: 'finance', startAt: '2027-01-01' })
  const moved = said('role_changed', '2026-11-25', { role: 'lead' })
  const leave = said('suspended', '2026-11-26')
  const view = viewOf([works, left, rehired, moved, leave], '2027-01-01')
  assert.deepEqual([view.role, view.status], ['lead', 'suspended'])
})

test('a newer word on leave replaces one that is still to come, also across a rehire', () => {
  const resigned = said('terminated', '2026-11-10', { effectiveAt: '2026-11-30' })
  const rehired = said('hired', '2026-11-15', { ...ada, startAt: '2027-01-01' })
  const leave = said('suspended', '2026-11-16', { effectiveAt: '2027-02-01' })
  assert.equal(statusOf([works, resigned, rehired, leave], '2027-02-01'), 'suspended')
  const events = [works, resigned, rehired, leave, said('resumed', '2026-11-17')]
  assert.equal(statusOf(events, '2027-02-01'), 'active')
})

test('a rehire cannot be moved into the employment before it', () => {
  const left = said('terminated', '2026-11-10')
  const rehired = said('hired', '2026-11-20', { ...ada, startAt: '2027-01-01' })
  const earlier = said('hired', '2026-11-25', { ...ada, role: 'lead', startAt: '2026-11-10' })
  const events = [works, left, rehired, earlier]
  assert.deepEqual(viewOf(events, '2026-12-01').rehireAt, at('2027-01-01'))
  assert.equal(viewOf(events, '2027-01-01').role, 'backend-engineer')
  assert.deepEqual(reasonsOf(events), ['the start named is not later than the end of the employment before'])
})

test('a rehire that was called off is no longer to come', () => {
  const left = said('terminated', '2026-11-10')
  const rehired = said('hired', '2026-11-20', { ...ada, startAt: '2027-01-01' })
  const events = [works, left, rehired, said('terminated', '2026-11-25')]
  const view = viewOf(events, '2026-11-26')
  assert.deepEqual([view.rehireAt, view.nextChangeAt, view.terminatedAt], [null, null, at('2026-11-10')])
})

test('a hiring at the very moment of the termination, held up on its way, is no rehire', () => {
  const left = said('terminated', '2026-11-10T13:00', {}, { heard: '2026-11-10T10:00' })
  const heldUp = said('hired', '2026-11-10T13:00', ada, { heard: '2026-11-10T10:30' })
  assert.equal(statusOf([works, left, heldUp], '2026-11-11'), 'terminated')
  assert.deepEqual(reasonsOf([works, left, heldUp]), [
    'it is older, by the clock of its sender, than the termination',
  ])
})

test('of leave and return told for the same moment, the leave counts', () => {
  const away = said('suspended', '2026-11-10T09:00')
  const back = said('resumed', '2026-11-10T09:00')
  for (const events of [
    [works, away, back],
    [works, back, away],
  ]) {
    assert.equal(statusOf(events, '2026-11-10T09:00'), 'suspended')
  }
})
