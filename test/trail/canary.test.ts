import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newsOf } from '../../src/trail/alarms.ts'
import { type Canary, judgeCanaries, type Reading, stillLookedFor } from '../../src/trail/canary.ts'
import { noAlarms } from '../../src/trail/canary-progress.ts'
import type { CanaryFacts } from '../../src/trail/facts.ts'
import { logKeyBefore } from '../../src/trail/log-keys.ts'
import { searchFrom } from '../../src/trail/log-reader.ts'

const now = new Date('2026-12-01T12:00:00Z')
const before = (minutes: number) => new Date(now.getTime() - minutes * 60_000)
const place = {
  bucket: 'logs',
  keyPrefix: null,
  organizationId: null,
  accountId: '123456789012',
  region: 'us-east-1',
}
const all: Reading = { kind: 'all' }

function called(minutesAgo: number, { found = false, eventName = 'GetAccountSummary' } = {}): Canary {
  return {
    requestId: `${eventName}-${minutesAgo}`,
    eventName,
    calledAt: before(minutesAgo),
    found: found ? { at: before(minutesAgo - 6), bucket: 'logs', key: 'k' } : null,
  }
}

const gapsUntil = (minutesAgo: number): Reading => ({
  kind: 'gaps',
  until: before(minutesAgo),
  reason: 'a log file could not be read',
})

const found = (minutesAgo: number, eventName = 'GetAccountSummary') =>
  called(minutesAgo, { found: true, eventName })

const cases: readonly [string, readonly Canary[], Reading, string][] = [
  ['nothing was called yet', [], all, 'unknown'],
  ['the first call is young', [called(4)], all, 'waiting'],
  ['a call is out for 30 minutes', [called(30)], all, 'waiting'],
  ['a call is out for 31 minutes', [called(31)], all, 'warning'],
  ['a call is out for 2 hours', [called(120)], all, 'warning'],
  ['a call is out for longer', [called(121)], all, 'missing'],
  ['the last call was found', [found(12)], all, 'found'],
  ['the last but one was found and the last is young', [found(22), called(11)], all, 'found'],
  ['one was found and the next is late', [found(50), called(40)], all, 'warning'],
  ['one was never found, and a later one was', [called(300), found(12)], all, 'found'],
  [
    'reads are found and a write is not',
    [found(12), called(40, { eventName: 'CreateUser' })],
    all,
    'warning',
  ],
  ['writes are found and a read is not', [found(12, 'CreateUser'), called(125)], all, 'missing'],
  ['nothing was called for longer than 2 hours', [found(125)], all, 'unknown'],
  ['there is more to read', [called(40)], { kind: 'part' }, 'unknown'],
  ['there is more to read and all were found', [found(12)], { kind: 'part' }, 'found'],
  ['the log files cannot be read', [found(12)], { kind: 'not', reason: 'denied' }, 'unknown'],
  ['a call is late that may be in a file that cannot be read', [called(125)], gapsUntil(120), 'unknown'],
  ['all were found and some files cannot be read', [found(12)], gapsUntil(120), 'found'],
  [
    'a call is late that was made after what cannot be read',
    [called(200), called(125)],
    gapsUntil(150),
    'missing',
  ],
  ['no trail is there and a call is late', [called(40)], { kind: 'no-trail' }, 'warning'],
  [
    'the bucket is gone and a call is late',
    [called(125)],
    { kind: 'no-bucket', reason: 'it is gone' },
    'missing',
  ],
]

for (const [what, canaries, reading, status] of cases) {
  test(`where ${what}, the status is ${status}`, () => {
    const facts = judgeCanaries(canaries, reading, now)
    assert.equal(facts.status, status)
    assert.equal(facts.reason === null, status === 'found')
  })
}

const elsewhere = (minutesAgo: number): Canary => ({
  ...found(minutesAgo),
  found: { at: before(minutesAgo - 6), bucket: 'former', key: 'AWSLogs/k' },
})
const here = (minutesAgo: number): Canary => ({
  ...found(minutesAgo),
  found: { at: before(minutesAgo - 6), bucket: 'logs', key: 'AWSLogs/k' },
})
const write = (minutesAgo: number) => called(minutesAgo, { eventName: 'CreateUser' })

const moved: readonly [string, readonly Canary[], string][] = [
  ['all was found in the former bucket', [elsewhere(50)], 'unknown'],
  [
    'all was found in the former bucket, and the first call since is young',
    [elsewhere(50), called(5)],
    'waiting',
  ],
  ['a call since was found', [elsewhere(50), here(20)], 'found'],
  [
    'a call since was found where other accounts deliver',
    [here(20), { ...here(10), found: { at: before(4), bucket: 'logs', key: 'other/AWSLogs/k' } }],
    'found',
  ],
  [
    'all was found below another prefix',
    [{ ...here(10), found: { at: before(4), bucket: 'logs', key: 'other/AWSLogs/k' } }],
    'unknown',
  ],
  ['a write was young when it moved', [write(60), here(20)], 'found'],
  ['a write was late when it moved', [write(80), here(20)], 'warning'],
  ['a call since is late', [elsewhere(50), called(35)], 'warning'],
  [
    'one was missed before, and a later one was found where it delivered',
    [called(100), elsewhere(60)],
    'unknown',
  ],
]
for (const [what, canaries, status] of moved) {
  test(`of a trail that delivers elsewhere since 40 minutes ago, where ${what}, the status is ${status}`, () => {
    const outlet = { trail: { bucket: 'logs', keyPrefix: null }, since: before(40) }
    assert.equal(judgeCanaries(canaries, all, now, outlet).status, status)
  })
}

const yetToCome: readonly [string, readonly Canary[], string][] = [
  ['was found', [found(-24 * 60)], 'unknown'],
  ['was found, and one of now is late', [called(40), found(-24 * 60)], 'warning'],
  ['is looked for, and one of now was found', [found(12), called(-24 * 60)], 'found'],
]
for (const [what, canaries, status] of yetToCome) {
  test(`where a call of the future ${what}, the status is ${status}`, () => {
    assert.equal(judgeCanaries(canaries, all, now).status, status)
  })
}

test('a status names the oldest call that is looked for, and the newest that was found', () => {
  const facts = judgeCanaries([found(90), found(80), called(70), called(60)], all, now)
  assert.equal(facts.waitingSince, before(70).toISOString())
  assert.equal(facts.latest?.calledAt, before(80).toISOString())
  assert.match(facts.reason ?? '', /GetAccountSummary.*70 minutes later no log file has it/)
})

const anyCanary = fc
  .record({
    minutes: fc.integer({ min: 0, max: 600 }),
    found: fc.boolean(),
    eventName: fc.constantFrom('GetAccountSummary', 'CreateUser'),
  })
  .map(({ minutes, ...rest }) => called(minutes, rest))

test('in whichever order calls are found, the judgement is the same', () => {
  fc.assert(
    fc.property(fc.array(anyCanary), fc.array(fc.nat()), (canaries, keys) => {
      const shuffled = canaries
        .map((canary, i) => ({ canary, order: keys[i % Math.max(keys.length, 1)] ?? 0 }))
        .sort((a, b) => a.order - b.order)
        .map(({ canary }) => canary)
      const { status, waitingSince } = judgeCanaries(canaries, all, now)
      const again = judgeCanaries(shuffled, all, now)
      assert.deepEqual([again.status, again.waitingSince], [status, waitingSince])
    }),
  )
})

test('finding one more call never makes it worse', () => {
  const rank = ['found', 'unknown', 'waiting', 'warning', 'missing']
  fc.assert(
    fc.property(fc.array(anyCanary, { minLength: 1 }), fc.nat(), (canaries, pick) => {
      const at = pick % canaries.length
      const better = canaries.map((canary, i) =>
        i === at ? { ...canary, found: { at: now, bucket: 'logs', key: 'k' } } : canary,
      )
      const rankOf = (list: readonly Canary[]) => rank.indexOf(judgeCanaries(list, all, now).status)
      assert.ok(stillLookedFor(better).length <= stillLookedFor(canaries).length)
      assert.ok(rankOf(better) <= rankOf(canaries) || rankOf(better) === 1)
    }),
  )
})

function facts(
  status: CanaryFacts['status'],
  digest: CanaryFacts['digest']['status'] = 'valid',
  faultCount = 0,
): CanaryFacts {
  return {
    status,
    reason: null,
    latest: null,
    waitingSince: null,
    statementsToAdd: [],
    unread: null,
    digest: { status: digest, reason: null, validUntil: null, faults: [], faultCount },
    checkedAt: now.toISOString(),
  }
}

/** The notices of one look after the other: what each says, and how many faults there are. */
function told(...looks: readonly CanaryFacts[]): readonly string[] {
  let alarms = noAlarms
  return looks.flatMap((look) => {
    const after = newsOf(alarms, look)
    alarms = after.alarms
    return after.news.map(({ type, data }) => `${type} ${data.status ?? data.faults ?? ''}`.trim())
  })
}

test('people are told when a call begins to be missed, when it gets worse, and when it is over; once each', () => {
  const looks = [
    'found',
    'warning',
    'warning',
    'unknown',
    'missing',
    'missing',
    'waiting',
    'found',
    'found',
  ] as const
  assert.deepEqual(told(...looks.map((status) => facts(status))), [
    'trail.canary_missing warning',
    'trail.canary_missing missing',
    'trail.canary_found',
  ])
})

test('people are told of each further fault, and when none is left', () => {
  assert.deepEqual(
    told(
      facts('found'),
      facts('found', 'broken', 1),
      facts('found', 'broken', 1),
      facts('found', 'unknown'),
      facts('found', 'broken', 3),
      facts('found'),
      facts('found'),
    ),
    ['trail.log_files_tampered 1', 'trail.log_files_tampered 3', 'trail.log_files_valid'],
  )
})

const at = (hoursAgo: number) => logKeyBefore(place, before(hoursAgo * 60)).concat('Z_a.json.gz')
const searches: readonly (readonly [string, Parameters<typeof searchFrom>[0], readonly Canary[], number])[] =
  [
    ['before the newest file', { lastKey: at(1), isBehind: false }, [], 90],
    ['hours ago at the most after a pause', { lastKey: at(30), isBehind: false }, [], 180],
    ['where a backlog is being read', { lastKey: at(30), isBehind: true }, [], 30 * 60 + 30],
    ['where a call is missing', { lastKey: at(0), isBehind: false }, [called(100)], 105],
    [
      'hours ago at the most for a call that is missing',
      { lastKey: at(0), isBehind: false },
      [called(600)],
      180,
    ],
  ]
for (const [where, left, waiting, minutesAgo] of searches) {
  test(`a search begins ${where}`, () => {
    assert.deepEqual(searchFrom(left, waiting, now), before(minutesAgo))
  })
}
