/** Log files that somebody alters or deletes, in the sandbox. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { StartLoggingCommand, StopLoggingCommand, UpdateTrailCommand } from '@aws-sdk/client-cloudtrail'
import { openStore, type Store } from '../../src/store/open.ts'
import type { LookLimits } from '../../src/trail/log-reader.ts'
import { silentLog } from '../harness/databases.ts'
import { keysOf, lookFor, openTrailWorld, rewrite, type TrailWorld, verifiedTrailOf } from './trail-world.ts'

describe('the digest chain', () => {
  const opened: { close(): Promise<void> }[] = []
  let store: Store

  before(async () => {
    store = await openStore({ dataDir: 'memory://' }, silentLog)
    await store.withStartLock(async () => {})
  })
  after(async () => {
    for (const each of opened.reverse()) await each.close()
    await store.close()
  })

  async function worldOf(options: { limits?: LookLimits } = {}) {
    const all = await openTrailWorld(store, options)
    opened.push(all)
    return all
  }

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

  test('a trail that was stopped and started has a new chain, and that is not tampering', async () => {
    const all = await worldOf()
    await lookFor(all, 130)
    await all.world.account.callTrail(all.trail.homeRegion, new StopLoggingCommand({ Name: all.trail.arn }))
    await lookFor(all, 3 * 60)
    await all.world.account.callTrail(all.trail.homeRegion, new StartLoggingCommand({ Name: all.trail.arn }))
    const facts = await lookFor(all, 130)
    assert.equal(facts.digest.status, 'valid', facts.digest.reason ?? '')
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
    rewrite(all, key, (content) => content.replace('us-east-1', 'us-east-2'))
    return { key }
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
      const mended = await lookFor(all, 10)
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

  test('a digest that lists more files than one look may read is verified over several looks', async () => {
    const all = await worldOf({ limits: { files: 3, bytes: 1e9, ms: 60_000 } })
    let facts = await all.world.look()
    for (let i = 0; i < 70; i++) facts = await all.world.look()
    assert.equal(facts.digest.status, 'valid', JSON.stringify(facts.digest))
    assert.ok(facts.digest.validUntil)
  })
})
