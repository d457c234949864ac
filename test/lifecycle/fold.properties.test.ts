import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LifecycleEvent, Statement } from '../../src/lifecycle/events.ts'
import {
  type Employee,
  employeeAt,
  fold,
  inOrder,
  lifecycleKinds,
  nextAdminMoment,
  occurredAt,
} from '../../src/lifecycle/index.ts'

// Few days and few words, so that generated events meet, repeat and contradict each other all the time.
const hourMs = 3_600_000
const firstDay = Date.UTC(2026, 9, 20)
const moment = fc.integer({ min: 0, max: 20 * 8 }).map((steps) => new Date(firstDay + steps * 3 * hourMs))
const written = fc.oneof(
  moment.map((date) => date.toISOString()),
  moment.map((date) => date.toISOString().slice(0, 10)),
  fc.constant('someday'),
)
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 })
const statement: fc.Arbitrary<Statement> = fc
  .record({
    role: optional(fc.constantFrom('engineer', 'analyst', 'finance', null)),
    email: optional(fc.constantFrom('a@example.com', 'b@example.com', null)),
    department: optional(fc.constantFrom('R&D', null)),
    timeZone: optional(
      fc.constantFrom('Europe/Berlin', 'America/Los_Angeles', 'Pacific/Kiritimati', 'Mars', null),
    ),
    startAt: fc.option(written, { nil: undefined, freq: 3 }),
    effectiveAt: fc.option(written, { nil: undefined, freq: 3 }),
  })
  .map((data) => JSON.parse(JSON.stringify(data)) as Statement)

const kind = fc.constantFrom(
  ...lifecycleKinds,
  'employee.hired' as const,
  'employee.hired' as const,
  'employee.terminated' as const,
)
const clockErrorMs = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  fc.integer({ min: -50, max: 50 }).map((hours) => hours * hourMs),
  fc.integer({ min: -5, max: 5 }).map((minutes) => minutes * 60_000),
)
const event: fc.Arbitrary<LifecycleEvent> = fc
  .record({
    kind,
    receivedAt: moment,
    clockErrorMs,
    source: fc.constantFrom('hr', 'hr', 'scim', 'admin'),
    senderId: fc.constantFrom('a', 'b', 'c'),
    place: fc.integer({ min: 0, max: 2 }),
    data: statement,
    override: fc.boolean(),
  })
  .map(({ clockErrorMs, override, ...rest }) => ({
    ...rest,
    employeeId: 'E1001',
    timestamp: new Date(rest.receivedAt.getTime() + clockErrorMs),
    ...(rest.source === 'admin' && { override }),
  }))
const someEvents = fc.array(event, { maxLength: 10 })

/** Every few hours from before the first event to after the last. */
const moments = Array.from({ length: 150 }, (_, index) => new Date(firstDay + (index - 20) * 5 * hourMs))

const viewsOf = (employee: Employee) => moments.map((now) => employeeAt(employee, now))
const runs = { numRuns: 400 }

test('every permutation of the events, with any of them repeated, gives the same employee', () => {
  const rearranged = someEvents.chain((events) =>
    fc.record({
      events: fc.constant(events),
      arrived: fc
        .subarray(events)
        .chain((repeats) =>
          fc.shuffledSubarray([...events, ...repeats], { minLength: events.length + repeats.length }),
        ),
    }),
  )
  fc.assert(
    fc.property(rearranged, ({ events, arrived }) => {
      assert.deepEqual(fold(arrived), fold(events))
      assert.deepEqual(viewsOf(fold(arrived)), viewsOf(fold(events)))
    }),
    runs,
  )
})

test('what is said again in another message, at any later time, changes nothing', () => {
  const repeat = fc.record({
    index: fc.nat(),
    laterMs: fc.integer({ min: 1, max: 2_000 * hourMs }),
    senderId: fc.constantFrom('0', 'b', 'z'),
    place: fc.integer({ min: 0, max: 2 }),
  })
  fc.assert(
    fc.property(someEvents, fc.array(repeat, { maxLength: 5 }), (events, repeats) => {
      const again = repeats.flatMap(({ index, laterMs, senderId, place }) => {
        const original = events[index % Math.max(events.length, 1)]
        if (original === undefined) return []
        return [
          { ...original, receivedAt: new Date(original.receivedAt.getTime() + laterMs), senderId, place },
        ]
      })
      assert.deepEqual(fold([...again, ...events]), fold(events))
    }),
    runs,
  )
})

test('nobody comes back to life by a repeat, a late event or a fast clock', () => {
  const reviving = fc.constantFrom('employee.hired' as const, 'employee.termination_cancelled' as const)
  const leaving = fc.record({
    left: event,
    clockAheadMs: fc.constantFrom(0, 60_000, 10 * hourMs, 200 * hourMs),
    others: someEvents,
    // What the same sender had said before or at that moment, by its own clock, however late it is heard.
    late: fc.array(
      fc.record({
        event,
        kind: fc.option(reviving),
        bare: fc.boolean(),
        ageHours: fc.nat({ max: 20 }),
        delayHours: fc.nat({ max: 300 }),
      }),
      { maxLength: 5 },
    ),
  })
  fc.assert(
    fc.property(leaving, ({ left: { receivedAt, ...rest }, clockAheadMs, others, late }) => {
      const hr = { source: 'hr', override: false } as const
      const timestamp = new Date(receivedAt.getTime() + clockAheadMs)
      const left: LifecycleEvent = {
        ...rest,
        ...hr,
        kind: 'employee.terminated',
        receivedAt,
        timestamp,
        data: {},
      }
      const leftAt = occurredAt(left)
      const before = others.filter((event) => occurredAt(event) < leftAt && event.timestamp <= timestamp)
      const repeats = before.map((event) => ({
        ...event,
        receivedAt: new Date(event.receivedAt.getTime() + 999 * hourMs),
      }))
      const heardLate = late.map(
        ({ event, kind, bare, ageHours, delayHours }): LifecycleEvent => ({
          ...event,
          ...hr,
          kind: kind ?? event.kind,
          timestamp: new Date(timestamp.getTime() - ageHours * hourMs),
          receivedAt: new Date(receivedAt.getTime() + delayHours * hourMs),
          data: bare ? {} : event.data,
        }),
      )
      const employee = fold([...heardLate, ...repeats, left, ...before])
      for (const now of [leftAt, ...moments].filter((now) => now >= leftAt)) {
        const { status } = employeeAt(employee, now)
        assert.ok(status === 'terminated' || status === null, `${status} at ${now.toISOString()}`)
      }
    }),
    { numRuns: 1500 },
  )
})

test('a view stays as it is until the next change that it names, and is another from then on', () => {
  fc.assert(
    fc.property(someEvents, moment, (events, now) => {
      const employee = fold(events)
      const view = employeeAt(employee, now)
      const { nextChangeAt, ...facts } = view
      const between = [...moments, nextChangeAt && new Date(nextChangeAt.getTime() - 1)].filter(
        (moment) => moment !== null && moment >= now && (nextChangeAt === null || moment < nextChangeAt),
      ) as Date[]
      for (const moment of between) assert.deepEqual(employeeAt(employee, moment), view)
      if (nextChangeAt === null) return
      assert.ok(nextChangeAt > now)
      const { nextChangeAt: _, ...then } = employeeAt(employee, nextChangeAt)
      assert.notDeepEqual(then, facts)
    }),
    runs,
  )
})

test('an administrator’s override counts at once, whatever was said before and by whatever clock', () => {
  fc.assert(
    fc.property(someEvents, moment, (events, now) => {
      const heard = events.filter(({ receivedAt }) => receivedAt < now)
      const override: LifecycleEvent = {
        employeeId: 'E1001',
        kind: 'employee.updated',
        timestamp: nextAdminMoment(heard, now),
        receivedAt: now,
        source: 'admin',
        senderId: 'by-hand',
        place: 0,
        data: { role: 'auditor' },
        override: true,
      }
      const employee = fold([...heard, override])
      if (employee.employments.length === 0) return
      for (const later of [now, ...moments.filter((moment) => moment >= now)]) {
        assert.equal(employeeAt(employee, later).role, 'auditor')
      }
    }),
    runs,
  )
})

test('every statement is applied, or kept with its reason, and an order is found for any list', () => {
  fc.assert(
    fc.property(someEvents, (events) => {
      const { readable } = inOrder(events)
      const times = readable.map((event) => occurredAt(event).getTime())
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      for (const { event, reason } of fold(events).pending) {
        assert.ok(readable.includes(event) || readable.some(({ senderId }) => senderId === event.senderId))
        assert.notEqual(reason, '')
      }
    }),
    runs,
  )
})

test('no input makes the fold throw, and garbage folds the same in any order', () => {
  const date = fc.date({ noInvalidDate: false })
  const anything = fc.anything({ withDate: true, withBigInt: true, withNullPrototype: true })
  const garbage = fc.record(
    {
      employeeId: anything,
      kind: fc.oneof(kind, anything),
      timestamp: fc.oneof(date, anything),
      receivedAt: fc.oneof(date, anything),
      source: fc.oneof(fc.string(), anything),
      senderId: anything,
      place: fc.oneof(fc.double(), anything),
      override: anything,
      data: fc.oneof(
        fc.dictionary(
          fc.constantFrom('role', 'email', 'timeZone', 'startAt', 'effectiveAt', '__proto__', 'urgent'),
          fc.oneof(fc.string(), written, anything),
        ),
        anything,
      ),
    },
    { requiredKeys: [] },
  )
  const list = fc.array(fc.oneof(garbage, event, anything), { maxLength: 8 }) as unknown as fc.Arbitrary<
    LifecycleEvent[]
  >
  fc.assert(
    fc.property(list, date, (events, now) => {
      const employee = fold(events)
      employeeAt(employee, now)
      const { pending, ...facts } = fold(events.toReversed())
      const { pending: expected, ...expectedFacts } = employee
      assert.deepEqual(facts, expectedFacts)
      assert.deepEqual(
        pending.map(({ reason }) => reason),
        expected.map(({ reason }) => reason),
      )
    }),
    { numRuns: 1500 },
  )
})
