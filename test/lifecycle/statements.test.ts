import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lifecycleKinds } from '../../src/lifecycle/events.ts'
import { inOrder, nextAdminMoment, spokenAt } from '../../src/lifecycle/statements.ts'
import { ada, administrator, again, at, said } from './said.ts'

const sendersOf = (...events: Parameters<typeof inOrder>[0]) =>
  inOrder(events).readable.map(({ senderId }) => senderId)

test('events stand in the order in which they happened, not in which they arrived', () => {
  const first = said('hired', '2026-11-01T09:00', ada, { heard: '2026-11-20T09:00' })
  const second = said('role_changed', '2026-11-02T09:00', { role: 'lead' })
  assert.deepEqual(inOrder([second, first]).readable, inOrder([first, second]).readable)
  assert.deepEqual(sendersOf(second, first), [first.senderId, second.senderId])
})

test('at one moment the kind decides, terminations last', () => {
  const moment = '2026-11-01T09:00'
  const events = lifecycleKinds.map((kind) => said('hired', moment, {}, { kind }))
  assert.deepEqual(
    inOrder(events.toReversed()).readable.map(({ kind }) => kind),
    lifecycleKinds,
  )
  assert.equal(lifecycleKinds.at(-1), 'employee.terminated')
})

test('then the source decides, then the sender’s id, then the place in the delivery', () => {
  const update = (source: string, senderId: string, place: number) =>
    said(
      'updated',
      '2026-11-01T09:00',
      { email: `${source}${senderId}${place}@example.com` },
      { source, senderId, place },
    )
  const ordered = [
    update('hr', 'a', 0),
    update('hr', 'a', 1),
    update('hr', 'a', 10),
    update('hr', 'b', 0),
    update('scim', 'a', 0),
  ]
  const emails = (events: typeof ordered) => inOrder(events).readable.map(({ data }) => data.email)
  assert.deepEqual(emails(ordered.toReversed()), emails(ordered))
  assert.deepEqual(
    emails(ordered),
    ordered.map(({ data }) => data.email),
  )
})

test('a clock that runs ahead is believed for five minutes and no longer', () => {
  const fast = said('updated', '2030-01-01', { email: 'fast@example.com' }, { heard: '2026-11-01T09:00' })
  const before = said('updated', '2026-11-01T09:04', { email: 'before@example.com' })
  const after = said('updated', '2026-11-01T09:06', { email: 'after@example.com' })
  assert.deepEqual(sendersOf(after, fast, before), [before.senderId, fast.senderId, after.senderId])
})

test('a repeat under another id is the same statement, and stands where it was first heard', () => {
  const first = said('hired', '2030-01-01', ada, { heard: '2026-11-01T09:00' })
  const repeat = again(first, '2026-11-20T09:00')
  assert.deepEqual(inOrder([repeat, first]), inOrder([first]))
})

test('the order of keys, unknown fields and absent ones do not make another statement', () => {
  const first = said('updated', '2026-11-01T09:00', { email: 'a@example.com', department: 'R&D' })
  const reordered = {
    ...again(first, '2026-11-01T09:00'),
    data: { department: 'R&D', email: 'a@example.com', shoeSize: 43 },
  }
  assert.equal(inOrder([first, reordered]).readable.length, 1)
})

test('an administrator and HR never make the same statement', () => {
  const hr = said('updated', '2026-11-01T09:00', { email: 'a@example.com' })
  assert.equal(inOrder([hr, { ...hr, source: 'admin' }]).readable.length, 2)
  assert.equal(inOrder([hr, { ...hr, source: 'scim' }]).readable.length, 1)
})

test('a null is another statement than silence', () => {
  const silent = said('updated', '2026-11-01T09:00', {})
  const cleared = said('updated', '2026-11-01T09:00', { department: null })
  assert.equal(inOrder([silent, cleared]).readable.length, 2)
})

test('what the caller keeps in its events stays in them', () => {
  const event = { ...said('hired', '2026-11-01T09:00', ada), deliveryId: 'd1' }
  assert.equal(inOrder([event]).readable[0]?.deliveryId, 'd1')
})

test('what has no place in time is set apart', () => {
  const noTime = said('hired', '2026-11-01T09:00', ada, { timestamp: new Date(Number.NaN) })
  const noKind = said('hired', '2026-11-01T09:00', ada, { kind: 'employee.abducted' as never })
  const { readable, unreadable } = inOrder([noTime, noKind])
  assert.equal(readable.length, 0)
  assert.equal(unreadable.length, 2)
})

test('an administrator speaks now, or just after the last event when a clock runs ahead', () => {
  const now = at('2026-11-01T09:00')
  assert.deepEqual(nextAdminMoment([], now), now)
  assert.deepEqual(nextAdminMoment([said('hired', '2026-10-01', ada)], now), now)
  assert.deepEqual(
    nextAdminMoment([said('hired', '2026-11-01T09:00', ada)], now),
    at('2026-11-01T09:00:00.001Z'),
  )
  const ahead = said('hired', '2026-11-01T12:00', ada, { heard: '2026-11-01T09:00' })
  assert.deepEqual(nextAdminMoment([ahead], now), at('2026-11-01T09:05:00.001Z'))
})

test('what an administrator says does not wait until a fast clock is caught up with', () => {
  const event = administrator('terminated', '2026-11-01T09:05:00.001Z', {}, { heard: '2026-11-01T09:00' })
  assert.deepEqual(spokenAt(event), at('2026-11-01T09:00'))
  assert.deepEqual(spokenAt({ ...event, source: 'hr' }), at('2026-11-01T09:05'))
})
