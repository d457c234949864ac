import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { sharedDeadline, within } from '../src/deadline.ts'

const tooLate = () => new Error('too late')
const never = () => new Promise<string>(() => {})
/** For work that is done at once, on however slow a machine. */
const longMs = 20_000
/** For work that never ends. */
const shortMs = 80

const ways = {
  within: (ms: number) => (work: Promise<string>) => within(ms, work, tooLate),
  shared: (ms: number) => sharedDeadline(ms, tooLate),
}

for (const [name, deadline] of Object.entries(ways)) {
  test(`work that is done in time settles as it does by itself (${name})`, async () => {
    const inTime = deadline(longMs)
    assert.equal(await inTime(Promise.resolve('done')), 'done')
    await assert.rejects(inTime(Promise.reject(new Error('failed'))), /failed/)
    assert.equal(await inTime(delay(20, 'done')), 'done')
  })

  test(`whoever waits for work that does not end hears of it, and no sooner (${name})`, async (t) => {
    // The deadline itself keeps no process alive.
    const alive = setInterval(() => {}, 1000)
    t.after(() => clearInterval(alive))
    const inTime = deadline(shortMs)
    const started = performance.now()
    const outcomes = await Promise.allSettled([
      inTime(never()),
      inTime(Promise.resolve('done')),
      inTime(never()),
    ])
    const tookMs = performance.now() - started
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled', 'rejected'],
    )
    assert.ok(tookMs >= shortMs - 1, `${tookMs} ms`)
  })

  test(`what fails after its deadline is nobody's error (${name})`, async () => {
    let fail = (_: Error) => {}
    const failing = new Promise<string>((_, reject) => {
      fail = reject
    })
    const alive = setInterval(() => {}, 1000)
    await assert.rejects(deadline(shortMs)(failing), /too late/)
    clearInterval(alive)
    fail(new Error('failed late'))
    // An unhandled rejection would end the process in one of the next turns.
    await setImmediate()
  })
}
