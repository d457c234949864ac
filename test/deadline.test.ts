import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sharedDeadline, within } from '../src/deadline.ts'

const tooLate = () => new Error('too late')
const never = () => new Promise<string>(() => {})
const ways = {
  within: <T>(work: Promise<T>) => within(80, work, tooLate),
  shared: sharedDeadline(80, tooLate),
}

for (const [name, inTime] of Object.entries(ways)) {
  test(`work that is done in time settles as it does by itself (${name})`, async () => {
    assert.equal(await inTime(Promise.resolve('done')), 'done')
    await assert.rejects(inTime(Promise.reject(new Error('failed'))), /failed/)
    assert.equal(await inTime(delay(20, 'done')), 'done')
  })

  test(`whoever waits for work that does not end hears in time (${name})`, async () => {
    // The deadline itself keeps no process alive.
    const alive = setInterval(() => {}, 1000)
    const started = performance.now()
    const outcomes = await Promise.allSettled([inTime(never()), inTime(delay(40, 'done')), inTime(never())])
    clearInterval(alive)
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled', 'rejected'],
    )
    const tookMs = performance.now() - started
    assert.ok(tookMs >= 79 && tookMs < 1000, `${tookMs} ms`)
  })

  test(`what fails after its deadline is nobody's error (${name})`, async () => {
    const failing = delay(120).then(() => Promise.reject(new Error('failed late')))
    await assert.rejects(inTime(failing), /too late/)
    await delay(80)
  })
}
