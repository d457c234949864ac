import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import { asc } from 'drizzle-orm'
import type { Delivery } from '../../src/intake/delivery.ts'
import { openInbox } from '../../src/intake/inbox.ts'
import { Problem } from '../../src/problem.ts'
import type { Store } from '../../src/store/open.ts'
import { deliveries } from '../../src/store/schema.ts'
import { emptyStore, forEachDatabase, forPostgres, silentLog } from '../harness/databases.ts'

const delivery = (senderId: string, more: Partial<Delivery> = {}): Delivery => ({
  source: 'hr',
  senderId,
  receivedAt: new Date('2026-11-23T09:00:00.123Z'),
  contentType: 'application/json',
  body: Buffer.from(`{"for":"${senderId}"}`),
  kind: 'employee.hired',
  urgency: 1,
  employeeIds: ['E1'],
  refusal: undefined,
  ...more,
})

const rowsIn = (store: Store) => store.db.select().from(deliveries).orderBy(asc(deliveries.id))

forEachDatabase((_name, openStore) => {
  let store: Store
  beforeEach(async () => {
    store = await openStore()
    await emptyStore(store)
  })

  test('a delivery is kept byte by byte, with all that is known of it', async () => {
    const body = randomBytes(1000)
    const inbox = openInbox(store, silentLog)
    const receipt = await inbox.store(delivery('msg_1', { body, employeeIds: ['E1', 'Zoë "2", {x}\\'] }))
    const [row] = await rowsIn(store)
    assert.deepEqual(row, {
      id: receipt.deliveryId,
      source: 'hr',
      senderId: 'msg_1',
      receivedAt: new Date('2026-11-23T09:00:00.123Z'),
      kind: 'employee.hired',
      urgency: 1,
      contentType: 'application/json',
      body,
      bodySha256: hash('sha256', body),
      status: 'accepted',
      reason: null,
      employeeIds: ['E1', 'Zoë "2", {x}\\'],
      attempts: 0,
      processedAt: null,
    })
  })

  test('deliveries that wait together are stored together, each with its own bytes and receipt', async () => {
    let wakes = 0
    const inbox = openInbox(store, silentLog, () => wakes++)
    const bodies = Array.from({ length: 300 }, (_, i) => randomBytes(i))
    const receipts = await Promise.all(bodies.map((body, i) => inbox.store(delivery(`msg_${i}`, { body }))))
    const rows = new Map((await rowsIn(store)).map((row) => [row.id, row]))
    for (const [i, { deliveryId, status }] of receipts.entries()) {
      assert.equal(status, 'accepted')
      assert.equal(rows.get(deliveryId)?.senderId, `msg_${i}`)
      assert.deepEqual(rows.get(deliveryId)?.body, bodies[i])
    }
    assert.equal(wakes, 5, 'flushes of at most 64')
    const inOrderOfIds = [...rows.values()].map((row) => row.senderId)
    assert.deepEqual(
      inOrderOfIds,
      bodies.map((_, i) => `msg_${i}`),
      'the order of ids is the order of arrival',
    )
  })

  test('a repeat is answered with the first delivery, and stored once', async () => {
    const inbox = openInbox(store, silentLog)
    const [first, second] = await Promise.all([
      inbox.store(delivery('msg_1')),
      inbox.store(delivery('msg_1')),
    ])
    const third = await inbox.store(delivery('msg_1'))
    const afterRestart = await openInbox(store, silentLog).store(delivery('msg_1'))
    assert.deepEqual(first, { deliveryId: first.deliveryId, status: 'accepted' })
    for (const repeat of [second, third, afterRestart]) {
      assert.deepEqual(repeat, { deliveryId: first.deliveryId, status: 'duplicate' })
    }
    assert.equal((await rowsIn(store)).length, 1)
  })

  for (const together of [false, true]) {
    const when = together ? ', in the same moment' : ''
    const storeAll = async (...all: Delivery[]) => {
      const inbox = openInbox(store, silentLog)
      if (together) return Promise.all(all.map((one) => inbox.store(one)))
      const receipts = []
      for (const one of all) receipts.push(await inbox.store(one))
      return receipts
    }

    test(`another body under an accepted id is kept as refused, and names the first${when}`, async () => {
      const other = delivery('msg_1', { body: Buffer.from('{"other":1}') })
      const [first, variant, repeat] = await storeAll(delivery('msg_1'), other, other)
      assert.ok(first && variant && repeat)
      assert.deepEqual(variant, { deliveryId: first.deliveryId, status: 'duplicate' })
      assert.deepEqual(repeat, variant)
      const rows = await rowsIn(store)
      assert.deepEqual(
        rows.map((row) => row.status),
        ['accepted', 'refused'],
      )
      assert.match(rows[1]?.reason ?? '', new RegExp(first.deliveryId))
      assert.deepEqual(rows[1]?.body, other.body)
      assert.match(rows[1]?.senderId ?? '', /^msg_1#[\da-f]{16}$/)
    })

    test(`another body under an accepted id that tells of a leaver is worked on all the same${when}`, async () => {
      const leaver = delivery('msg_1', {
        body: Buffer.from('{"leaver":1}'),
        kind: 'employee.terminated',
        urgency: 0,
      })
      const [first, second, repeat] = await storeAll(delivery('msg_1'), leaver, leaver)
      assert.ok(first && second && repeat)
      assert.deepEqual([first.status, second.status], ['accepted', 'accepted'])
      assert.notEqual(second.deliveryId, first.deliveryId)
      assert.deepEqual(repeat, { deliveryId: second.deliveryId, status: 'duplicate' })
      assert.equal((await rowsIn(store)).length, 2)
    })

    test(`a corrected body under a refused id is accepted on its own, once${when}`, async () => {
      const malformed = delivery('msg_1', { refusal: '/data/email is missing', body: Buffer.from('{}') })
      const [refused, corrected, repeat] = await storeAll(malformed, delivery('msg_1'), delivery('msg_1'))
      assert.ok(refused && corrected && repeat)
      assert.equal(refused.status, 'refused')
      assert.equal(corrected.status, 'accepted')
      assert.notEqual(corrected.deliveryId, refused.deliveryId)
      assert.deepEqual(repeat, { deliveryId: corrected.deliveryId, status: 'duplicate' })
      assert.equal((await rowsIn(store)).length, 2)
    })

    test(`the same bytes, first with a wrong content type and then right, are accepted${when}`, async () => {
      const wrong = delivery('msg_1', { refusal: 'content-type', contentType: 'text/plain' })
      const [refused, right] = await storeAll(wrong, delivery('msg_1'))
      assert.deepEqual([refused?.status, right?.status], ['refused', 'accepted'])
      const again = await openInbox(store, silentLog).store(delivery('msg_1'))
      assert.deepEqual(again, { deliveryId: right?.deliveryId, status: 'duplicate' })
    })

    test(`several malformed bodies under one id are all kept${when}`, async () => {
      const bodies = ['{"a":1}', '{"b":2}', '{"b":2}', '{"c":3}']
      const receipts = await storeAll(
        ...bodies.map((body) => delivery('msg_1', { refusal: 'malformed', body: Buffer.from(body) })),
      )
      assert.deepEqual(
        receipts.map(({ status }) => status),
        ['refused', 'refused', 'duplicate', 'refused'],
      )
      assert.equal((await rowsIn(store)).length, 3)
    })
  }

  test('two sources may use the same id', async () => {
    const inbox = openInbox(store, silentLog)
    const receipts = await Promise.all([
      inbox.store(delivery('1')),
      inbox.store(delivery('1', { source: 'other' })),
    ])
    assert.deepEqual(
      receipts.map(({ status }) => status),
      ['accepted', 'accepted'],
    )
  })

  test('a delivery that cannot be stored fails alone, and its neighbours do not', async () => {
    const inbox = openInbox(store, silentLog)
    const outcomes = await Promise.allSettled([
      inbox.store(delivery('msg_1')),
      inbox.store(delivery('msg_2', { contentType: 'a NUL: \u0000' })),
      inbox.store(delivery('msg_3')),
      inbox.store(delivery('msg_1')),
    ])
    assert.deepEqual(
      outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? outcome.value.status : outcome.reason.status,
      ),
      ['accepted', 400, 'accepted', 'duplicate'],
    )
    assert.equal((await rowsIn(store)).length, 2)
  })

  test('NUL and broken text inside the body are bytes like any others', async () => {
    const inbox = openInbox(store, silentLog)
    const bodies = [
      Buffer.from([0, 0, 0]),
      Buffer.from('"\\u0000 \\ud800"'),
      Buffer.from([0xff, 0xc0]),
      Buffer.alloc(0),
    ]
    await Promise.all(bodies.map((body, i) => inbox.store(delivery(`msg_${i}`, { body }))))
    assert.deepEqual(
      (await rowsIn(store)).map((row) => row.body),
      bodies,
    )
  })

  test('an id longer than an index takes is kept by its hash, and its repeat is found', async () => {
    const inbox = openInbox(store, silentLog)
    const long = randomBytes(6000).toString('hex')
    const first = await inbox.store(delivery(long))
    assert.deepEqual(await inbox.store(delivery(long)), { deliveryId: first.deliveryId, status: 'duplicate' })
    assert.equal((await inbox.store(delivery(`${long}x`))).status, 'accepted')
  })

  test('too many waiting bytes are refused for now, not piled up', async () => {
    const inbox = openInbox(store, silentLog)
    const body = Buffer.alloc(256 * 1024)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 150 }, (_, i) => inbox.store(delivery(`msg_${i}`, { body }))),
    )
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    assert.equal(refused.length, 150 - 128)
    for (const { reason } of refused) {
      assert.ok(reason instanceof Problem)
      assert.deepEqual([reason.status, reason.retryAfterSeconds], [503, 5])
    }
    assert.equal((await inbox.store(delivery('msg_after'))).status, 'accepted')
  })
})

forPostgres((openStore) => {
  test('replicas that receive the same messages at once store each one once, without a deadlock', async () => {
    const stores = await Promise.all([openStore(), openStore(), openStore()])
    const inboxes = stores.map((store) => openInbox(store, silentLog))
    const ids = Array.from({ length: 400 }, (_, i) => `msg_${i}`)
    const receipts = await Promise.all(
      inboxes.flatMap((inbox, replica) => {
        const order = replica === 1 ? ids.toReversed() : ids
        return order.map(async (id) => ({ id, ...(await inbox.store(delivery(id))) }))
      }),
    )
    const byId = Map.groupBy(receipts, ({ id }) => id)
    for (const [id, answers] of byId) {
      assert.equal(new Set(answers.map(({ deliveryId }) => deliveryId)).size, 1, id)
      assert.equal(answers.filter(({ status }) => status === 'accepted').length, 1, id)
    }
  })
})
