import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isMoment, isTimeZone, resolveMoment } from '../../src/lifecycle/moments.ts'

const resolved = (...args: Parameters<typeof resolveMoment>) => resolveMoment(...args)?.toISOString() ?? null

test('a date-time means the same point in time whatever the time zone of the employee', () => {
  const cases = [
    ['2026-12-01T09:00:00Z', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01t09:00:00z', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01T09:00:00+05:30', '2026-12-01T03:30:00.000Z'],
    ['2026-12-01T00:30:00-11:00', '2026-12-01T11:30:00.000Z'],
    ['2026-12-01T09:00:00.123456789Z', '2026-12-01T09:00:00.123Z'],
    ['2026-12-01T09:00:00-00:00', '2026-12-01T09:00:00.000Z'],
    // RFC 3339 section 5.7 allows a leap second.
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
  ] as const
  for (const [moment, expected] of cases) {
    assert.equal(resolved(moment, 'beginning', 'Pacific/Kiritimati'), expected)
    assert.equal(resolved(moment, 'end'), expected)
  }
})

test('a plain date begins and ends with the day of the employee', () => {
  const cases = [
    ['2026-12-01', undefined, '2026-12-01T00:00:00.000Z', '2026-12-02T00:00:00.000Z'],
    ['2026-12-01', null, '2026-12-01T00:00:00.000Z', '2026-12-02T00:00:00.000Z'],
    ['2026-12-01', 'Europe/Berlin', '2026-11-30T23:00:00.000Z', '2026-12-01T23:00:00.000Z'],
    ['2026-12-01', 'America/Los_Angeles', '2026-12-01T08:00:00.000Z', '2026-12-02T08:00:00.000Z'],
    ['2026-12-01', 'Asia/Kathmandu', '2026-11-30T18:15:00.000Z', '2026-12-01T18:15:00.000Z'],
    ['2028-02-29', 'UTC', '2028-02-29T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    // Clocks go forward: a day of 23 hours. Back: of 25.
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    // Clocks go forward at midnight, so that the day begins at one o'clock.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', '2018-11-05T02:00:00.000Z'],
    // Clocks go back at midnight: the day before has its last hour twice, and ends after the second.
    ['2018-02-17', 'America/Sao_Paulo', '2018-02-17T02:00:00.000Z', '2018-02-18T03:00:00.000Z'],
    // Samoa had no 30 December 2011: the 29th is followed by the 31st.
    ['2011-12-29', 'Pacific/Apia', '2011-12-29T10:00:00.000Z', '2011-12-30T10:00:00.000Z'],
  ] as const
  for (const [day, zone, beginning, end] of cases) {
    assert.equal(resolved(day, 'beginning', zone), beginning, `${day} in ${zone} begins`)
    assert.equal(resolved(day, 'end', zone), end, `${day} in ${zone} ends`)
  }
})

test('a plain date counts in UTC when the time zone is unknown', () => {
  for (const zone of ['Mars/Olympus_Mons', '', '+02:00', '2026-01-01T00:00[Europe/Berlin]', 'no zone']) {
    assert.equal(resolved('2026-12-01', 'beginning', zone), '2026-12-01T00:00:00.000Z')
    assert.equal(isTimeZone(zone), false)
  }
})

test('time zones are those of IANA, links and odd ones included', () => {
  for (const zone of [
    'UTC',
    'Europe/Berlin',
    'America/Argentina/Buenos_Aires',
    'America/Port-au-Prince',
    'Etc/GMT+8',
    'US/Pacific',
  ]) {
    assert.equal(isTimeZone(zone), true, zone)
  }
})

test('what is no moment is refused', () => {
  const texts = [
    '',
    'tomorrow',
    '2026-02-29',
    '2026-13-01',
    '2026-1-1',
    '20261201',
    '2026-12-01T09:00Z',
    '2026-12-01T09:00:00',
    '2026-12-01 09:00:00Z',
    '2026-12-01T24:00:00Z',
    '2026-12-01T09:60:00Z',
    '2026-12-01T09:00:00+25:00',
    '2026-12-01T09:00:00Z[Europe/Berlin]',
    '2026-12-01T09:00:00+0100',
    '+012026-12-01',
    '-2026-12-01',
    '2026-12-01\n',
    ' 2026-12-01',
  ]
  for (const text of texts) assert.equal(isMoment(text), false, JSON.stringify(text))
})

test('no text makes it throw', () => {
  const nearly = fc.stringMatching(
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?$/,
  )
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string()), fc.oneof(fc.string(), fc.constant(null)), (text, zone) => {
      const beginning = resolveMoment(text, 'beginning', zone)
      const end = resolveMoment(text, 'end', zone)
      assert.equal(beginning === null, end === null)
      if (beginning && end) assert.ok(beginning <= end)
    }),
  )
})

test('the short way for what nearly everybody writes comes to the same as the long one', () => {
  const anyTime = fc
    .date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString())
  fc.assert(
    fc.property(anyTime, fc.boolean(), (withMilliseconds, short) => {
      const text = short ? withMilliseconds.replace(/\.\d+Z$/, 'Z') : withMilliseconds
      // The same instant, written so that only the calendar can read it.
      const other = text.replace(/Z$/, '+00:00')
      assert.deepEqual(resolveMoment(text, 'end'), resolveMoment(other, 'end'))
    }),
  )
  assert.equal(resolved('2026-02-28T24:00:00Z', 'end'), null)
  assert.equal(resolved('2026-02-30T00:00:00Z', 'end'), null)
})
