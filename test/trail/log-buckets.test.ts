/** What was seen of the buckets of log files is worth something for hours, and only while they are there. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { known } from '../../src/aws/fact.ts'
import { logBucketNotPublic } from '../../src/compliance/controls/log-bucket-not-public.ts'
import { readLogBuckets } from '../../src/trail/canary-store.ts'
import { snapshotWith } from '../compliance/blank-snapshot.ts'
import { goodTrail } from './log-world.ts'
import { lookFor, type TrailWorld, trailWorlds } from './trail-world.ts'

const day = 24 * 60

describe('a look at the buckets of log files', () => {
  const open = trailWorlds()

  const readNow = ({ world }: TrailWorld) =>
    readLogBuckets(world.store.db, world.account.accountId, world.now())

  async function verdictOf(all: TrailWorld) {
    const trails = known([goodTrail({ bucket: all.bucket })])
    const snapshot = snapshotWith({ trails, trailsElsewhere: known([]), logBuckets: await readNow(all) })
    return logBucketNotPublic.judge(snapshot, all.world.now())
  }

  test('counts for three hours', async () => {
    const all = await open()
    await lookFor(all, 10)
    all.world.move(2 * 60)
    assert.equal((await verdictOf(all)).status, 'pass')
    all.world.move(60)
    const verdict = await verdictOf(all)
    assert.ok(verdict.status === 'unknown')
    assert.match(verdict.reason, /was last looked at 20/)
  })

  test('that is dated in the future counts for nothing, and puts off no other', async () => {
    const all = await open()
    all.world.move(7 * day)
    await lookFor(all, 10)
    all.world.move(-7 * day)
    const verdict = await verdictOf(all)
    assert.ok(verdict.status === 'unknown')
    assert.match(verdict.reason, /is yet to come/)
    await lookFor(all, 10)
    assert.equal((await verdictOf(all)).status, 'pass')
  })

  test('says nothing of a bucket that has been deleted since', async () => {
    const all = await open()
    await lookFor(all, 10)
    assert.equal((await verdictOf(all)).status, 'pass')
    const bucket = all.bucket
    all.sandbox.buckets.delete(bucket)
    await all.world.look()
    const verdict = await verdictOf(all)
    assert.ok(verdict.status === 'unknown')
    assert.match(verdict.reason, new RegExp(bucket))
    all.sandbox.calls.clear()
    await lookFor(all, 10)
    // What is known to be gone is asked about hourly again.
    assert.ok(!all.sandbox.calls.actions().includes('GetBucketAcl'))
  })

  for (const beside of [true, false]) {
    const which = beside ? 'as well' : 'though no other is there'
    test(`is one at the bucket of a trail of another Region alone, ${which}, and costs a call an hour`, async () => {
      const all = await open()
      const { sandbox, trail, world } = all
      const local = {
        ...trail,
        name: 'local',
        arn: 'arn:aws:cloudtrail:eu-west-1:123456789012:trail/local',
        homeRegion: 'eu-west-1',
        isMultiRegionTrail: false,
        s3BucketName: 'of-one-region',
      }
      sandbox.buckets.create('of-one-region', 'eu-west-1', world.now())
      if (!beside) sandbox.state.trails.clear()
      sandbox.state.trails.set(local.arn, local)
      sandbox.calls.clear()
      await lookFor(all, 50)
      const buckets = await readNow(all)
      assert.ok(buckets.known)
      assert.deepEqual(
        buckets.value.map(({ name }) => name).sort(),
        beside ? [all.bucket, 'of-one-region'].sort() : ['of-one-region'],
      )
      assert.equal(sandbox.calls.actions().filter((action) => action === 'ListTrails').length, 1)
      assert.equal(
        sandbox.calls.actions().filter((action) => action === 'GetBucketAcl').length,
        beside ? 2 : 1,
      )
    })
  }

  test('goes by a trail that is looked at now, not by one that was looked at by a clock that was ahead', async () => {
    const all = await open()
    all.world.move(day)
    await lookFor(all, 10)
    all.world.move(-day)
    const other = { ...all.trail, arn: `${all.trail.arn}-other`, name: 'other', s3BucketName: 'elsewhere' }
    all.sandbox.buckets.create('elsewhere', 'us-east-1', all.world.now())
    all.sandbox.state.trails.clear()
    all.sandbox.state.trails.set(other.arn, other)
    assert.equal((await lookFor(all, 20)).status, 'found')
    const buckets = await readNow(all)
    assert.ok(buckets.known)
    assert.deepEqual(
      buckets.value.map(({ name }) => name),
      ['elsewhere'],
    )
  })
})
