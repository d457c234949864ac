import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Store } from '../../src/store/open.ts'
import { readCanary } from '../../src/trail/canary-facts.ts'
import { saveLook } from '../../src/trail/canary-store.ts'
import type { CanaryFacts } from '../../src/trail/facts.ts'
import { emptyStore } from '../harness/databases.ts'
import { openEmbedded } from '../harness/prepared.ts'

const accountId = '123456789012'
const now = new Date('2026-12-01T12:00:00Z')
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000)
let store: Store

before(async () => {
  store = await openEmbedded()
})
beforeEach(() => emptyStore(store))
after(async () => {
  await store.close()
})

async function lookedAt(trailArn: string, at: Date, change: Partial<CanaryFacts>) {
  const facts: CanaryFacts = {
    status: 'found',
    reason: null,
    latest: null,
    waitingSince: null,
    statementsToAdd: [],
    unread: null,
    digest: { status: 'valid', reason: null, validUntil: null, faults: [], faultCount: 0 },
    checkedAt: at.toISOString(),
    ...change,
  }
  const nothing = { bucket: null, lastKey: null, progress: null, found: [], writes: [], logBuckets: null }
  await store.db.transaction((tx) => saveLook(tx, accountId, { ...nothing, trailArn, facts, at }))
}

const gateGoesBy = (trailArn: string) =>
  store.db.execute(sql`
    insert into accounts (account_id, partition, rate, next_slot_at, trail_look)
    values (${accountId}, 'aws', 10, now(), ${JSON.stringify({ trailArn })}::jsonb)`)

test('before the first look nothing is known', async () => {
  const { status, reason, checkedAt } = await readCanary(store.db, accountId, now)
  assert.equal(status, 'unknown')
  assert.match(reason ?? '', /not looked/)
  assert.equal(checkedAt, null)
})

test('the trail that was looked at last counts, and no former one', async () => {
  await lookedAt('former', minutesAgo(30), {})
  await lookedAt('current', minutesAgo(2), { status: 'unknown', reason: 'No permission' })
  assert.equal((await readCanary(store.db, accountId, now)).reason, 'No permission')
})

test('the trail that the gate goes by comes before a newer look at another', async () => {
  await gateGoesBy('of-the-gate')
  await lookedAt('of-the-gate', minutesAgo(4), { status: 'missing' })
  await lookedAt('another', minutesAgo(2), {})
  assert.equal((await readCanary(store.db, accountId, now)).status, 'missing')
})

test('of a trail that the gate goes by and that was not looked at yet nothing is known', async () => {
  await gateGoesBy('of-the-gate')
  await lookedAt('former', minutesAgo(2), {})
  const { status, checkedAt } = await readCanary(store.db, accountId, now)
  assert.deepEqual([status, checkedAt], ['unknown', null])
})

test('a look that is dated in the future says nothing of now', async () => {
  await lookedAt('former', minutesAgo(-2), {})
  const { status, reason, digest } = await readCanary(store.db, accountId, now)
  assert.deepEqual([status, digest.status], ['unknown', 'unknown'])
  assert.match(reason ?? '', /yet to come/)
  assert.equal((await readCanary(store.db, accountId, minutesAgo(-1))).status, 'found')
})

test('a look of hours ago says nothing of now', async () => {
  await lookedAt('former', minutesAgo(121), {})
  const { status, reason, digest } = await readCanary(store.db, accountId, now)
  assert.deepEqual([status, digest.status], ['unknown', 'unknown'])
  assert.match(reason ?? '', /last looked at 2026-12-01T09:59/)
})
