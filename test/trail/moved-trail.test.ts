/** A trail that delivers elsewhere from now on, and one that takes the place of another: what was found before proves neither. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { trailCanary } from '../../src/compliance/controls/trail-canary.ts'
import type { CanaryFacts } from '../../src/trail/facts.ts'
import { snapshotWith } from '../compliance/blank-snapshot.ts'
import { lookFor, type TrailWorld, trailWorlds } from './trail-world.ts'

const verdictOf = (canary: CanaryFacts, { world }: TrailWorld) =>
  trailCanary.judge(snapshotWith({ canary }), world.now()).status

describe('a trail that delivers to another place', () => {
  const open = trailWorlds()

  const moves: readonly (readonly [string, (all: TrailWorld) => void])[] = [
    [
      'to another bucket',
      ({ sandbox, trail, world }) => {
        sandbox.buckets.create('elsewhere', 'us-east-1', world.now())
        Object.assign(trail, { s3BucketName: 'elsewhere' })
      },
    ],
    ['below another prefix', ({ trail }) => Object.assign(trail, { s3KeyPrefix: 'other' })],
    [
      'because another trail took its place',
      ({ sandbox, trail, world }) => {
        sandbox.buckets.create('elsewhere', 'us-east-1', world.now())
        sandbox.state.trails.clear()
        const other = { ...trail, name: 'other', arn: `${trail.arn}-other`, s3BucketName: 'elsewhere' }
        sandbox.state.trails.set(other.arn, other)
      },
    ],
  ]

  for (const [how, move] of moves) {
    test(`${how}: what was found before is no proof, and what is found there is`, async () => {
      const all = await open()
      assert.equal((await lookFor(all, 40)).status, 'found')
      move(all)
      const moved = await all.world.look()
      assert.equal(moved.status, 'waiting')
      assert.equal(moved.latest, null)
      assert.equal(verdictOf(moved, all), 'unknown')
      // The call was made at once.
      all.world.move(5)
      const facts = await all.world.look()
      assert.equal(facts.status, 'found', facts.reason ?? '')
      assert.deepEqual(
        [facts.latest?.bucket, facts.latest?.key.startsWith(`${all.trail.s3KeyPrefix ?? ''}`)],
        [[...all.sandbox.state.trails.values()][0]?.s3BucketName, true],
      )
      assert.equal(verdictOf(facts, all), 'pass')
      assert.equal((await lookFor(all, 4 * 60, 20)).status, 'found')
      assert.deepEqual(all.world.told, [])
    })
  }

  test('what is never delivered to the new place is missed, from the move on', async () => {
    const all = await open()
    assert.equal((await lookFor(all, 40)).status, 'found')
    all.trail.s3BucketName = 'of-nobody'
    assert.equal((await lookFor(all, 20)).status, 'waiting')
    assert.equal((await lookFor(all, 20)).status, 'warning')
    assert.equal((await lookFor(all, 100)).status, 'missing')
  })

  test('what was missed before the move stays so until a later call is found', async () => {
    const all = await open()
    await lookFor(all, 20)
    all.trail.deliveryError = 'AccessDenied'
    assert.equal((await lookFor(all, 60)).status, 'warning')
    all.trail.s3KeyPrefix = 'other'
    assert.equal((await all.world.look()).status, 'warning')
    all.trail.deliveryError = undefined
    assert.equal((await lookFor(all, 20)).status, 'found')
  })
})
