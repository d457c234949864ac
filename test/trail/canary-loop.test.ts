/** From a call of Muster's to the log file that has it, through the sandbox's trail, on a clock that is moved. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { CreateUserCommand } from '@aws-sdk/client-iam'
import { sql } from 'drizzle-orm'
import { forEachDatabase } from '../harness/databases.ts'
import { auditIn, sightingsIn } from './log-world.ts'
import { keysOf, lookFor, openTrailWorld } from './trail-world.ts'

forEachDatabase((_name, openStore) => {
  const opened: { close(): Promise<void> }[] = []
  after(async () => {
    for (const each of opened.reverse()) await each.close()
  })

  async function worldOf() {
    const all = await openTrailWorld(await openStore())
    opened.push(all)
    return all
  }

  test('while the trail logs, calls of ours are found within minutes', async () => {
    const all = await worldOf()
    assert.equal((await all.world.look()).status, 'waiting')
    all.world.move(5)
    const facts = await all.world.look()
    assert.equal(facts.status, 'found', facts.reason ?? '')
    assert.equal(facts.latest?.eventName, 'GetAccountSummary')
    assert.equal(facts.latest?.bucket, all.bucket)
    assert.equal((await lookFor(all, 5 * 60)).status, 'found')
    assert.deepEqual(all.world.told, [])
  })

  test('a trail that is stopped is noticed after 30 minutes, missed after 2 hours, and found again', async () => {
    const all = await worldOf()
    assert.equal((await lookFor(all, 20)).status, 'found')
    all.trail.isLogging = false
    all.trail.stoppedAt = all.world.now().getTime()
    // What was under way is still delivered.
    assert.equal((await lookFor(all, 30)).status, 'found')
    assert.equal((await lookFor(all, 30)).status, 'warning')
    const missing = await lookFor(all, 90)
    assert.equal(missing.status, 'missing')
    assert.ok(missing.waitingSince)
    all.trail.isLogging = true
    all.trail.startedAt = all.world.now().getTime()
    assert.equal((await lookFor(all, 30)).status, 'found')
    assert.deepEqual(
      all.world.told.map(({ type, data }) => [type, data.status]),
      [
        ['trail.canary_missing', 'warning'],
        ['trail.canary_missing', 'missing'],
        ['trail.canary_found', undefined],
      ],
    )
    assert.deepEqual(
      (await auditIn(all.world.store)).map(({ action }) => action),
      ['trail.canary_missing', 'trail.canary_missing', 'trail.canary_found'],
    )
  })

  test('what was found by a clock that was ahead proves nothing once it is set right, nor when that future has come', async () => {
    const all = await worldOf()
    all.world.move(24 * 60)
    assert.equal((await lookFor(all, 20)).status, 'found')
    all.world.move(-24 * 60)
    all.trail.isLogging = false
    assert.equal((await lookFor(all, 60)).status, 'warning')
    assert.equal((await lookFor(all, 2 * 60)).status, 'missing')
    assert.equal((await lookFor(all, 22 * 60, 20)).status, 'missing')
    all.trail.isLogging = true
    assert.equal((await lookFor(all, 20)).status, 'found')
  })

  test('a look that was frozen, and ends after a later one, is not written over that one', async () => {
    const all = await worldOf()
    assert.equal((await lookFor(all, 20)).status, 'found')
    all.trail.isLogging = false
    all.trail.stoppedAt = all.world.now().getTime()
    assert.equal((await lookFor(all, 20)).status, 'found')
    all.sandbox.faults.add({ action: 'DescribeTrails', times: 1, outcome: { delayMs: 1500 } })
    const frozen = all.world.look()
    await sleep(400)
    all.world.move(60)
    assert.equal((await all.world.look()).status, 'warning')
    assert.equal((await frozen).status, 'warning')
    assert.equal((await all.world.look()).status, 'warning')
    // Nobody is told twice.
    assert.equal(all.world.told.length, 1)
  })

  test('a gap is known by the moment since which calls are missing, and the next gap by another', async () => {
    const all = await worldOf()
    assert.equal((await lookFor(all, 20)).missingSince, null)
    const gaps: (string | null | undefined)[] = []
    for (const _ of [1, 2]) {
      all.trail.isLogging = false
      const first = await lookFor(all, 3 * 60)
      assert.equal(first.status, 'missing')
      assert.equal(first.missingSince, first.waitingSince)
      const later = await lookFor(all, 26 * 60, 30)
      assert.equal(later.status, 'missing')
      // What was called first is forgotten by now.
      assert.notEqual(later.waitingSince, first.waitingSince)
      assert.equal(later.missingSince, first.missingSince)
      gaps.push(first.missingSince)
      all.trail.isLogging = true
      const over = await lookFor(all, 20)
      assert.deepEqual([over.status, over.missingSince], ['found', null])
    }
    assert.equal(new Set(gaps).size, 2)
  })

  test('where there never was a trail, what is called is missed all the same', async () => {
    const all = await worldOf()
    all.sandbox.state.trails.clear()
    await lookFor(all, 35)
    const facts = await all.world.look()
    assert.equal(facts.status, 'warning')
    assert.match(facts.reason ?? '', /no trail is verified/)
    assert.equal(facts.digest.status, 'unknown')
  })

  for (const selector of [{ ReadWriteType: 'WriteOnly' }, { IncludeManagementEvents: false }]) {
    test(`selectors that blind the trail are noticed: ${JSON.stringify(selector)}`, async () => {
      const all = await worldOf()
      assert.equal((await lookFor(all, 20)).status, 'found')
      all.trail.eventSelectors = [{ ReadWriteType: 'All', IncludeManagementEvents: true, ...selector }]
      assert.equal((await lookFor(all, 60)).status, 'warning')
    })
  }

  test('selectors that blind the trail for writes alone are noticed by what operations wrote', async () => {
    const all = await worldOf()
    const { world } = all
    await lookFor(all, 20)
    all.trail.eventSelectors = [{ ReadWriteType: 'ReadOnly', IncludeManagementEvents: true }]
    const { requestId } = await world.account.call(new CreateUserCommand({ UserName: 'ada' }))
    const steps = [{ do: 'CreateUser', params: {}, outcome: 'done', requestId }]
    await world.store.db.execute(sql`
      insert into operations (id, account_id, kind, cause, status, steps, started_at)
      values (gen_random_uuid(), ${world.account.accountId}, 'join', 'hr', 'done', ${JSON.stringify(steps)}::jsonb,
        ${world.now().toISOString()}::timestamptz)`)
    assert.equal((await lookFor(all, 20)).status, 'found')
    const facts = await lookFor(all, 30)
    assert.equal(facts.status, 'warning')
    assert.match(facts.reason ?? '', /Muster called CreateUser/)
  })

  test('a trail that cannot deliver is noticed, and what it delivers later is found', async () => {
    const all = await worldOf()
    assert.equal((await lookFor(all, 20)).status, 'found')
    all.trail.deliveryError = 'AccessDenied'
    assert.equal((await lookFor(all, 60)).status, 'warning')
    all.trail.deliveryError = undefined
    assert.equal((await lookFor(all, 30)).status, 'found')
  })

  test('what Muster wrote is kept as evidence, with the file that has it', async () => {
    const all = await worldOf()
    await all.world.look()
    const { requestId } = await all.world.account.call(new CreateUserCommand({ UserName: 'ada' }))
    all.world.move(6)
    await all.world.look()
    const [sighting] = await sightingsIn(all.world.store)
    assert.equal(sighting?.request_id, requestId)
    assert.equal(sighting?.event_name, 'CreateUser')
    assert.ok(keysOf(all, 'CloudTrail').includes(sighting?.key ?? ''))
  })

  const denials = [
    {
      what: 'listing the bucket',
      fault: { action: 'ListObjectsV2', code: 'AccessDenied', message: 'Access Denied' },
      actions: ['s3:ListBucket', 's3:GetObject', 'kms:Decrypt'],
      says: /may not call s3:ListBucket on the bucket/,
    },
    {
      what: 'reading a log file',
      fault: { action: 'GetObject', code: 'AccessDenied', message: 'Access Denied' },
      actions: ['s3:ListBucket', 's3:GetObject', 'kms:Decrypt'],
      says: /may not call s3:GetObject on the bucket/,
    },
    {
      what: 'the key of the log files',
      fault: {
        action: 'GetObject',
        code: 'AccessDenied',
        message:
          'User: arn:aws:sts::123456789012:assumed-role/muster/muster is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext',
      },
      actions: ['kms:Decrypt'],
      says: /may not call kms:Decrypt/,
    },
  ]
  for (const { what, fault, actions, says } of denials) {
    test(`without permission for ${what} nothing is known, and the statement to add is given`, async () => {
      const all = await worldOf()
      const key = 'arn:aws:kms:eu-west-1:123456789012:key/0b1c'
      all.trail.kmsKeyId = key
      await lookFor(all, 20)
      const { action, code, message } = fault
      const takeBack = all.sandbox.faults.add({
        action,
        times: Infinity,
        outcome: { code, message, status: 403 },
      })
      const facts = await lookFor(all, 40)
      assert.equal(facts.status, 'unknown')
      assert.match(facts.reason ?? '', says)
      assert.deepEqual(
        facts.statementsToAdd.map(({ Action }) => Action),
        actions,
      )
      const ofKey = facts.statementsToAdd.at(-1)
      assert.equal(ofKey?.Resource, key)
      assert.deepEqual(ofKey?.Condition, { StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } })
      if (actions.length > 1) {
        const folder = 'AWSLogs/123456789012/'
        assert.deepEqual(facts.statementsToAdd[0], {
          Sid: 'ListTheLogFiles',
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: `arn:aws:s3:::${all.bucket}`,
          Condition: { StringLike: { 's3:prefix': [`${folder}CloudTrail*`] } },
        })
        assert.equal(facts.statementsToAdd[1]?.Resource, `arn:aws:s3:::${all.bucket}/${folder}*`)
      }
      assert.deepEqual(all.world.told, [])
      takeBack()
      const again = await lookFor(all, 20)
      assert.equal(again.status, 'found')
      assert.deepEqual(again.statementsToAdd, [])
    })
  }

  test('without permission for the public keys of digest files, it is those that are asked for', async () => {
    const all = await worldOf()
    await lookFor(all, 10)
    const outcome = { code: 'AccessDeniedException', message: 'not authorized', status: 400 }
    const takeBack = all.sandbox.faults.add({ action: 'ListPublicKeys', times: Infinity, outcome })
    const facts = await lookFor(all, 90)
    assert.equal(facts.status, 'found')
    assert.equal(facts.digest.status, 'unknown')
    assert.match(facts.digest.reason ?? '', /may not call cloudtrail:ListPublicKeys/)
    assert.deepEqual(facts.statementsToAdd, [
      { Sid: 'ReadThePublicKeys', Effect: 'Allow', Action: 'cloudtrail:ListPublicKeys', Resource: '*' },
    ])
    takeBack()
    assert.equal((await lookFor(all, 10)).digest.status, 'valid')
  })

  test('without permission for the call that is looked for, that is what is said', async () => {
    const all = await worldOf()
    all.sandbox.faults.add({
      action: 'GetAccountSummary',
      times: Infinity,
      outcome: { code: 'AccessDenied', status: 403 },
    })
    const facts = await all.world.look()
    assert.equal(facts.status, 'unknown')
    assert.deepEqual(
      facts.statementsToAdd.map(({ Action }) => Action),
      ['iam:GetAccountSummary'],
    )
  })

  test('ten thousand old files cost the first look one listing', async () => {
    const all = await worldOf()
    const body = gzipSync('{"Records":[]}')
    for (let i = 0; i < 10_000; i++) {
      const at = new Date(all.world.now().getTime() - (60 + i) * 60_000)
      const stamp = `${at.toISOString().slice(0, 16).replaceAll(/[-:]/g, '')}Z`
      const day = at.toISOString().slice(0, 10).replaceAll('-', '/')
      const name = `123456789012_CloudTrail_us-east-1_${stamp}_aaaaaaaaaaaaaaaa.json.gz`
      all.sandbox.buckets.put(all.bucket, {
        key: `AWSLogs/123456789012/CloudTrail/us-east-1/${day}/${name}`,
        body,
        at,
      })
    }
    all.sandbox.calls.clear()
    await all.world.look()
    const reads = all.sandbox.calls.actions().filter((action) => /^(ListObjects|GetObject)/.test(action))
    // Log files, and digest files.
    assert.deepEqual(reads, ['ListObjectsV2', 'ListObjectsV2'])
  })
})
