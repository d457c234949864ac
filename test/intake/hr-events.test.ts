import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readHrEvents, urgencyOf } from '../../src/intake/hr-events.ts'
import { lifecycleKinds } from '../../src/lifecycle/events.ts'
import { hired, message } from '../harness/webhooks.ts'

const envelope = { source: 'hr', senderId: 'msg_1', receivedAt: new Date('2026-11-23T09:00:01Z') }

const read = (body: unknown) =>
  readHrEvents(
    Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    envelope,
  )

function faultsOf(body: unknown): string[] {
  const reading = read(body)
  return reading.ok ? [] : reading.faults.map(({ at }) => at)
}

function dataOf(body: unknown) {
  const reading = read(body)
  assert.ok(reading.ok, `refused: ${JSON.stringify(reading)}`)
  return reading.events[0]?.data
}

test('a hiring becomes one lifecycle event with what was said, and nothing else', () => {
  const reading = read({
    ...hired('E1001', { startAt: '2026-12-01', department: 'R&D', urgent: 'whatever', salary: 1_000_000 }),
    extra: { nested: ['ignored'] },
  })
  assert.deepEqual(reading, {
    ok: true,
    kind: 'employee.hired',
    employeeIds: ['E1001'],
    events: [
      {
        employeeId: 'E1001',
        kind: 'employee.hired',
        timestamp: new Date('2026-11-23T09:00:00Z'),
        receivedAt: envelope.receivedAt,
        source: 'hr',
        senderId: 'msg_1',
        place: 0,
        data: {
          givenName: 'Ada',
          familyName: 'Lovelace',
          email: 'ada@example.com',
          role: 'backend-engineer',
          department: 'R&D',
          startAt: '2026-12-01',
        },
      },
    ],
  })
})

test('each type needs its own fields and no others', () => {
  const profile = ['/data/givenName', '/data/familyName', '/data/email', '/data/role']
  const missing = Object.fromEntries(
    lifecycleKinds.map((kind) => [kind, faultsOf({ ...message(kind, 'E1'), data: {} })]),
  )
  assert.deepEqual(missing, {
    'employee.hired': ['/data/employeeId', ...profile],
    'employee.updated': ['/data/employeeId'],
    'employee.role_changed': ['/data/employeeId', '/data/role'],
    'employee.suspended': ['/data/employeeId'],
    'employee.resumed': ['/data/employeeId'],
    'employee.terminated': ['/data/employeeId'],
    'employee.termination_cancelled': ['/data/employeeId'],
  })
})

test('every fault is listed at once, with its place', () => {
  assert.deepEqual(
    faultsOf({
      type: 'employee.hired',
      timestamp: 'yesterday',
      data: {
        employeeId: '',
        givenName: 7,
        email: 'nobody',
        role: 'x'.repeat(65),
        startAt: '2026-02-30',
        timeZone: 'Mars/Base',
      },
    }),
    [
      '/timestamp',
      '/data/employeeId',
      '/data/givenName',
      '/data/familyName',
      '/data/email',
      '/data/role',
      '/data/timeZone',
      '/data/startAt',
    ],
  )
})

test('an unknown type is refused with the list of types', () => {
  for (const type of ['employee.fired', 'Employee.Hired', '', null, 7, undefined, '__proto__', 'toString']) {
    const reading = read({ ...hired('E1'), type })
    assert.ok(!reading.ok)
    assert.equal(reading.kind, undefined)
    assert.deepEqual(reading.faults, [
      { at: '/type', message: `must be one of ${lifecycleKinds.join(', ')}` },
    ])
    assert.deepEqual(reading.employeeIds, ['E1'], 'whom it concerns is told all the same')
  }
})

test('a leaver does not stay because other fields of the message are malformed', () => {
  const data = dataOf(
    message('employee.terminated', 'E1', { email: 'nobody', department: 7, role: null, urgent: true }),
  )
  assert.deepEqual(data, { urgent: true })
})

test('what is refused still tells of whom and what it was, so that a leaver shows up', () => {
  const reading = read(message('employee.terminated', 'E1', { effectiveAt: 'soon' }))
  assert.deepEqual([reading.ok, reading.kind, reading.employeeIds], [false, 'employee.terminated', ['E1']])
  assert.equal(urgencyOf(reading.kind), 0)
})

test('terminations and suspensions overtake everything else', () => {
  const urgent = lifecycleKinds.filter((kind) => urgencyOf(kind) === 0)
  assert.deepEqual(urgent, ['employee.suspended', 'employee.terminated'])
  assert.equal(urgencyOf(undefined), 1)
})

test('moments are real ones of the calendar, with an offset or as a plain date', () => {
  const good = [
    '2026-12-01',
    '2028-02-29',
    '2026-12-01T09:00:00Z',
    '2026-12-01T09:00:00+05:30',
    '2026-12-01t09:00:00z',
    '2026-12-01T09:00:00.123456Z',
    '2026-12-01T09:00:00-23:59',
    '2999-12-31',
    '1900-01-01',
  ]
  const bad = [
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-12-32',
    '2026-12-01T24:00:00Z',
    '2026-12-01T09:60:00Z',
    '2026-12-01T09:00:00',
    '2026-12-01 09:00:00Z',
    '2026-12-01T09:00Z',
    '20261201',
    '01.12.2026',
    '+002026-12-01',
    '2026-12-1',
    '',
    ' 2026-12-01',
    '2026-12-01Z',
    '0000-01-01',
    '9999-12-31',
    '2026-12-01T09:00:00+24:00',
    '2026-12-01T09:00:00Z[Europe/Berlin]',
    1764579600,
    null,
    ['2026-12-01'],
  ]
  for (const startAt of good) assert.deepEqual(faultsOf(hired('E1', { startAt })), [], String(startAt))
  for (const startAt of bad)
    assert.deepEqual(faultsOf(hired('E1', { startAt })), ['/data/startAt'], String(startAt))
  for (const timestamp of good) {
    const expected = timestamp.includes('-') && timestamp.length === 10 ? ['/timestamp'] : []
    assert.deepEqual(faultsOf({ ...hired('E1'), timestamp }), expected, timestamp)
  }
  assert.deepEqual(faultsOf({ ...hired('E1'), timestamp: undefined }), ['/timestamp'])
})

test('the timestamp is kept to the millisecond, whatever its offset', () => {
  const reading = read({ ...hired('E1'), timestamp: '2026-11-23t10:00:00.1239+01:00' })
  assert.ok(reading.ok)
  assert.deepEqual(reading.events[0]?.timestamp, new Date('2026-11-23T09:00:00.123Z'))
})

test('null or an empty text takes an optional fact back, and is refused where a fact is needed', () => {
  assert.deepEqual(
    dataOf(message('employee.updated', 'E1', { department: null, managerId: '', timeZone: null })),
    {
      department: null,
      managerId: null,
      timeZone: null,
    },
  )
  assert.deepEqual(
    faultsOf(message('employee.updated', 'E1', { givenName: null, email: '', role: null, startAt: null })),
    ['/data/givenName', '/data/email', '/data/role', '/data/startAt'],
  )
})

test('time zones are those that IANA names', () => {
  for (const timeZone of [
    'Europe/Berlin',
    'UTC',
    'America/Argentina/Buenos_Aires',
    'Asia/Kolkata',
    'Etc/GMT+3',
  ]) {
    assert.deepEqual(faultsOf(hired('E1', { timeZone })), [], timeZone)
  }
  for (const timeZone of ['Europe/Atlantis', '+01:00', 'Berlin', 'UTC\u0000', 7, {}]) {
    assert.deepEqual(faultsOf(hired('E1', { timeZone })), ['/data/timeZone'], String(timeZone))
  }
})

test('e-mail addresses are plausible and fit the standard', () => {
  const longest = `${'a'.repeat(254 - '@example.com'.length)}@example.com`
  for (const email of ['ada@example.com', "o'neil+x@mail.example.co", 'zoë@exämple.de', longest]) {
    assert.deepEqual(faultsOf(hired('E1', { email })), [], email)
  }
  for (const email of [
    'ada',
    'ada@',
    '@example.com',
    'a b@example.com',
    'a@b@c.de',
    'a@example..com',
    'a@.com',
    'a@x.',
    `a${longest}`,
    'a@example.com\n',
    '<a@example.com>',
    `${'a@'.repeat(60)}a`,
  ]) {
    assert.deepEqual(faultsOf(hired('E1', { email })), ['/data/email'], email)
  }
})

test('names of any script and 200 characters are taken, 201 are not', () => {
  for (const givenName of [
    'Åsa',
    "D'Arcy",
    '李小龙',
    'محمد',
    '👩‍💻',
    '-',
    '.',
    'x'.repeat(200),
    '𝒳'.repeat(200),
  ]) {
    assert.deepEqual(dataOf(hired('E1', { givenName }))?.givenName, givenName)
  }
  for (const givenName of [
    '',
    '   ',
    'x'.repeat(201),
    '𝒳'.repeat(201),
    'a\u0000b',
    'a\nb',
    'a\u0085b',
    'a\ud800b',
    '\udc00',
  ]) {
    assert.deepEqual(faultsOf(hired('E1', { givenName })), ['/data/givenName'], JSON.stringify(givenName))
  }
})

test('an employee id is a key: visible, and without white space around it', () => {
  for (const id of ['E1', '4711', 'x'.repeat(128), 'Zoë 2', 'a/b?c#d%', '..', '李']) {
    assert.deepEqual(faultsOf(hired(id)), [], id)
  }
  for (const id of [
    '',
    ' E1',
    'E1 ',
    'a  b',
    'a\tb',
    'E1\u200b',
    'x'.repeat(129),
    'a\u0000',
    '\ud800',
    'a\u00a0b',
    1001,
    null,
    ['E1'],
    {},
  ]) {
    assert.deepEqual(
      faultsOf(message('employee.terminated', 'E1', { employeeId: id })),
      ['/data/employeeId'],
      JSON.stringify(id),
    )
  }
})

test('an employee id is the same person however its accents are composed, and hides nothing', () => {
  const [composed, decomposed] = ['Zo\u00eb', 'Zoe\u0308']
  for (const id of [composed, decomposed]) assert.deepEqual(read(hired(id)).employeeIds, [composed])
  for (const id of ['E\u00ad1', 'E\u115f1', 'E1\ufe0f', 'E1\u2060']) {
    assert.deepEqual(faultsOf(hired(id)), ['/data/employeeId'], JSON.stringify(id))
  }
})

test('bytes that are no UTF-8, no JSON or no object are refused, a byte order mark is not', () => {
  const bom = Buffer.from([0xef, 0xbb, 0xbf])
  const json = Buffer.from(JSON.stringify(hired('E1')))
  assert.equal(read(Buffer.concat([bom, json])).ok, true)
  const bad = [
    '',
    ' ',
    'null',
    '[]',
    '"text"',
    '7',
    '{',
    '{"a":1}x',
    'NaN',
    Buffer.concat([json, Buffer.from([0xff])]),
    Buffer.from([0xed, 0xa0, 0x80]),
    '['.repeat(200_000),
  ]
  for (const body of bad) assert.deepEqual(faultsOf(body), ['/'], String(body).slice(0, 20))
  assert.deepEqual(faultsOf('{"type":"employee.hired","timestamp":"2026-11-23T09:00:00Z","data":[]}'), [
    '/data',
  ])
})

test('of a key that stands twice, the last one counts, and no key reaches a prototype', () => {
  const body = JSON.stringify(hired('E1')).replace('"employeeId":"E1"', '"employeeId":"E1","employeeId":"E2"')
  const reading = read(body)
  assert.deepEqual(reading.employeeIds, ['E2'])
  assert.deepEqual(
    faultsOf(
      '{"__proto__":{"type":"employee.terminated"},"timestamp":"2026-11-23T09:00:00Z","data":{"employeeId":"E1"}}',
    ),
    ['/type'],
  )
})

test('no JSON value whatever makes the reader throw, or lets something through that jsonb would refuse', () => {
  const value = fc.jsonValue({ depthSize: 'small' })
  const data = fc.dictionary(
    fc.constantFrom(
      'employeeId',
      'givenName',
      'familyName',
      'email',
      'role',
      'startAt',
      'effectiveAt',
      'urgent',
      'timeZone',
      'managerId',
    ),
    fc.oneof(value, fc.string({ unit: 'binary' }), fc.constantFrom('E1', 'a@b.de', '2026-12-01', 'UTC')),
  )
  const body = fc.oneof(
    value,
    fc.record({
      type: fc.oneof(fc.constantFrom(...lifecycleKinds), value),
      timestamp: fc.oneof(fc.constant('2026-11-23T09:00:00Z'), value),
      data: fc.oneof(data, value),
    }),
  )
  fc.assert(
    fc.property(body, (json) => {
      const reading = read(JSON.stringify(json))
      if (reading.ok) assert.doesNotMatch(JSON.stringify(reading.events), /\\u0000|\\ud[89a-f]/)
      else assert.ok(reading.faults.length > 0)
    }),
    { numRuns: 2000 },
  )
})
