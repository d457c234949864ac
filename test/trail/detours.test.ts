/** A trail that somebody points elsewhere for a while, to delete what it delivered before. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keysOf, lookFor, type TrailWorld, trailWorlds } from './trail-world.ts'

describe('a trail that delivers elsewhere for a while', () => {
  const open = trailWorlds()

  async function worldOf() {
    const all = await open()
    assert.equal((await lookFor(all, 5 * 60, 30)).digest.status, 'valid')
    return all
  }

  const detours: readonly (readonly [string, (all: TrailWorld) => object])[] = [
    [
      'to another bucket',
      ({ sandbox, world }) => {
        sandbox.buckets.create('elsewhere', 'us-east-1', world.now())
        return { s3BucketName: 'elsewhere' }
      },
    ],
    ['below another prefix', () => ({ s3KeyPrefix: 'other' })],
  ]

  for (const [where, detour] of detours) {
    test(`${where}: what is deleted meanwhile is missed as it would be without`, async () => {
      const all = await worldOf()
      const { s3BucketName, s3KeyPrefix } = all.trail
      const home = { s3BucketName, s3KeyPrefix }
      Object.assign(all.trail, detour(all))
      await all.world.look()
      const doomed = [...keysOf(all, 'CloudTrail'), ...keysOf(all, 'CloudTrail-Digest')]
      for (const key of doomed) all.sandbox.buckets.remove(all.bucket, key)
      Object.assign(all.trail, home)
      const { digest, status } = await lookFor(all, 3 * 60)
      assert.equal(status, 'found')
      assert.equal(digest.status, 'broken', JSON.stringify(digest))
      assert.match(digest.reason ?? '', /was deleted/)
      assert.ok(all.world.told.some(({ type }) => type === 'trail.log_files_tampered'))
    })

    test(`${where}: where nothing is deleted, the chain goes on, and says from when to when it knows nothing`, async () => {
      const all = await worldOf()
      const { s3BucketName, s3KeyPrefix } = all.trail
      const home = { s3BucketName, s3KeyPrefix }
      Object.assign(all.trail, detour(all))
      await lookFor(all, 130)
      Object.assign(all.trail, home)
      const { digest } = await lookFor(all, 3 * 60)
      assert.equal(digest.status, 'valid', JSON.stringify(digest))
      assert.match(digest.reason ?? '', /nothing tells of log files that were delivered from/)
      assert.deepEqual(all.world.told, [])
    })
  }

  test('many detours make Muster forget no more than one', async () => {
    const all = await worldOf()
    for (let i = 0; i < 8; i++) {
      const bucket = `elsewhere-${i}`
      all.sandbox.buckets.create(bucket, 'us-east-1', all.world.now())
      Object.assign(all.trail, { s3BucketName: bucket })
      await lookFor(all, 70, 70)
    }
    all.sandbox.buckets.remove(all.bucket, keysOf(all, 'CloudTrail-Digest').at(-1) ?? '')
    Object.assign(all.trail, { s3BucketName: all.bucket })
    const { digest } = await lookFor(all, 130)
    assert.match(digest.reason ?? '', /was deleted/)
  })

  test('a bucket that is gone after the trail delivered there does not hold up the chain', async () => {
    const all = await worldOf()
    all.sandbox.buckets.create('elsewhere', 'us-east-1', all.world.now())
    Object.assign(all.trail, { s3BucketName: 'elsewhere' })
    await lookFor(all, 130)
    Object.assign(all.trail, { s3BucketName: all.bucket })
    all.sandbox.faults.add({
      action: 'GetObject',
      params: ({ Bucket }) => Bucket === 'elsewhere',
      times: Infinity,
      outcome: { code: 'NoSuchBucket', status: 404 },
    })
    const { digest } = await lookFor(all, 3 * 60)
    assert.equal(digest.status, 'broken', JSON.stringify(digest))
    assert.match(digest.reason ?? '', /was deleted/)
    const { digest: later } = await lookFor(all, 8 * 24 * 60, 6 * 60)
    assert.equal(later.status, 'valid', JSON.stringify(later))
  })
})
