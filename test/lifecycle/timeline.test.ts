import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameSince, type Timeline, valueAt, withEntry } from '../../src/lifecycle/timeline.ts'
import { at } from './said.ts'

const role = (value: string, effectiveAt: string) => ({ value, effectiveAt: at(effectiveAt) })

test('a statement counts from its effect on, to the millisecond', () => {
  const timeline = withEntry([], at('2026-11-01'), role('engineer', '2026-12-01'))
  assert.equal(valueAt(timeline, at('2026-11-30T23:59:59.999Z')), undefined)
  assert.equal(valueAt(timeline, at('2026-12-01')), 'engineer')
})

test('a newer statement replaces every one that is not yet in effect, and none that is', () => {
  let timeline: Timeline<string> = []
  timeline = withEntry(timeline, at('2026-11-01'), role('engineer', '2026-11-01'))
  timeline = withEntry(timeline, at('2026-11-02'), role('lead', '2026-12-01'))
  timeline = withEntry(timeline, at('2026-11-03'), role('analyst', '2027-01-01'))
  assert.deepEqual(timeline, [role('engineer', '2026-11-01'), role('analyst', '2027-01-01')])
})

test('what is in effect at the very moment of the next statement is not replaced, but outdone', () => {
  const first = withEntry([], at('2026-11-01'), role('engineer', '2026-12-01'))
  const both = withEntry(first, at('2026-12-01'), role('analyst', '2026-12-01'))
  assert.equal(both.length, 2)
  assert.equal(valueAt(both, at('2026-12-01')), 'analyst')
})

test('what is said again and again leaves one entry, unless it moves the effect back', () => {
  let timeline: Timeline<string> = []
  for (const day of ['2026-11-05', '2026-11-06', '2026-11-07']) {
    timeline = withEntry(timeline, at(day), role('engineer', day))
  }
  assert.deepEqual(timeline, [role('engineer', '2026-11-05')])
  timeline = withEntry(timeline, at('2026-11-08'), role('engineer', '2026-11-01'))
  assert.deepEqual(sameSince(timeline, at('2026-11-09')), at('2026-11-01'))
})

test('saying the same again does not make it younger', () => {
  let timeline: Timeline<boolean> = []
  for (const [value, day] of [
    [true, '2026-11-01'],
    [false, '2026-11-05'],
    [true, '2026-11-10'],
    [true, '2026-11-15'],
  ] as const) {
    timeline = withEntry(timeline, at(day), { value, effectiveAt: at(day) })
  }
  assert.deepEqual(sameSince(timeline, at('2026-11-20')), at('2026-11-10'))
  assert.deepEqual(sameSince(timeline, at('2026-11-07')), at('2026-11-05'))
  assert.equal(sameSince(timeline, at('2026-10-01')), null)
})
