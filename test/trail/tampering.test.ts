/** Log files that somebody alters or deletes, in the sandbox. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  GetTrailStatusCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import { AwsCallError } from '../../src/aws/errors.ts'
import { known } from '../../src/aws/fact.ts'
import { writeDigest } from './digest-files.ts'
import { keysOf, lookFor, rewrite, type TrailWorld, trailWorlds, verifiedTrailOf } from './trail-world.ts'

describe('the digest chain', () => {
  const worldOf = trailWorlds()

  test('the digest chain is valid while nobody touches it, for days', async () => {
    const all = await worldOf()
    assert.equal((await all.world.look()).digest.status, 'waiting')
    const facts = await lookFor(all, 30 * 60, 30)
    assert.equal(facts.digest.status, 'valid', facts.digest.reason ?? '')
    const age = all.world.now().getTime() - Date.parse(facts.digest.validUntil ?? '')
    assert.ok(age < 95 * 60_000, `${age}`)
    assert.ok(keysOf(all, 'CloudTrail-Digest').length > 20)
  })

  test('without log file validation the digest is off', async () => {
    const all = await worldOf()
    await all.world.account.callTrail(
      all.trail.homeRegion,
      new UpdateTrailCommand({ Name: all.trail.arn, EnableLogFileValidation: false }),
    )
    assert.equal((await all.world.look()).digest.status, 'off')
  })

  test('what was found tampered with stays so for its week when log file validation is turned off', async () => {
    const all = await worldOf()
    await lookFor(all, 3 * 60, 30)
    const { key } = deleted(all, 'CloudTrail', 2)
    assert.equal((await lookFor(all, 20)).digest.status, 'broken')
    await all.world.account.callTrail(
      all.trail.homeRegion,
      new UpdateTrailCommand({ Name: all.trail.arn, EnableLogFileValidation: false }),
    )
    const { digest } = await lookFor(all, 3 * 60, 30)
    assert.equal(digest.status, 'broken')
    assert.deepEqual(
      digest.faults.map((fault) => fault.key),
      [key],
    )
    assert.equal((await lookFor(all, 8 * 24 * 60, 12 * 60)).digest.status, 'off')
  })

  test('a trail that was stopped and started has a new chain, and that is not tampering', async () => {
    const all = await worldOf()
    await lookFor(all, 130)
    await all.world.account.callTrail(all.trail.homeRegion, new StopLoggingCommand({ Name: all.trail.arn }))
    await lookFor(all, 3 * 60)
    await all.world.account.callTrail(all.trail.homeRegion, new StartLoggingCommand({ Name: all.trail.arn }))
    const facts = await lookFor(all, 130)
    assert.equal(facts.digest.status, 'valid', facts.digest.reason ?? '')
    assert.match(facts.digest.reason ?? '', /the chain began anew: nothing tells of log files/)
  })

  type Tampering = (all: TrailWorld) => { readonly key: string; readonly undo?: () => void }

  const tamperings: Readonly<Record<string, Tampering>> = {
    'a log file that is deleted before the digest lists it': (all) => deleted(all, 'CloudTrail', -1),
    'a log file that is deleted after it was verified': (all) => deleted(all, 'CloudTrail', 4),
    'a digest file that is deleted': (all) => deleted(all, 'CloudTrail-Digest', 1),
    'a log file that is altered before the digest lists it': (all) => altered(all, 'CloudTrail', -1),
    'a log file that is altered after it was verified': (all) => altered(all, 'CloudTrail', 4),
    'a digest file that is altered': (all) => altered(all, 'CloudTrail-Digest', 1),
    'a log file that is overwritten with something else': (all) => {
      const key = keysOf(all, 'CloudTrail').at(-1) ?? ''
      all.sandbox.buckets.put(all.bucket, { key, body: Buffer.from('gone'), at: all.world.now() })
      return { key }
    },
  }

  function deleted(all: TrailWorld, kind: string, at: number) {
    const key = keysOf(all, kind).at(at) ?? ''
    const object = all.sandbox.buckets.get(all.bucket)?.objects.get(key)
    assert.ok(object)
    all.sandbox.buckets.remove(all.bucket, key)
    return {
      key,
      undo: () => void all.sandbox.buckets.put(all.bucket, { ...object, at: object.lastModified }),
    }
  }

  function altered(all: TrailWorld, kind: string, at: number) {
    const key = keysOf(all, kind).at(at) ?? ''
    return { key, undo: rewrite(all, key, (content) => content.replace('us-east-1', 'us-east-2')) }
  }

  for (const [what, tamper] of Object.entries(tamperings)) {
    test(`${what} breaks the chain, is named, and is not forgotten`, async () => {
      const all = await worldOf()
      assert.equal((await lookFor(all, 3 * 60, 30)).digest.status, 'valid')
      const { key, undo } = tamper(all)
      const facts = await lookFor(all, 90, 10)
      assert.equal(facts.digest.status, 'broken', JSON.stringify(facts.digest))
      assert.ok(facts.digest.reason?.includes(key), `${facts.digest.reason} names ${key}`)
      assert.equal(facts.status, 'found')
      const told = all.world.told.map(({ type }) => type)
      assert.ok(told.length > 0 && told.every((type) => type === 'trail.log_files_tampered'), `${told}`)
      assert.equal((await lookFor(all, 12 * 60, 120)).digest.status, 'broken')
      // What stood before the file is still accounted for.
      assert.ok((facts.digest.validUntil ?? '') < all.world.now().toISOString())
      if (!undo) return
      undo()
      const mended = await lookFor(all, 20)
      assert.equal(mended.digest.status, 'valid', mended.digest.reason ?? '')
      assert.equal(all.world.told.at(-1)?.type, 'trail.log_files_valid')
    })
  }

  test('a fault is shown for a week, then the chain is what it is since', async () => {
    const all = await worldOf()
    await lookFor(all, 3 * 60, 30)
    deleted(all, 'CloudTrail', -1)
    assert.equal((await lookFor(all, 90)).digest.status, 'broken')
    assert.equal((await lookFor(all, 6 * 24 * 60, 12 * 60)).digest.status, 'broken')
    assert.equal((await lookFor(all, 26 * 60, 120)).digest.status, 'valid')
  })

  test('where every new digest file is deleted, CloudTrail itself says that there should be one', async () => {
    const all = await worldOf()
    await lookFor(all, 3 * 60, 30)
    for (let i = 0; i < 30; i++) {
      all.world.move(8)
      // Whoever asks makes the sandbox deliver.
      await verifiedTrailOf(all.world.account)
      for (const key of keysOf(all, 'CloudTrail-Digest').slice(4)) all.sandbox.buckets.remove(all.bucket, key)
      await all.world.look()
    }
    const facts = await all.world.look()
    assert.equal(facts.digest.status, 'broken', JSON.stringify(facts.digest))
  })

  test('a digest that another Region delivered is not missed where IAM is', async () => {
    const all = await worldOf({
      // Its home Region is hours ahead of what is in the bucket.
      told: (trail, now) =>
        trail.status.known
          ? { ...trail, status: known({ ...trail.status.value, latestDigestAt: hoursAfter(now, 6) }) }
          : trail,
    })
    Object.assign(all.trail, { homeRegion: 'eu-west-1' })
    const { account } = all.world
    const { callTrail } = account
    // The Region of IAM is asked itself.
    assert.equal((await lookFor(all, 4 * 60, 30)).digest.status, 'valid')
    Object.assign(account, {
      callTrail: (region: string, command: object) => {
        const isRefused = command instanceof GetTrailStatusCommand && region === 'us-east-1'
        if (!isRefused) return callTrail(region, command as never)
        const cause = Object.assign(new Error('no'), { name: 'AccessDeniedException' })
        return Promise.reject(new AwsCallError('GetTrailStatus', cause))
      },
    })
    const facts = await all.world.look()
    assert.equal(facts.digest.status, 'waiting', JSON.stringify(facts.digest))
    assert.match(
      facts.digest.reason ?? '',
      /a digest file of eu-west-1 at .*, and none of us-east-1 has come/,
    )
    Object.assign(account, { callTrail })
    assert.equal((await all.world.look()).digest.status, 'valid')
  })

  test('a backfill digest is verified, too, however late it comes, and what it lists', async () => {
    const all = await worldOf()
    await lookFor(all, 3 * 60, 30)
    const signer = all.sandbox.state.digestKeys?.find(({ region }) => region === 'us-east-1')
    const [earlierKey, digestKey] = keysOf(all, 'CloudTrail-Digest').slice(-3)
    const logKey = keysOf(all, 'CloudTrail')
      .at(-1)
      ?.replace(/_[^_]+$/, '_backfilledbackfi.json.gz')
    assert.ok(signer && earlierKey && digestKey && logKey)
    const content = Buffer.from('{"Records":[]}')
    const { bucket, world, sandbox } = all
    const digest = writeDigest({
      bucket,
      key: digestKey.replace('.json.gz', '_backfill.json.gz'),
      logFiles: [{ key: logKey, content }],
      signer,
    })
    const metadata = { signature: digest.signature ?? '', 'signature-algorithm': 'SHA256withRSA' }
    sandbox.buckets.put(bucket, {
      key: digest.key,
      body: gzipSync(digest.content),
      metadata,
      at: world.now(),
    })
    sandbox.buckets.put(bucket, { key: logKey, body: gzipSync(content), at: world.now() })
    assert.equal((await lookFor(all, 10)).digest.status, 'valid')

    const second = writeDigest({
      bucket,
      key: earlierKey.replace('.json.gz', '_backfill.json.gz'),
      logFiles: [{ key: logKey, content: Buffer.from('{"Records":[{}]}') }],
      signer,
    })
    const signed = { ...metadata, signature: second.signature ?? '' }
    sandbox.buckets.put(bucket, {
      key: second.key,
      body: gzipSync(second.content),
      metadata: signed,
      at: world.now(),
    })
    const facts = await lookFor(all, 10)
    assert.equal(facts.digest.status, 'broken')
    assert.ok(facts.digest.reason?.includes(logKey), facts.digest.reason ?? '')
  })

  test('a forged digest that is named after next year is noticed, and holds nothing up', async () => {
    const all = await worldOf()
    await lookFor(all, 3 * 60, 30)
    const { bucket, world, sandbox } = all
    const [real = ''] = keysOf(all, 'CloudTrail-Digest')
    const key = real.replace(/\d{4}\/\d\d\/\d\d/, '2099/01/01').replace(/\d{8}T/, '20990101T')
    const forged = writeDigest({ bucket, key })
    const metadata = { signature: forged.signature ?? '', 'signature-algorithm': 'SHA256withRSA' }
    sandbox.buckets.put(bucket, { key, body: gzipSync(forged.content), metadata, at: world.now() })
    const facts = await lookFor(all, 90, 30)
    assert.equal(facts.digest.status, 'broken')
    assert.ok(facts.digest.reason?.includes(key), facts.digest.reason ?? '')
    sandbox.buckets.remove(bucket, key)
    await lookFor(all, 8 * 24 * 60, 12 * 60)
    const later = await lookFor(all, 90, 30)
    assert.equal(later.digest.status, 'valid', later.digest.reason ?? '')
  })

  test('a digest that lists more files than one look may read is verified over several looks', async () => {
    const all = await worldOf({ limits: { files: 3, bytes: 1e9, ms: 60_000 } })
    let facts = await all.world.look()
    for (let i = 0; i < 70; i++) facts = await all.world.look()
    assert.equal(facts.digest.status, 'valid', JSON.stringify(facts.digest))
    assert.ok(facts.digest.validUntil)
  })
})

const hoursAfter = (at: Date, hours: number) => new Date(at.getTime() + hours * 3_600_000)
