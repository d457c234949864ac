/** Objects that somebody who can write to the log bucket puts there to stop Muster, or to have it look away. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { AwsCallError } from '../../src/aws/errors.ts'
import { event } from './digest-files.ts'
import { sightingsIn } from './log-world.ts'
import { keysOf, lookFor, type TrailWorld, trailWorlds } from './trail-world.ts'

describe('what is planted in the log bucket', () => {
  const worldOf = trailWorlds()

  /** An object among the digests, named after now. */
  function plantDigest({ world, sandbox, bucket, ...all }: TrailWorld, content: string | Buffer) {
    const [real = ''] = keysOf({ world, sandbox, bucket, ...all }, 'CloudTrail-Digest').slice(-1)
    const at = world.now()
    const stamp = at.toISOString().replace(/[-:]/g, '').slice(0, 15)
    const key = real.replace(/\d{8}T\d{6}Z/, `${stamp}Z`)
    const metadata = { signature: 'ab'.repeat(256), 'signature-algorithm': 'SHA256withRSA' }
    sandbox.buckets.put(bucket, { key, body: gzipSync(content), metadata, at })
    return key
  }

  /** Returns its key. */
  function plantLog(all: TrailWorld, records: readonly unknown[], name = 'a'.repeat(16)) {
    const at = all.world.now()
    const minute = at.toISOString().replace(/[-:]/g, '').slice(0, 13)
    const [real = ''] = keysOf(all, 'CloudTrail').slice(-1)
    const key = real.replace(/\d{8}T\d{4}Z_[^/]+/, `${minute}Z_${name}.json.gz`)
    all.sandbox.buckets.put(all.bucket, { key, body: gzipSync(JSON.stringify({ Records: records })), at })
    return key
  }

  const digestText = (change: object) =>
    JSON.stringify({
      digestStartTime: '2026-01-01T00:00:00Z',
      digestEndTime: '2026-01-01T01:00:00Z',
      digestS3Bucket: 'b',
      digestS3Object: 'k',
      digestPublicKeyFingerprint: 'f',
      previousDigestSignature: null,
      logFiles: [],
      ...change,
    })

  for (const [what, change] of [
    ['that the database refuses', { digestS3Bucket: 'b\0\ud800', digestPublicKeyFingerprint: '\0' }],
    ['without end', { digestS3Object: 'k'.repeat(1_000_000) }],
  ] as const) {
    test(`a forged digest with a text ${what} is told, and hides nothing`, async () => {
      const all = await worldOf()
      await lookFor(all, 150)
      const key = plantDigest(all, digestText(change))
      const { digest } = await lookFor(all, 10)
      assert.equal(digest.status, 'broken', JSON.stringify(digest).slice(0, 500))
      const reason = digest.reason ?? ''
      assert.ok(reason.includes(key), reason.slice(0, 500))
      assert.ok(reason.length < 2000, `${reason.length}`)
      for (const deleted of keysOf(all, 'CloudTrail').slice(-4))
        all.sandbox.buckets.remove(all.bucket, deleted)
      assert.match((await lookFor(all, 90)).digest.reason ?? '', /others/)
    })
  }

  test('what AWS says of an object is kept in a form that the database takes', async () => {
    const all = await worldOf()
    await lookFor(all, 30)
    const key = plantLog(all, [])
    const { account } = all.world
    const { callS3 } = account
    Object.assign(account, {
      callS3: (region: string, command: { input: { Key?: string } }) => {
        if (command.input.Key !== key) return callS3(region, command as never)
        const cause = Object.assign(new Error(`no\0 ${'x'.repeat(5000)}`), {
          name: 'InvalidObjectState',
          $metadata: { httpStatusCode: 403 },
        })
        return Promise.reject(new AwsCallError('GetObject', cause))
      },
    })
    const facts = await all.world.look()
    assert.match(facts.unread?.reason ?? '', /no\ufffd xxx/)
    assert.ok((facts.unread?.reason.length ?? 0) < 1000)
  })

  test('an event of a year that no database knows keeps nothing else from being found', async () => {
    const all = await worldOf()
    await lookFor(all, 30)
    const { principalId } = all.world.account
    const written = ['+200000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', all.world.now().toISOString()].map(
      (eventTime, i) => event({ requestID: `w-${i}`, eventTime, principalId, readOnly: false }),
    )
    plantLog(all, written)
    assert.equal((await all.world.look()).status, 'found')
    assert.deepEqual(
      (await sightingsIn(all.world.store)).map(({ request_id }) => request_id),
      ['w-2'],
    )
  })

  test('what is found in a look that could not be saved is found by the next one', async () => {
    const all = await worldOf()
    await lookFor(all, 30)
    const { principalId } = all.world.account
    plantLog(all, [event({ requestID: 'w-1', principalId, readOnly: false })])
    const { db } = all.world.store
    const { transaction } = db
    Object.assign(db, { transaction: () => Promise.reject(new Error('the database is away')) })
    await assert.rejects(all.world.look(), /the database is away/)
    Object.assign(db, { transaction })
    await all.world.look()
    assert.equal((await sightingsIn(all.world.store)).length, 1)
  })

  for (const folder of ['CloudTrail', 'CloudTrail-Digest']) {
    test(`objects without end below ${folder} are not listed without end, and nothing is said to be well`, async () => {
      const all = await worldOf()
      await lookFor(all, 150)
      const { account } = all.world
      const { callS3 } = account
      let pages = 0
      Object.assign(account, {
        callS3: (region: string, command: { input: { Prefix?: string; Key?: string } }) => {
          const { Prefix, Key } = command.input
          if (Key !== undefined || !Prefix?.includes(`/${folder}/`)) return callS3(region, command as never)
          assert.ok(++pages < 1000, 'it is listed without end')
          const Contents = [{ Key: `${Prefix}~${String(pages).padStart(9, '0')}`, Size: 1 }]
          return { output: { Contents, IsTruncated: true, NextContinuationToken: `${pages}` } }
        },
      })
      const facts = await all.world.look()
      const [status, reason] =
        folder === 'CloudTrail' ? [facts.status, facts.reason] : [facts.digest.status, facts.digest.reason]
      assert.equal(status, 'unknown')
      assert.match(reason ?? '', /more objects lie in the way/)
    })
  }

  test('a look ends after so many bytes as are inflated, however small the objects are', async () => {
    const all = await worldOf({ limits: { files: 500, bytes: 20_000_000, ms: 60_000 } })
    await lookFor(all, 30)
    const bombs = Array.from({ length: 6 }, (_, i) =>
      plantLog(all, [' '.repeat(1_000_000)], `${i}${'0'.repeat(15)}`),
    )
    const object = (key: string) => all.sandbox.buckets.get(all.bucket)?.objects.get(key)
    const body = gzipSync(`{"Records":[${'{"text":"      "},'.repeat(500_000)}{}]}`)
    for (const key of bombs)
      all.sandbox.buckets.put(all.bucket, { ...object(key), key, body, at: all.world.now() })
    const read = () =>
      all.sandbox.calls.of('GetObject').filter(({ params }) => bombs.includes(String(params.Key))).length
    await all.world.look()
    assert.equal(read(), 3)
    await all.world.look()
    assert.equal(read(), 6)
  })
})
