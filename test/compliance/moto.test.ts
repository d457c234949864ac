/** States of an account in moto, judged check by check: Muster says what the text of the published check asks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controls } from '../../src/compliance/controls/index.ts'
import { publishedChecks } from '../../src/compliance/published-checks.ts'
import type { AccountSnapshot } from '../../src/compliance/snapshot.ts'
import { missing, startMoto } from '../sandbox/moto-server.ts'
import { clientsOf, lookAt } from './look-at-moto.ts'
import { judged, type State } from './moto-states.ts'

test('every published check has a good and a bad state in moto, or a reason why not', () => {
  assert.deepEqual(Object.keys(judged).sort(), Object.keys(publishedChecks).sort())
  for (const [check, { good, bad, notInMoto }] of Object.entries(judged))
    assert.equal(good.length > 0 && bad.length > 0, notInMoto === undefined, check)
})

test(
  'an account in moto is judged as the published checks ask',
  { skip: missing('moto_server') },
  async (t) => {
    const [bare, withPolicies] = await Promise.all([startMoto({ awsPolicies: false }), startMoto()])
    t.after(() => Promise.all([bare.close(), withPolicies.close()]))

    async function statusIn(check: string, { make, daysLater = 0 }: State) {
      const { url } = judged[check]?.awsPolicies ? withPolicies : bare
      await fetch(`${url}/moto-api/reset`, { method: 'POST' })
      const clients = clientsOf(url)
      try {
        await make(clients)
        const now = new Date(Date.now() + daysLater * 86_400_000 + 60_000)
        return statusOf(check, await lookAt(clients), now)
      } finally {
        for (const client of Object.values(clients)) client.destroy()
      }
    }

    for (const [check, { good, bad, stricter = [], unseen = [] }] of Object.entries(judged)) {
      for (const state of good)
        await t.test(`${check}: ${state.says} is good`, async () =>
          assert.equal(await statusIn(check, state), 'pass'),
        )
      for (const state of bad)
        await t.test(`${check}: ${state.says} is bad`, async () =>
          assert.equal(await statusIn(check, state), 'fail'),
        )
      for (const state of stricter)
        await t.test(`${check}: ${state.says} is bad, since ${state.because}`, async () =>
          assert.equal(await statusIn(check, state), 'fail'),
        )
      for (const state of unseen)
        await t.test(`${check}: ${state.says} is not seen, since ${state.because}`, async () =>
          assert.equal(await statusIn(check, state), 'pass'),
        )
    }
  },
)

/** A check is answered by all controls that name it: together they must hold. */
function statusOf(check: string, snapshot: AccountSnapshot, now: Date): string {
  const statuses = controls
    .filter(({ checks }) => checks.includes(check))
    .map((control) => control.judge(snapshot, now).status)
  assert.ok(statuses.length > 0, check)
  return (
    statuses.find((status) => status === 'fail') ?? statuses.find((status) => status !== 'pass') ?? 'pass'
  )
}
