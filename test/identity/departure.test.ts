/** From the changes on record to the last departure. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { recordAudit } from '../../src/audit/record.ts'
import { type Departed, readDeparture } from '../../src/identity/departure.ts'
import type { Store } from '../../src/store/open.ts'
import type { EmployeeStatus } from '../../src/store/schema.ts'
import { openEmbedded } from '../harness/prepared.ts'

interface Facts {
  readonly status: EmployeeStatus | null
  readonly held?: boolean
  readonly lockedSince?: string
}

const hour = (n: number) => new Date(Date.UTC(2026, 10, 23, n))
const [active, scheduled, suspended] = (['active', 'scheduled', 'suspended'] as const).map((status) => ({
  status,
})) as [Facts, Facts, Facts]
const leftAt8: Facts = { status: 'terminated', lockedSince: hour(8).toISOString() }

let store: Store
before(async () => {
  store = await openEmbedded()
})
after(() => store.close())

/** One change an hour, beginning with nobody. */
let count = 0
async function departureAfter(facts: readonly Facts[], present: Partial<Departed> = {}) {
  const employeeId = `D${count++}`
  const all: readonly Facts[] = [{ status: null }, ...facts]
  const entries = facts.map((to, i) => ({
    at: hour(i),
    actor: `change ${i}`,
    action: 'employee.changed',
    employeeId,
    details: { before: { held: false, ...all[i] }, after: { held: false, ...to } },
  }))
  await recordAudit(store.db, entries)
  const status = facts.at(-1)?.status ?? 'active'
  return await readDeparture(store.db, { employeeId, status, hold: null, lockedSince: null, ...present })
}
const span = async (...facts: Facts[]) => {
  const departure = await departureAfter(facts)
  return departure && [departure.beganAt.getUTCHours(), departure.returnedAt?.getUTCHours() ?? null]
}

test('a departure goes from the change that took access away to the one that gave it back', async () => {
  const held = { ...active, held: true }
  assert.equal(await span(active), undefined)
  assert.equal(await span(scheduled, active), undefined)
  assert.deepEqual(await span(active, leftAt8), [1, null])
  assert.deepEqual(await span(active, leftAt8, active), [1, 2])
  assert.deepEqual(await span(active, held, active), [1, 2])
  assert.deepEqual(await span(active, suspended, leftAt8, active), [1, 3])
  assert.deepEqual(await span(active, leftAt8, active, suspended), [3, null])
  assert.deepEqual(await span(scheduled, leftAt8), [1, null])
})

test('a start that is put off takes access away; to be hired again for a later day ends a departure', async () => {
  assert.deepEqual(await span(active, scheduled), [1, null])
  assert.deepEqual(await span(active, suspended, scheduled), [1, null])
  assert.deepEqual(await span(active, scheduled, active), [1, 2])
  assert.deepEqual(await span(active, leftAt8, scheduled), [1, 2])
})

test('when access was to end is known of a departure that is over, too', async () => {
  const over = await departureAfter([active, leftAt8, active])
  assert.deepEqual([over?.agreedFor, over?.cause, over?.hereSince], [hour(8), 'change 1', null])
  // While it lasts, HR may still say otherwise.
  const lasting = await departureAfter([active, leftAt8], { lockedSince: hour(7) })
  assert.deepEqual(lasting?.agreedFor, hour(7))
})

test('of somebody who is out without a word of it on record, the moment that HR or the hold names counts', async () => {
  const departure = await departureAfter([active], { status: 'terminated', lockedSince: hour(5) })
  assert.deepEqual([departure?.beganAt, departure?.cause], [hour(5), null])
})
