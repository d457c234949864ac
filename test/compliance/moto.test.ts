/** States of an account in moto, judged check by check: Muster says what the text of the published check asks. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { controls } from '../../src/compliance/controls/index.ts'
import { publishedChecks } from '../../src/compliance/published-checks.ts'
import type { AccountSnapshot } from '../../src/compliance/snapshot.ts'
import type { Store } from '../../src/store/open.ts'
import { openEmbedded } from '../harness/prepared.ts'
import { missing, startMoto } from '../sandbox/moto-server.ts'
import { openLook } from './look-at-moto.ts'
import { judged, type State } from './moto-states.ts'

test('every published check has a good and a bad state in moto, or a reason why not', () => {
  assert.deepEqual(Object.keys(judged).sort(), Object.keys(publishedChecks).sort())
  for (const [check, { good, bad, notInMoto }] of Object.entries(judged))
    assert.equal(good.length > 0 && bad.length > 0, notInMoto === undefined, check)
})

describe('an account in moto is judged as the published checks ask', { skip: missing('moto_server') }, () => {
  let store: Store
  /** Without the policies that AWS keeps in every account moto begins anew in no time. */
  let bare: Moto
  let withAwsPolicies: Moto
  before(async () => {
    store = await openEmbedded()
    ;[bare, withAwsPolicies] = await Promise.all([
      openMoto(store, { awsPolicies: false }),
      openMoto(store, { awsPolicies: true }),
    ])
  })
  after(async () => {
    await Promise.all([bare?.close(), withAwsPolicies?.close()])
    await store?.close()
  })

  async function statusIn(check: string, { make, daysLater = 0 }: State): Promise<string> {
    const moto = judged[check]?.awsPolicies ? withAwsPolicies : bare
    await moto.reset()
    await make(moto.clients)
    const now = new Date(Date.now() + daysLater * 86_400_000 + 60_000)
    return statusOf(check, await moto.look(), now)
  }

  for (const [check, { good, bad, stricter = [] }] of Object.entries(judged)) {
    for (const state of good)
      test(`${check}: ${state.says} is good`, async () => assert.equal(await statusIn(check, state), 'pass'))
    for (const state of bad)
      test(`${check}: ${state.says} is bad`, async () => assert.equal(await statusIn(check, state), 'fail'))
    for (const state of stricter)
      test(`${check}: ${state.says} is bad: ${state.because}`, async () =>
        assert.equal(await statusIn(check, state), 'fail'))
  }
})

type Moto = Awaited<ReturnType<typeof openMoto>>

async function openMoto(store: Store, options: Parameters<typeof startMoto>[0]) {
  const server = await startMoto(options)
  const { clients, look, close } = await openLook(store, server.url)
  return {
    clients,
    look,
    async reset() {
      await fetch(`${server.url}/moto-api/reset`, { method: 'POST' })
    },
    async close() {
      close()
      await server.close()
    },
  }
}

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
