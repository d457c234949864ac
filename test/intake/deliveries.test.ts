import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { getDelivery, listDeliveries, replayDelivery } from '../../src/intake/deliveries.ts'
import { openInbox } from '../../src/intake/inbox.ts'
import { forgetBodies } from '../../src/intake/retention.ts'
import { Problem } from '../../src/problem.ts'
import { newId } from '../../src/store/ids.ts'
import type { Store } from '../../src/store/open.ts'
import { type DeliveryStatus, deliveries } from '../../src/store/schema.ts'
import { emptyStore, forEachDatabase, silentLog } from '../harness/databases.ts'

const now = new Date('2026-11-23T09:00:00Z')
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000)

const hasStatus = (status: number) => (error: unknown) => error instanceof Problem && error.status === status

forEachDatabase((_name, openStore) => {
  let store: Store
  beforeEach(async () => {
    store = await openStore()
    await emptyStore(store)
  })

  async function put(status: DeliveryStatus, receivedAt = now): Promise<string> {
    const { deliveryId } = await openInbox(store, silentLog).store({
      source: 'hr',
      senderId: newId(),
      receivedAt,
      contentType: 'application/json',
      body: Buffer.from('{"iban":"DE00"}'),
      kind: 'employee.hired',
      urgency: 1,
      employeeIds: ['E1'],
      refusal: undefined,
    })
    await store.db.update(deliveries).set({ status }).where(eq(deliveries.id, deliveryId))
    return deliveryId
  }

  test('the newest delivery is listed first, page by page, and by status', async () => {
    const ids = [
      await put('applied'),
      await put('failed'),
      await put('applied'),
      await put('pending'),
    ].toReversed()
    const idsOf = async (
      ...query: Parameters<typeof listDeliveries> extends [unknown, ...infer Rest] ? Rest : never
    ) => (await listDeliveries(store.db, ...query)).map(({ id }) => id)
    assert.deepEqual(await idsOf({ limit: 10 }), ids)
    assert.deepEqual(await idsOf({ limit: 2 }), ids.slice(0, 2))
    assert.deepEqual(await idsOf({ limit: 2, after: ids[1] }), ids.slice(2))
    assert.deepEqual(await idsOf({ limit: 10, status: 'applied' }), [ids[1], ids[3]])
    assert.deepEqual(await idsOf({ limit: 10, status: 'refused' }), [])
  })

  test('no answer about a delivery has its bytes', async () => {
    const id = await put('applied')
    const answers = [
      await getDelivery(store.db, id),
      await listDeliveries(store.db, { limit: 1 }),
      await replayDelivery(store.db, id),
    ]
    assert.doesNotMatch(JSON.stringify(answers), /iban|DE00/)
    assert.equal((await getDelivery(store.db, id)).bodyBytes, 15)
  })

  test('a delivery that does not exist is not found', async () => {
    for (const id of [newId(), 'nonsense', '', "'; --"]) {
      await assert.rejects(getDelivery(store.db, id), hasStatus(404))
      await assert.rejects(replayDelivery(store.db, id), hasStatus(404))
    }
  })

  test('any delivery can be replayed as long as its bytes are there', async () => {
    for (const status of ['accepted', 'applied', 'pending', 'refused', 'failed'] as const) {
      const replayed = await replayDelivery(store.db, await put(status))
      assert.deepEqual([replayed.status, replayed.attempts, replayed.reason], ['accepted', 0, null])
    }
  })

  test('after the retention time the bytes are gone, and hash and outcome remain', async () => {
    const kept = [await put('applied', daysAgo(29)), await put('accepted', daysAgo(90))]
    const gone = [
      await put('applied', daysAgo(31)),
      await put('refused', daysAgo(31)),
      await put('failed', daysAgo(365)),
      // Its event is recorded, and needs the bytes no more.
      await put('pending', daysAgo(31)),
    ]
    assert.equal(await forgetBodies(store.db, daysAgo(30), 3), 3)
    assert.equal(await forgetBodies(store.db, daysAgo(30), 3), 1)
    assert.equal(await forgetBodies(store.db, daysAgo(30), 3), 0)
    for (const id of kept) assert.equal((await getDelivery(store.db, id)).bodyBytes, 15)
    for (const id of gone) {
      const { bodyBytes, bodySha256, status } = await getDelivery(store.db, id)
      assert.equal(bodyBytes, null)
      assert.match(bodySha256, /^[\da-f]{64}$/)
      await assert.rejects(replayDelivery(store.db, id), hasStatus(409))
      assert.equal((await getDelivery(store.db, id)).status, status, 'a refused replay changes nothing')
    }
  })
})
