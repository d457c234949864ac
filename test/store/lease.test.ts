/** Work that one replica at a time does, when a clock is not what it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeLease } from '../../src/store/lease.ts'
import { forEachDatabase } from '../harness/databases.ts'

const accountId = '123456789012'
const minuteMs = 60_000
const leaseMs = minuteMs
const noon = new Date('2026-11-25T12:00:00Z')
const after = (ms: number) => new Date(noon.getTime() + ms)

forEachDatabase((_name, openStore) => {
  const take = async (name: string, now: Date, everyMs = 10 * minuteMs) =>
    await takeLease((await openStore()).db, accountId, name, { leaseMs, everyMs, now })

  test('work that was done an hour from now is done again, and so is what is being done until then', async () => {
    const ahead = after(60 * minuteMs)
    await (await take('done', ahead))?.end(ahead)
    assert.ok(await take('done', noon), 'nothing waits for an hour that was never there')
    assert.ok(await take('held', ahead))
    assert.ok(await take('held', noon))
  })

  test('replicas whose clocks differ by seconds still do not work at once, nor too often', async () => {
    const lease = await take('skewed', after(5000))
    assert.ok(lease)
    assert.equal(await take('skewed', noon), undefined)
    await lease.end(after(5000))
    assert.equal(await take('skewed', noon), undefined)
    assert.equal(await take('skewed', after(9 * minuteMs)), undefined)
    assert.ok(await take('skewed', after(11 * minuteMs)))
  })

  test('work without an interval is free as soon as it was given back, whatever the clock says', async () => {
    await (await take('asked for', after(30_000), 0))?.end(after(30_000))
    assert.ok(await take('asked for', noon, 0))
  })

  test('whoever holds a lease while the clock is set back goes on holding it, for as long as it renews', async () => {
    const lease = await take('renewed', after(60 * minuteMs))
    assert.equal(await lease?.renew(noon), true)
    assert.equal(await take('renewed', after(30_000)), undefined)
    assert.ok(await take('renewed', after(minuteMs)))
  })
})
