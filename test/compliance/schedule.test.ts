/** When a sweep comes, and what becomes of one whose process dies. No loop runs here: the test calls the looks. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { evaluate } from '../../src/compliance/evaluate.ts'
import { gather } from '../../src/compliance/gather.ts'
import { beginScan, forgetScans, readScan, requestOwnScan, requestScan } from '../../src/compliance/scans.ts'
import { storeReport } from '../../src/compliance/store.ts'
import { type SweepContext, sweepIfDue } from '../../src/compliance/sweep.ts'
import { createComplianceView } from '../../src/compliance/view.ts'
import { accountDrift } from '../../src/drift/drift.ts'
import { noteDrifts } from '../../src/drift/record.ts'
import { takeLease } from '../../src/store/lease.ts'
import { accounts, auditEvents, complianceScans, type TrailLook } from '../../src/store/schema.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from '../http/app-under-test.ts'
import { musterSettings } from './settings.ts'
import { tinyControls } from './tiny-controls.ts'

const minuteMs = 60_000

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  let context: SweepContext
  let now = new Date('2026-11-25T09:00:00Z')
  const pass = (ms: number) => {
    now = new Date(now.getTime() + ms)
  }
  before(async () => {
    under = await openApp(openStore)
    context = {
      store: under.store,
      jobs: under.deps.jobs,
      account: under.account,
      muster: musterSettings(under.catalog),
      controls: tinyControls,
      announce: async () => {},
      clock: () => now,
      log: under.deps.log,
    }
  })
  after(() => under.close())

  const setAccount = (values: Partial<typeof accounts.$inferInsert>) =>
    under.store.db.update(accounts).set(values).where(eq(accounts.accountId, context.account.accountId))

  const look = (isVerified: boolean): TrailLook => ({
    isVerified,
    reason: isVerified ? null : 'nothing logs',
    trailArn: null,
    checkedAt: now.toISOString(),
    since: now.toISOString(),
  })

  async function swept() {
    const outcome = await sweepIfDue(context)
    assert.notEqual(outcome, 'too early')
    return outcome === undefined ? undefined : (outcome as { scanId: string }).scanId
  }

  test('nothing is judged while the groups and policies are still being made, unless somebody asks', async () => {
    assert.equal(await sweepIfDue(context), 'too early')
    const asked = await requestScan(under.store.db, context.account.accountId, 'admin', now)
    assert.equal(await swept(), asked.id)
    assert.equal(await sweepIfDue(context), 'too early')
    await setAccount({ catalogAppliedAt: now })
  })

  test('a sweep comes every ten minutes, and every five while CloudTrail is off', async () => {
    await setAccount({ trailLook: look(true) })
    pass(9 * minuteMs)
    assert.equal(await swept(), undefined)
    pass(minuteMs)
    assert.ok(await swept())
    await setAccount({ trailLook: look(false) })
    pass(4 * minuteMs)
    assert.equal(await swept(), undefined)
    pass(minuteMs)
    assert.ok(await swept())
    await setAccount({ trailLook: look(true) })
    pass(5 * minuteMs)
    assert.equal(await swept(), undefined)
  })

  test('a gate that has shut or opened brings one at once, and one that flaps no more than one a minute', async () => {
    pass(10 * minuteMs)
    assert.ok(await swept())
    pass(2 * minuteMs)
    await setAccount({ trailLook: look(false) })
    const shut = await swept()
    assert.equal((await readScan(under.store.db, shut ?? ''))?.requestedBy, 'trail gate')
    // It is judged now: the usual time passes until the next.
    pass(2 * minuteMs)
    assert.equal(await swept(), undefined)
    let sweeps = 0
    for (let seconds = 0; seconds < 180; seconds += 5) {
      pass(5000)
      await setAccount({ trailLook: look(seconds % 10 === 0) })
      if (await swept()) sweeps++
    }
    assert.equal(sweeps, 3)
    await setAccount({ trailLook: look(true) })
    pass(minuteMs)
    assert.ok(await swept())
  })

  test('what was set right brings one, so that the report does not go on telling of it', async () => {
    const { store, account } = context
    pass(10 * minuteMs)
    assert.ok(await swept())
    pass(2 * minuteMs)
    assert.equal(await swept(), undefined)
    const weakened = accountDrift(
      { kind: 'password-policy-weakened', resource: 'account', detail: {} },
      { accountId: account.accountId, detectedAt: now, since: null, foundBy: 'sweep', status: 'repaired' },
    )
    await store.db.transaction((tx) => noteDrifts(tx, [weakened]))
    const scan = await swept()
    assert.equal((await readScan(store.db, scan ?? ''))?.requestedBy, 'repair')
    pass(2 * minuteMs)
    assert.equal(await swept(), undefined)
  })

  test('one replica at a time: who comes second does nothing, though somebody asked', async () => {
    const { db } = under.store
    const { accountId } = context.account
    await requestScan(db, accountId, 'admin', now)
    const lease = await takeLease(db, accountId, 'sweep', { leaseMs: minuteMs, everyMs: 0, now })
    assert.ok(lease)
    assert.equal(await swept(), undefined)
    await lease.end(null)
    assert.ok(await swept())
  })

  test('a scan whose process died is over when its lease is, another takes its place, and what it still writes is not kept', async () => {
    const { db } = under.store
    const { accountId } = context.account
    await takeLease(db, accountId, 'sweep', { leaseMs: 2 * minuteMs, everyMs: 0, now })
    const dead = await beginScan(db, accountId, now)
    assert.equal((await requestScan(db, accountId, 'admin', now)).id, dead.id)
    assert.equal(await swept(), undefined)
    assert.equal((await readScan(db, dead.id))?.status, 'running')
    pass(2 * minuteMs)
    const next = await swept()
    assert.ok(next && next !== dead.id)
    const over = await readScan(db, dead.id)
    assert.equal(over?.status, 'failed')
    assert.match(over?.error ?? '', /the process that ran it ended/)
    const { snapshot } = await gather({ ...context, db })
    const finished = {
      scanId: dead.id,
      report: evaluate(snapshot, tinyControls, now),
      calls: 1,
      progress: { part: '', users: 0, groups: 0, policies: 0 },
      now,
    }
    assert.equal(await storeReport({ db, announce: context.announce }, finished), false)
    assert.equal((await readScan(db, dead.id))?.status, 'failed')
  })

  test('a lease that is renewed lasts, and one that ran out is not taken back', async () => {
    const { db } = under.store
    const { accountId } = context.account
    const take = () => takeLease(db, accountId, 'sweep', { leaseMs: minuteMs, everyMs: 0, now })
    const lease = await take()
    pass(45_000)
    assert.equal(await lease?.renew(now), true)
    pass(45_000)
    assert.equal(await take(), undefined)
    pass(minuteMs)
    const other = await take()
    assert.ok(other)
    assert.equal(await lease?.renew(now), false)
    await lease?.end(now)
    assert.equal(await take(), undefined)
    await other.end(null)
  })

  test('who asks for a scan stands in the audit record; what Muster asks itself for does not', async () => {
    const { db } = under.store
    const { accountId } = context.account
    const recorded = () =>
      db.select().from(auditEvents).where(eq(auditEvents.action, 'compliance.scan_requested'))
    const before = await recorded()
    const own = await requestOwnScan(db, accountId, 'aws event', now)
    assert.equal((await readScan(db, own.id))?.requestedBy, 'aws event')
    assert.equal((await requestScan(db, accountId, 'admin', now)).id, own.id)
    assert.equal(await swept(), own.id)
    assert.deepEqual(await recorded(), before)
    await requestScan(db, accountId, 'admin', now)
    assert.equal((await recorded()).length, before.length + 1)
    assert.ok(await swept())
  })

  test('scans that have ended are forgotten after a time, a few at once, and the one that is asked for is not', async () => {
    const { db } = under.store
    const asked = await requestScan(db, context.account.accountId, 'admin', now)
    const ended = (await db.select().from(complianceScans)).length - 1
    assert.ok(ended > 2)
    assert.equal(await forgetScans(db, new Date(now.getTime() + minuteMs), 2), 2)
    assert.equal(await forgetScans(db, new Date(now.getTime() + minuteMs), 500), ended - 2)
    assert.equal((await readScan(db, asked.id))?.status, 'queued')
    assert.ok(await swept())
  })

  test('a service that stops does not wait for its scan: the next one begins anew', async () => {
    const { db } = under.store
    const { accountId } = context.account
    const asked = await requestScan(db, accountId, 'admin', now)
    const stopping = new AbortController()
    stopping.abort()
    await assert.rejects(sweepIfDue(context, stopping.signal), /the service stops/)
    assert.equal((await readScan(db, asked.id))?.status, 'failed')
    await requestScan(db, accountId, 'admin', now)
    assert.ok(await swept())
  })

  test('when the clock was an hour ahead, its report says nothing about now, and a sweep comes at once', async () => {
    const { db } = under.store
    const accountId = () => context.account.accountId
    const view = createComplianceView({
      db,
      controls: tinyControls,
      accountId,
      trailGate: 'enforce',
      clock: () => now,
    })
    pass(60 * minuteMs)
    assert.ok(await swept())
    pass(-60 * minuteMs)
    const [wrong] = await view()
    assert.equal(wrong?.status, 'unknown')
    assert.equal(wrong?.ageSeconds, null)
    assert.match(wrong?.reason ?? '', /^the last scan is dated .* yet to come$/)
    assert.ok(await swept())
    const [right] = await view()
    assert.equal(right?.reason, null)
    // Replicas' clocks differ by seconds.
    pass(-30_000)
    assert.deepEqual([(await view())[0]?.reason, (await view())[0]?.ageSeconds], [null, 0])
  })
})
