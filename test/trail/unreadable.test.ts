/** Objects that AWS does not give to Muster, in a bucket of others that it does. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { CreateUserCommand } from '@aws-sdk/client-iam'
import { sql } from 'drizzle-orm'
import { event, logFileOf } from './digest-files.ts'
import { sightingsIn } from './log-world.ts'
import { keysOf, lookFor, type TrailWorld, trailWorlds } from './trail-world.ts'

interface Refused {
  readonly code: string
  readonly message?: string
  readonly status: number
}
const oldKey = 'arn:aws:kms:us-east-1:123456789012:key/0000-old'
const ofKms: Refused = {
  code: 'AccessDenied',
  message: `User: arn:aws:sts::123456789012:assumed-role/muster/muster is not authorized to perform: kms:Decrypt on resource: ${oldKey} because no identity-based policy allows the kms:Decrypt action`,
  status: 403,
}
const ofS3: Refused = { code: 'AccessDenied', message: 'Access Denied', status: 403 }

describe('objects that cannot be read', () => {
  const worldOf = trailWorlds()

  /** Refuses the objects whose keys pass the test. */
  const refuse = ({ sandbox }: TrailWorld, isMeant: (key: string) => boolean, outcome: Refused) =>
    sandbox.faults.add({
      action: 'GetObject',
      params: ({ Key: key }) => isMeant(String(key)),
      times: Infinity,
      outcome,
    })

  /** Refuses the next object of its kind that is asked for, and none but that. */
  function refuseNext(all: TrailWorld, kind: 'CloudTrail' | 'CloudTrail-Digest', outcome: Refused) {
    const known = new Set(keysOf(all, kind))
    let victim = ''
    const isMeant = (key: string) => {
      if (victim === '' && key.includes(`/${kind}/`) && !known.has(key)) victim = key
      return key === victim
    }
    return { takeBack: refuse(all, isMeant, outcome), key: () => victim }
  }

  const asked = ({ sandbox }: TrailWorld, kind: string) =>
    sandbox.calls
      .of('GetObject')
      .map(({ params }) => String(params.Key))
      .filter((key) => key.includes(`/${kind}/`))

  const refusals: readonly (readonly [string, Refused, readonly string[]])[] = [
    ['is encrypted with an earlier key of the trail', ofKms, ['kms:Decrypt']],
    [
      'is encrypted with a key that is disabled',
      { code: 'KMS.DisabledException', message: `${oldKey} is disabled.`, status: 400 },
      [],
    ],
    ['is archived', { code: 'InvalidObjectState', status: 403 }, []],
    ['is encrypted with a key that its writer kept', { code: 'InvalidRequest', status: 400 }, []],
    ['is denied by a policy', ofS3, ['s3:ListBucket', 's3:GetObject', 'kms:Decrypt']],
  ]
  for (const [what, outcome, actions] of refusals) {
    test(`a log file that ${what} is named, and keeps nothing else from being read`, async () => {
      const all = await worldOf()
      all.trail.kmsKeyId = 'arn:aws:kms:us-east-1:123456789012:key/1111-new'
      await lookFor(all, 20)
      const { takeBack, key } = refuseNext(all, 'CloudTrail', outcome)
      const facts = await lookFor(all, 40)
      assert.equal(facts.status, 'found', facts.reason ?? '')
      assert.ok(key())
      assert.deepEqual([facts.unread?.count, facts.unread?.latestKey], [1, key()])
      assert.ok(facts.unread?.reason.includes(key()), facts.unread?.reason ?? '')
      assert.deepEqual(
        facts.statementsToAdd.map(({ Action }) => Action),
        actions,
      )
      if (outcome === ofKms) assert.equal(facts.statementsToAdd[0]?.Resource, oldKey)
      // The hour that it belongs to is neither verified nor broken; what comes after is verified.
      const later = await lookFor(all, 4 * 60)
      assert.equal(later.status, 'found')
      assert.equal(later.digest.status, 'unknown', JSON.stringify(later.digest))
      assert.ok(later.digest.reason?.includes(key()), later.digest.reason ?? '')
      takeBack()
      const mended = await lookFor(all, 10)
      assert.equal(mended.digest.status, 'valid', mended.digest.reason ?? '')
      assert.deepEqual(all.world.told, [])
    })
  }

  test('while the newest log file cannot be read nothing is known; once it can, all is', async () => {
    const all = await worldOf()
    await lookFor(all, 20)
    const { takeBack, key } = refuseNext(all, 'CloudTrail', ofS3)
    all.world.move(5)
    const facts = await all.world.look()
    assert.equal(facts.status, 'unknown')
    assert.ok(facts.reason?.includes(key()), facts.reason ?? '')
    takeBack()
    const again = await all.world.look()
    assert.deepEqual([again.status, again.unread, again.statementsToAdd], ['found', null, []])
  })

  test('a call that may be in a file that cannot be read is not missing; a later one may be', async () => {
    const all = await worldOf()
    const { world } = all
    await lookFor(all, 20)
    const { requestId } = await world.account.call(new CreateUserCommand({ UserName: 'ada' }))
    const steps = [{ do: 'CreateUser', params: {}, outcome: 'done', requestId }]
    await all.world.store.db.execute(sql`
      insert into operations (id, account_id, kind, cause, status, steps, started_at)
      values (gen_random_uuid(), ${world.account.accountId}, 'join', 'hr', 'done', ${JSON.stringify(steps)}::jsonb,
        ${world.now().toISOString()}::timestamptz)`)
    const { key } = refuseNext(all, 'CloudTrail', ofKms)
    // Beyond the hours in which a listing comes by it, too.
    for (const minutes of [60, 5 * 60]) {
      const facts = await lookFor(all, minutes)
      assert.equal(facts.status, 'unknown')
      assert.ok(facts.reason?.includes(key()), facts.reason ?? '')
    }
    assert.deepEqual(world.told, [])
    all.trail.isLogging = false
    all.trail.stoppedAt = world.now().getTime()
    assert.equal((await lookFor(all, 3 * 60)).status, 'missing')
  })

  test('where every object is refused, a look asks for a handful', async () => {
    const all = await worldOf()
    await lookFor(all, 20)
    deliverByHand(all, 60)
    refuse(all, (key) => key.includes('/CloudTrail/'), ofS3)
    for (let i = 0; i < 8; i++) {
      all.sandbox.calls.clear()
      const facts = await all.world.look()
      assert.equal(facts.status, 'unknown')
      assert.ok(asked(all, 'CloudTrail').length <= 10, `${asked(all, 'CloudTrail').length}`)
    }
  })

  test('what is written after the key was changed is reached, however much was written before', async () => {
    const all = await worldOf()
    await lookFor(all, 20)
    const before = new Set(deliverByHand(all, 30))
    const takeBack = refuse(all, (key) => before.has(key), ofKms)
    const facts = await lookFor(all, 20, 2)
    assert.equal(facts.status, 'found', facts.reason ?? '')
    assert.equal(facts.unread?.count, 30)
    takeBack()
    const again = await lookFor(all, 6, 2)
    assert.deepEqual([again.status, again.unread], ['found', null])
  })

  test('what was read before S3 failed is not lost', async () => {
    const all = await worldOf()
    await lookFor(all, 20)
    const write = event({
      requestID: 'w-1',
      eventName: 'CreateUser',
      readOnly: false,
      principalId: all.world.account.principalId,
    })
    const [first = '', second = ''] = deliverByHand(all, 2, gzipSync(logFileOf([write])))
    const takeBack = refuse(all, (key) => key === second, { code: 'InternalError', status: 500 })
    const facts = await all.world.look()
    assert.equal(facts.status, 'unknown')
    assert.deepEqual(
      (await sightingsIn(all.world.store)).map(({ request_id: id, key }) => [id, key]),
      [['w-1', first]],
    )
    takeBack()
    all.sandbox.calls.clear()
    assert.equal((await all.world.look()).status, 'found')
    assert.ok(!asked(all, 'CloudTrail').includes(first))
  })

  test('an object of after now that cannot be read is none of CloudTrail’s, and hides nothing', async () => {
    const all = await worldOf()
    await lookFor(all, 20)
    const [real = ''] = keysOf(all, 'CloudTrail')
    const forged = real.replace(/\d{4}\/\d\d\/\d\d/, '2099/01/01').replace(/_\d{8}T/, '_20990101T')
    all.sandbox.buckets.put(all.bucket, { key: forged, body: Buffer.from('?'), at: all.world.now() })
    refuse(all, (key) => key === forged, { code: 'InvalidRequest', status: 400 })
    const facts = await lookFor(all, 20)
    assert.deepEqual([facts.status, facts.unread], ['found', null])
  })

  test('a digest file that cannot be read leaves its hour open, and the chain goes on after it', async () => {
    const all = await worldOf()
    assert.equal((await lookFor(all, 3 * 60, 30)).digest.status, 'valid')
    const { takeBack, key } = refuseNext(all, 'CloudTrail-Digest', ofKms)
    const facts = await lookFor(all, 4 * 60)
    assert.equal(facts.digest.status, 'unknown', JSON.stringify(facts.digest))
    assert.ok(facts.digest.reason?.includes(key()), facts.digest.reason ?? '')
    // All before its hour is accounted for.
    assert.ok(Date.parse(facts.digest.validUntil ?? '') < all.world.now().getTime() - 3 * 3_600_000)
    assert.equal(asked(all, 'CloudTrail-Digest').filter((one) => one > key()).length > 0, true)
    takeBack()
    const mended = await lookFor(all, 10)
    assert.equal(mended.digest.status, 'valid', mended.digest.reason ?? '')
    assert.ok(Date.parse(mended.digest.validUntil ?? '') > all.world.now().getTime() - 2 * 3_600_000)
    assert.deepEqual(all.world.told, [])
  })

  test('a digest file that is forged where it cannot be read is found out once it can', async () => {
    const all = await worldOf()
    await lookFor(all, 3 * 60, 30)
    const { takeBack, key } = refuseNext(all, 'CloudTrail-Digest', ofKms)
    await lookFor(all, 2 * 60)
    const earlier = keysOf(all, 'CloudTrail-Digest')[0] ?? ''
    const object = all.sandbox.buckets.get(all.bucket)?.objects.get(earlier)
    assert.ok(object)
    all.sandbox.buckets.put(all.bucket, { ...object, key: key(), at: all.world.now() })
    takeBack()
    const facts = await lookFor(all, 10)
    assert.equal(facts.digest.status, 'broken', JSON.stringify(facts.digest))
    assert.ok(facts.digest.reason?.includes(key()), facts.digest.reason ?? '')
  })

  test('what cannot be read for a day is forgotten with its day', async () => {
    const all = await worldOf()
    await lookFor(all, 3 * 60, 30)
    refuseNext(all, 'CloudTrail-Digest', ofKms)
    assert.equal((await lookFor(all, 20 * 60, 60)).digest.status, 'unknown')
    const facts = await lookFor(all, 8 * 60, 60)
    assert.equal(facts.digest.status, 'valid', facts.digest.reason ?? '')
  })

  test('a log file that was deleted is missing, also where S3 says that it is forbidden', async () => {
    const all = await worldOf()
    await lookFor(all, 3 * 60, 30)
    const key = keysOf(all, 'CloudTrail').at(-1) ?? ''
    all.sandbox.buckets.remove(all.bucket, key)
    refuse(all, (one) => one === key, ofS3)
    const facts = await lookFor(all, 90)
    assert.equal(facts.digest.status, 'broken', JSON.stringify(facts.digest))
    assert.ok(facts.digest.reason?.includes(key), facts.digest.reason ?? '')
  })

  /** As many log files as given, all of this minute; their keys. */
  function deliverByHand(all: TrailWorld, count: number, body = gzipSync(logFileOf([]))) {
    const { world, sandbox, bucket } = all
    const { accountId } = world.account
    const day = world.now().toISOString().slice(0, 10).replaceAll('-', '/')
    const minute = world.now().toISOString().slice(0, 16).replaceAll(/[-:]/g, '')
    return Array.from({ length: count }, (_, i) => {
      const unique = `${i}`.padStart(16, '0')
      const name = `${accountId}_CloudTrail_us-east-1_${minute}Z_${unique}.json.gz`
      const key = `AWSLogs/${accountId}/CloudTrail/us-east-1/${day}/${name}`
      sandbox.buckets.put(bucket, { key, body, at: world.now() })
      return key
    })
  }
})
