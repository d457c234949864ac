/** What the trail gate makes of what it sees, on a clock of its own: no loop runs here, the test asks. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import {
  CloudTrailClient,
  CreateTrailCommand,
  DeleteTrailCommand,
  DescribeTrailsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import { sql } from 'drizzle-orm'
import type { Notice } from '../../src/notify/announce.ts'
import { rowsOf } from '../../src/store/open.ts'
import { lookAtTrails, openTrailGate, readTrailLook, type TrailGateContext } from '../../src/trail/gate.ts'
import { startTrailGateLoop } from '../../src/trail/gate-loop.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { type AppUnderTest, openApp } from '../http/app-under-test.ts'

const Name = 'muster-sandbox'
const minuteMs = 60_000

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  let client: CloudTrailClient
  let context: TrailGateContext
  let told: Notice[] = []
  let aheadMs = 0
  const clock = () => new Date(Date.now() + aheadMs)

  before(async () => {
    under = await openApp(openStore)
    const { url: endpoint, administrator: credentials } = under.sandbox
    client = new CloudTrailClient({ endpoint, credentials, region: 'us-east-1' })
    context = {
      store: under.store,
      account: under.account,
      trailGate: 'enforce',
      announce: async (_tx, notices) => void told.push(...notices),
      clock,
      log: under.deps.log,
    }
  })
  beforeEach(async () => {
    await client.send(new StartLoggingCommand({ Name }))
    const { db } = under.store
    await db.execute(sql`update accounts set trail_look = null`)
    await db.execute(sql`delete from drifts`)
    aheadMs = 0
    told = []
  })
  after(async () => {
    client.destroy()
    await under.close()
  })

  const stored = () => readTrailLook(under.store.db, under.account.accountId)

  test('a look that is dated in the future opens nothing, is replaced, and its trail is missed', async () => {
    const gate = openTrailGate(context)
    aheadMs = 60 * minuteMs
    assert.equal(await gate.closedBecause(), null)
    aheadMs = 0
    await client.send(new StopLoggingCommand({ Name }))
    assert.match((await gate.closedBecause()) ?? '', /is stopped: start its logging/)
    // Another replica finds what is in the database alone.
    assert.match((await openTrailGate(context).closedBecause()) ?? '', /is stopped/)
    const look = await stored()
    assert.ok(look && look.checkedAt <= clock().toISOString() && look.since <= look.checkedAt)
    assert.deepEqual(
      told.map(({ type }) => type),
      ['trail_gate.closed', 'drift.detected'],
    )
    const drifts = await rowsOf<{ kind: string; since: string | null }>(
      under.store.db,
      sql`select kind, since from drifts`,
    )
    // When it was still good is not known, so that whoever did it is looked for a day back.
    assert.deepEqual(drifts, [{ kind: 'trail-stopped', since: null }])
  })

  test('a good look whose answer took longer than anybody may rely on it opens nothing', async () => {
    let asked = 0
    // Every time after the first is two minutes later.
    const slow = { ...context, clock: () => new Date(Date.now() + (asked++ < 2 ? 0 : 2 * minuteMs)) }
    assert.match((await openTrailGate(slow).closedBecause()) ?? '', /is not of now/)
  })

  test('what another process saw shut is shut here within seconds, however good the look before was', async () => {
    const gate = openTrailGate(context)
    assert.equal(await gate.closedBecause(), null)
    await client.send(new StopLoggingCommand({ Name }))
    await lookAtTrails(context)
    await eventually(async () => (await gate.closedBecause()) !== null, {
      withinMs: 30_000,
      what: 'the gate shut here, too',
    })
  })

  test('the loop tells when the gate has shut and when it has opened, and nothing of a first look', async () => {
    const changes: boolean[] = []
    const loop = startTrailGateLoop({ ...context, jobs: under.deps.jobs }, (isVerified) => {
      changes.push(isVerified)
    })
    await eventually(async () => (await stored()) !== null)
    await client.send(new StopLoggingCommand({ Name }))
    loop.wake()
    await eventually(() => changes.length === 1)
    await client.send(new StartLoggingCommand({ Name }))
    loop.wake()
    await eventually(() => changes.length === 2)
    await loop.stop()
    assert.deepEqual(changes, [false, true])
  })

  test('of two looks at once the one that was begun last stands', async () => {
    aheadMs = 2000
    await lookAtTrails(context)
    const newer = await stored()
    let asked = 0
    const older = { ...context, clock: () => new Date(Date.now() + (asked++ === 0 ? 1000 : 3000)) }
    assert.deepEqual(await lookAtTrails(older), newer)
    assert.deepEqual(await stored(), newer)
  })

  test('a trail that is made to deliver elsewhere is drift, each time, though the gate stays open', async () => {
    const { trailBucket } = await lookAtFirst()
    for (const S3BucketName of ['elsewhere', trailBucket, 'elsewhere']) {
      await client.send(new UpdateTrailCommand({ Name, S3BucketName }))
      assert.equal((await lookAtTrails(context)).isVerified, true)
      await lookAtTrails(context)
    }
    assert.deepEqual(await drifts(), [
      ['trail-redirected', false],
      ['trail-redirected', false],
      ['trail-redirected', true],
    ])
    assert.deepEqual(
      told.map(({ type }) => type),
      ['drift.detected', 'drift.detected', 'drift.detected'],
    )
    await client.send(new UpdateTrailCommand({ Name, S3BucketName: trailBucket }))
  })

  test('a good trail that is stopped, started and deleted while another keeps the gate open is drift', async () => {
    const { trailBucket } = await lookAtFirst()
    const own = { Name: 'another', S3BucketName: 'elsewhere', IsMultiRegionTrail: true }
    await client.send(new CreateTrailCommand(own))
    await client.send(new StartLoggingCommand({ Name: own.Name }))
    await lookAtTrails(context)
    await client.send(new StopLoggingCommand({ Name }))
    assert.equal((await lookAtTrails(context)).isVerified, true)
    assert.deepEqual(await drifts(), [['trail-stopped', true]])
    await client.send(new StartLoggingCommand({ Name }))
    await lookAtTrails(context)
    assert.deepEqual(await drifts(), [['trail-stopped', false]])
    await client.send(new StopLoggingCommand({ Name }))
    await lookAtTrails(context)
    await client.send(new DeleteTrailCommand({ Name }))
    assert.equal((await lookAtTrails(context)).isVerified, true)
    assert.deepEqual(await drifts(), [
      ['trail-stopped', false],
      ['trail-stopped', false],
      ['trail-deleted', true],
    ])
    assert.equal(told.filter(({ type }) => type === 'drift.detected').length, 3)
    await client.send(new CreateTrailCommand({ ...own, Name, S3BucketName: trailBucket }))
    await client.send(new DeleteTrailCommand({ Name: own.Name }))
  })

  /** A first look has nothing to compare with. */
  async function lookAtFirst() {
    if (!under.sandbox.buckets.get('elsewhere'))
      under.sandbox.buckets.create('elsewhere', 'us-east-1', clock())
    await lookAtTrails(context)
    const { trailList = [] } = await client.send(new DescribeTrailsCommand({}))
    return { trailBucket: trailList[0]?.S3BucketName ?? '' }
  }

  async function drifts() {
    const { db } = under.store
    const found = await rowsOf<{ kind: string; standing: boolean }>(
      db,
      sql`select kind, standing from drifts order by id`,
    )
    return found.map(({ kind, standing }) => [kind, standing])
  }
})
