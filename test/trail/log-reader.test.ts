/** Reading log files from an S3 that is not ours. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { sql } from 'drizzle-orm'
import { endpointsAt } from '../../src/aws/account.ts'
import { AwsCallError } from '../../src/aws/errors.ts'
import { known } from '../../src/aws/fact.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { noteCanary, readLogBuckets } from '../../src/trail/canary-store.ts'
import type { TrailFacts } from '../../src/trail/facts.ts'
import { type LogPlace, logKeyBefore } from '../../src/trail/log-keys.ts'
import { openEmbedded } from '../harness/prepared.ts'
import { type MotoServer, missing, startMoto } from '../sandbox/moto-server.ts'
import { type EventToWrite, event, logFileOf } from './digest-files.ts'
import { goodTrail, type LogWorld, movedClock, openLogWorld, sightingsIn } from './log-world.ts'

describe('log files', { skip: missing('moto_server') }, () => {
  let moto: MotoServer
  let sandbox: Sandbox
  let store: Store
  let s3: S3Client
  const worlds: LogWorld[] = []

  before(async () => {
    moto = await startMoto()
    sandbox = await openSandbox()
    store = await openEmbedded()
    s3 = new S3Client({
      endpoint: moto.url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'AKIATESTSTESTSTESTS0', secretAccessKey: 'of-no-account' },
    })
  })

  after(async () => {
    for (const world of worlds) await world.close()
    s3.destroy()
    await store.close()
    await sandbox.close()
    await moto.close()
  })

  /** A bucket of its own, and a world that looks into it. */
  async function worldWith(change: Partial<TrailFacts> & { files?: number; others?: TrailFacts[] } = {}) {
    const { files = 500, others = [], ...trailChange } = change
    const bucket = `logs-${worlds.length}`
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    const world = await openLogWorld({
      store,
      endpoints: { ...endpointsAt(sandbox.url), s3: moto.url },
      credentials: sandbox.credentials,
      trails: async () => known([goodTrail({ bucket, ...trailChange }), ...others]),
      clock: movedClock(new Date('2026-12-01T23:50:00Z')),
      limits: { files, bytes: 1e9, ms: 60_000 },
    })
    worlds.push(world)
    const place: LogPlace = {
      bucket,
      keyPrefix: trailChange.keyPrefix ?? null,
      organizationId: trailChange.isOrganization ? 'o-a1b2c3d4e5' : null,
      accountId: world.account.accountId,
      region: 'us-east-1',
    }
    const put = async (at: Date, unique: string, body: Uint8Array) => {
      const key = `${logKeyBefore(place, at)}Z_${unique}.json.gz`
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
      return key
    }
    return {
      world,
      bucket,
      place,
      put,
      deliver: (unique: string, events: readonly EventToWrite[], at = world.now()) =>
        put(
          at,
          unique,
          gzipSync(
            logFileOf(events.map((each) => event({ principalId: world.account.principalId, ...each }))),
          ),
        ),
      /** The request ids that are looked for. */
      async waiting() {
        const rows = await rowsOf<{ request_id: string }>(
          store.db,
          sql`select request_id from canaries where found_at is null order by called_at`,
        )
        return rows.map(({ request_id }) => request_id)
      },
      recordedRequests: async () => (await sightingsIn(store)).map(({ request_id }) => request_id),
    }
  }

  test('a call of ours that is in a log file is found, and where', async () => {
    const { world, bucket, deliver, waiting } = await worldWith()
    assert.equal((await world.look()).status, 'waiting')
    const [requestID] = await waiting()
    assert.ok(requestID)
    const key = await deliver('aaaaaaaaaaaaaaaa', [{ requestID }])
    const facts = await world.look()
    assert.equal(facts.status, 'found')
    assert.equal(facts.latest?.requestId, requestID)
    assert.deepEqual([facts.latest?.bucket, facts.latest?.key], [bucket, key])
    assert.equal(facts.digest.status, 'off')
  })

  test('an empty bucket is a bucket where nothing is found', async () => {
    const { world } = await worldWith()
    await world.look()
    world.move(32)
    assert.equal((await world.look()).status, 'warning')
    world.move(90)
    assert.equal((await world.look()).status, 'missing')
    assert.deepEqual(
      world.told.map(({ type, data }) => [type, data.status]),
      [
        ['trail.canary_missing', 'warning'],
        ['trail.canary_missing', 'missing'],
      ],
    )
  })

  test('below a prefix and an organization the files of this account are found', async () => {
    const { world, deliver, waiting } = await worldWith({ keyPrefix: 'audit/all', isOrganization: true })
    // Before anything is delivered, there is no folder of an organization.
    assert.equal((await world.look()).status, 'waiting')
    const [requestID] = await waiting()
    await deliver('aaaaaaaaaaaaaaaa', requestID ? [{ requestID }] : [])
    assert.equal((await world.look()).status, 'found')
  })

  test('files of another principal, another Region or another account prove nothing', async () => {
    const { world, place, put, waiting } = await worldWith()
    await world.look()
    const [requestID = ''] = await waiting()
    const others = gzipSync(logFileOf([event({ requestID, principalId: 'AIDAOTHER:x' })]))
    await put(world.now(), 'aaaaaaaaaaaaaaaa', others)
    const ours = gzipSync(logFileOf([event({ requestID, principalId: world.account.principalId })]))
    const own = `${logKeyBefore(place, world.now())}Z_bbbbbbbbbbbbbbbb.json.gz`
    for (const elsewhere of [
      own.replaceAll('us-east-1', 'eu-west-1'),
      own.replaceAll(place.accountId, '210987654321'),
    ]) {
      await s3.send(new PutObjectCommand({ Bucket: place.bucket, Key: elsewhere, Body: ours }))
    }
    assert.equal((await world.look()).status, 'waiting')
  })

  test('in any order of delivery, late ones included, across midnight: everything is read, once', async () => {
    const { world, deliver, recordedRequests } = await worldWith()
    await world.look()
    const write = (requestID: string) => [{ requestID, eventName: 'CreateUser', readOnly: false }]
    const before = world.now()
    world.move(8)
    await deliver('zzzzzzzzzzzzzzzz', write('w-3'))
    await world.look()
    // It is tomorrow by now; these come late, with names of before.
    assert.equal(world.now().getUTCDate(), 2)
    await deliver('bbbbbbbbbbbbbbbb', write('w-2'), before)
    await deliver('aaaaaaaaaaaaaaaa', write('w-4'))
    await world.look()
    await deliver('0000000000000000', write('w-5'))
    await world.look()
    assert.deepEqual((await recordedRequests()).sort(), ['w-2', 'w-3', 'w-4', 'w-5'])
    // Another replica reads the last half hour again, and comes to the same.
    world.forget()
    await world.look()
    assert.equal((await recordedRequests()).length, 4)
  })

  test('writes of ours are kept as evidence; reads, and what others wrote, are not', async () => {
    const { world, deliver } = await worldWith()
    await deliver('aaaaaaaaaaaaaaaa', [
      { requestID: 'w-1', eventName: 'CreateUser', readOnly: false },
      { requestID: 'r-1', eventName: 'ListUsers', readOnly: true },
      { requestID: 'w-2', eventName: 'DeleteUser', readOnly: false, principalId: 'AIDAOTHER' },
    ])
    await world.look()
    assert.deepEqual(
      (await sightingsIn(store)).map(({ request_id, event_name }) => [request_id, event_name]),
      [['w-1', 'CreateUser']],
    )
  })

  test('where more files lie than one look may read, the next goes on, and nothing is called missing before', async () => {
    const { world, deliver, waiting } = await worldWith({ files: 3 })
    await world.look()
    const [requestID = ''] = await waiting()
    for (let i = 0; i < 7; i++) {
      await deliver(`${i}aaaaaaaaaaaaaaa`, i === 6 ? [{ requestID }] : [])
      world.move(1)
    }
    world.move(31)
    const statuses: string[] = []
    for (let i = 0; i < 3; i++) statuses.push((await world.look()).status)
    // The call that was made meanwhile is young.
    assert.deepEqual(statuses, ['unknown', 'unknown', 'found'])
  })

  test('what is no log file is passed over: no gzip, no JSON, a bomb, another name', async () => {
    const { world, put, bucket, deliver, waiting } = await worldWith()
    await world.look()
    const [requestID = ''] = await waiting()
    await put(world.now(), 'a1aaaaaaaaaaaaaa', Buffer.from('not compressed'))
    await put(world.now(), 'a2aaaaaaaaaaaaaa', gzipSync('<html>'))
    await put(world.now(), 'a3aaaaaaaaaaaaaa', gzipSync(`{"Records":[{"t":"${'a'.repeat(5_000_000)}"}]}`))
    await put(world.now(), 'a4aaaaaaaaaaaaaa', Buffer.alloc(0))
    const Key = `AWSLogs/${world.account.accountId}/CloudTrail/us-east-1/readme.txt`
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'hello' }))
    await deliver('b1aaaaaaaaaaaaaa', [{ requestID }])
    assert.equal((await world.look()).status, 'found')
  })

  test('a file that is named after next year does not keep the others from being read', async () => {
    const { world, put, deliver, waiting } = await worldWith()
    await world.look()
    await put(new Date('2099-01-01T00:00:00Z'), 'aaaaaaaaaaaaaaaa', gzipSync(logFileOf([])))
    await world.look()
    const [requestID = ''] = await waiting()
    await deliver('bbbbbbbbbbbbbbbb', [{ requestID }])
    assert.equal((await world.look()).status, 'found')
  })

  test('a large file is read record by record', async () => {
    const { world, put, waiting } = await worldWith()
    await world.look()
    const [requestID = ''] = await waiting()
    const noise = Array.from({ length: 40_000 }, (_, i) =>
      event({ requestID: `n-${i}`, principalId: 'AIDAOTHER' }),
    )
    const ours = event({ requestID, principalId: world.account.principalId })
    await put(world.now(), 'aaaaaaaaaaaaaaaa', gzipSync(logFileOf([...noise, ours])))
    assert.equal((await world.look()).status, 'found')
  })

  test('a call that another part of Muster made is looked for as well, and so are the writes of operations', async () => {
    const { world, waiting } = await worldWith()
    await noteCanary(store.db, world.account.accountId, {
      requestId: 'noted',
      eventName: 'ListUsers',
      calledAt: world.now(),
    })
    const steps = [
      { do: 'GetUser', params: {}, outcome: 'done', requestId: 'a-read' },
      { do: 'AddUserToGroup', params: {}, outcome: 'done', requestId: 'a-write' },
      { do: 'AddUserToGroup', params: {}, outcome: 'failed', requestId: 'a-failure' },
    ]
    await store.db.execute(sql`
      insert into operations (id, account_id, kind, cause, status, steps, started_at)
      values (gen_random_uuid(), ${world.account.accountId}, 'join', 'hr', 'done', ${JSON.stringify(steps)}::jsonb,
        ${world.now().toISOString()}::timestamptz)`)
    await world.look()
    // The one that was noted is recent: no other read is made.
    assert.deepEqual((await waiting()).sort(), ['a-write', 'noted'])
  })

  test('at most one call in ten minutes is made, and those of yesterday are forgotten', async () => {
    const { world } = await worldWith()
    for (let i = 0; i < 10; i++) await world.look()
    const count = async () =>
      (await rowsOf<{ n: string }>(store.db, sql`select count(*) as n from canaries`)).map(({ n }) =>
        Number(n),
      )[0]
    assert.equal(await count(), 2)
    world.move(25 * 60)
    await world.look()
    assert.equal(await count(), 1)
  })

  test('on its first look into an old bucket Muster reads what is new, not what is old', async () => {
    const { world, put, deliver, waiting } = await worldWith()
    const body = gzipSync(logFileOf([]))
    const old = Array.from({ length: 1100 }, (_, i) => new Date(world.now().getTime() - (60 + i) * 60_000))
    for (let at = 0; at < old.length; at += 100) {
      await Promise.all(old.slice(at, at + 100).map((when) => put(when, 'aaaaaaaaaaaaaaaa', body)))
    }
    const requests: string[] = []
    const { callS3 } = world.account
    Object.assign(world.account, {
      callS3: (region: string, command: { constructor: { name: string } }) => {
        requests.push(command.constructor.name)
        return callS3(region, command as never)
      },
    })
    await deliver('aaaaaaaaaaaaaaaa', [])
    await world.look()
    assert.deepEqual(
      requests.filter((name) => name.startsWith('List') || name === 'GetObjectCommand'),
      ['ListObjectsV2Command', 'GetObjectCommand'],
    )
    assert.equal((await waiting()).length, 1)
  })

  test('who can get at the bucket of any trail is looked at hourly', async () => {
    const second = 'of-the-second-trail'
    await s3.send(new CreateBucketCommand({ Bucket: second }))
    const others = [second, second].map((bucket, i) => goodTrail({ bucket, arn: `${goodTrail().arn}-${i}` }))
    const { world, bucket } = await worldWith({ others })
    const asked: string[] = []
    const { callS3 } = world.account
    Object.assign(world.account, {
      callS3: (region: string, command: { constructor: { name: string } }) => {
        asked.push(command.constructor.name)
        return callS3(region, command as never)
      },
    })
    await world.look()
    await world.look()
    const no = { known: true, value: false }
    assert.deepEqual(await readLogBuckets(store.db, world.account.accountId, world.now()), {
      known: true,
      value: [bucket, second].map((name) => ({ name, accessLogging: no, isPublic: no })),
    })
    const looks = () => asked.filter((name) => name === 'GetBucketAclCommand').length
    assert.equal(looks(), 2)
    world.move(60)
    await world.look()
    assert.equal(looks(), 4)
  })

  test('a bucket that cannot be asked about is known of, with the permission that is missing', async () => {
    const { world } = await worldWith({ others: [goodTrail({ bucket: 'of-another-account' })] })
    const { callS3 } = world.account
    Object.assign(world.account, {
      callS3: (region: string, command: { input: { Bucket?: string }; constructor: { name: string } }) => {
        if (command.input.Bucket !== 'of-another-account') return callS3(region, command as never)
        const cause = Object.assign(new Error('Access Denied'), { name: 'AccessDenied' })
        return Promise.reject(new AwsCallError(command.constructor.name, cause))
      },
    })
    await world.look()
    const buckets = await readLogBuckets(store.db, world.account.accountId, world.now())
    assert.ok(buckets.known)
    const [ours, theirs] = buckets.value
    assert.ok(ours?.isPublic.known)
    assert.ok(theirs && !theirs.isPublic.known)
    assert.equal(theirs.isPublic.missingPermission, 's3:GetBucketPolicyStatus')
    assert.match(theirs.isPublic.reason, /for the bucket of-another-account; if it is another account’s/)
  })

  test('a bucket that does not exist is where nothing is found', async () => {
    const { world } = await worldWith({ bucket: 'of-nobody', logFileValidation: true })
    await world.look()
    world.move(35)
    const facts = await world.look()
    assert.equal(facts.status, 'warning')
    assert.match(facts.reason ?? '', /the bucket of-nobody does not exist/)
    assert.equal(facts.digest.status, 'unknown')
    assert.deepEqual(facts.statementsToAdd, [])
  })
})
