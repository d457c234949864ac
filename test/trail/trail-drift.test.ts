import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { known, unknown } from '../../src/aws/fact.ts'
import { messageOf } from '../../src/drift/drift.ts'
import type { WatchedTrail } from '../../src/store/schema.ts'
import type { TrailFacts } from '../../src/trail/facts.ts'
import { compareTrails, watchedBy } from '../../src/trail/trail-drift.ts'
import { advanced, stopped, trail } from './trails.ts'

const nine = '2026-11-25T09:00:00.000Z'
const ten = '2026-11-25T10:00:00.000Z'
const other = trail({ arn: 'arn:aws:cloudtrail:us-east-1:123456789012:trail/other', name: 'other' })
const watched = (...trails: readonly TrailFacts[]) => compareTrails([], known(trails), nine).watched
const compare = (before: readonly WatchedTrail[], ...trails: readonly TrailFacts[]) =>
  compareTrails(before, known(trails), ten)
const kindsOf = ({ found }: ReturnType<typeof compare>) => found.map(({ kind, resource }) => [kind, resource])
const { arn } = trail()

describe('what became of trails that were good', () => {
  test('nothing, where they are as they were', () => {
    const comparison = compare(watched(trail()), trail())
    assert.deepEqual([comparison.found, comparison.mended], [[], []])
    assert.deepEqual(
      comparison.watched.map(({ isGood, seenAt }) => [isGood, seenAt]),
      [[true, ten]],
    )
  })

  const losses: readonly (readonly [string, string, readonly TrailFacts[]])[] = [
    ['is stopped', 'trail-stopped', [trail({ status: stopped })]],
    ['lost its selectors', 'trail-blinded', [trail({ selectors: known(advanced()) })]],
    ['records one Region', 'trail-blinded', [trail({ isMultiRegion: false })]],
    ['is deleted', 'trail-deleted', []],
  ]
  for (const [what, kind, after] of losses) {
    test(`one ${what}, whether another is good or not`, () => {
      const before = watched(trail(), other)
      assert.deepEqual(kindsOf(compare(before, ...after, other)), [[kind, arn]])
      assert.deepEqual(kindsOf(compare(watched(trail()), ...after)), [[kind, arn]])
    })
  }

  test('a trail that is made first and stays does not hide that the good one goes', () => {
    const both = compare(watched(trail()), other, trail())
    assert.deepEqual(both.found, [])
    assert.deepEqual(kindsOf(compareTrails(both.watched, known([other]), ten)), [['trail-deleted', arn]])
  })

  const redirections: readonly (readonly [string, Partial<TrailFacts>, RegExp])[] = [
    ['its bucket', { bucket: 'evil' }, /: its bucket from logs to evil$/],
    ['its key prefix', { keyPrefix: 'x' }, /: its key prefix from none to x$/],
    [
      'its key',
      { kmsKeyId: 'arn:aws:kms:us-east-1:999999999999:key/2' },
      /KMS key from .*key\/1 to .*key\/2$/,
    ],
    ['encryption', { kmsKeyId: null }, /: its KMS key from .*key\/1 to none$/],
    ['validation', { logFileValidation: false }, /: its log file validation from on to off$/],
    ['all', { bucket: 'evil', keyPrefix: 'x' }, /bucket from logs to evil, its key prefix from none to x$/],
  ]
  for (const [what, change, sentence] of redirections) {
    test(`of one that is still good ${what} was changed`, () => {
      const { found, watched: next } = compare(watched(trail()), trail(change))
      assert.deepEqual(
        found.map(({ kind, seenAt }) => [kind, seenAt]),
        [['trail-redirected', nine]],
      )
      assert.match(found.map(messageOf).join(), sentence)
      // Told once; back again is another change.
      assert.deepEqual(kindsOf(compare(next, trail(change))), [])
    })
  }

  test('validation that is turned on is no drift', () => {
    assert.deepEqual(compare(watched(trail({ logFileValidation: false })), trail()).found, [])
  })

  test('one that was stopped, redirected and started is told of all the same, and is mended', () => {
    const after = compare(watched(trail()), trail({ status: stopped }))
    const restarted = compareTrails(after.watched, known([trail({ bucket: 'evil' })]), ten)
    assert.deepEqual(kindsOf(restarted), [['trail-redirected', arn]])
    assert.deepEqual(restarted.mended, [arn])
  })

  test('what is not known has not drifted, and is compared with what was known before', () => {
    const nobodySays = unknown('throttled')
    for (const unclear of [
      compareTrails(watched(trail()), nobodySays, ten),
      compare(watched(trail()), trail({ status: nobodySays })),
      compare(watched(trail()), trail({ selectors: nobodySays })),
    ]) {
      assert.deepEqual(unclear.found, [])
      const later = compareTrails(unclear.watched, known([trail({ status: stopped })]), ten)
      assert.deepEqual(kindsOf(later), [['trail-stopped', arn]])
      assert.deepEqual(
        later.found.map(({ seenAt }) => seenAt),
        [nine],
      )
    }
  })

  test('a look of long ago, which noted one trail and not where it delivers to, is no reason to call anything drift', () => {
    const look = { isVerified: true, reason: null, trailArn: arn, checkedAt: nine, since: nine }
    const before = watchedBy(look)
    assert.deepEqual(compare(before, trail({ bucket: 'moved' })).found, [])
    assert.deepEqual(kindsOf(compare(before)), [['trail-deleted', arn]])
    assert.deepEqual(watchedBy({ ...look, isVerified: false, trailArn: null }), [])
    assert.deepEqual(watchedBy(null), [])
  })
})
