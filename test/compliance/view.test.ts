/** The report as it stands: what is excepted of it is so for its own findings alone. */
import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { known, unknown } from '../../src/aws/fact.ts'
import { evaluate } from '../../src/compliance/evaluate.ts'
import { addException } from '../../src/compliance/exceptions.ts'
import { beginScan } from '../../src/compliance/scans.ts'
import { storeReport } from '../../src/compliance/store.ts'
import { createComplianceView } from '../../src/compliance/view.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { emptyStore, forEachDatabase } from '../harness/databases.ts'
import { snapshotWith, userWith } from './blank-snapshot.ts'
import { attachedPolicies } from './tiny-controls.ts'

const accountId = '123456789012'
const real = new Date('2026-11-25T09:00:00Z')
const hourMs = 3_600_000
const after = (ms: number) => new Date(real.getTime() + ms)
const arn = (name: string) => `arn:aws:iam::${accountId}:user/${name}`

forEachDatabase((_name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
  })
  beforeEach(async () => {
    await emptyStore(store)
    await store.db.execute(
      sql`insert into accounts (account_id, partition, rate, next_slot_at) values (${accountId}, 'aws', 10, now())`,
    )
    const exception = { control: attachedPolicies.id, resource: arn('excepted'), reason: 'a ticket' }
    await addException(store.db, { ...exception, endsAt: after(240 * hourMs) }, 'admin', real)
  })

  /** A scan by a clock that says it is then, of an account with these users; without any, it is not told. */
  async function scan(now: Date, names?: readonly string[]) {
    const users = names?.map((name) =>
      userWith({ userName: name, arn: arn(name), attachedPolicyArns: ['arn:p'] }),
    )
    const authorization = users ? known({ users, groups: [], policies: [] }) : unknown('AWS is away')
    const report = evaluate(snapshotWith({ takenAt: now, authorization }), [attachedPolicies], now)
    const { id: scanId } = await beginScan(store.db, accountId, now)
    const progress = { part: '', users: 0, groups: 0, policies: 0 }
    await storeReport({ db: store.db, announce: async () => {} }, { scanId, report, calls: 1, progress, now })
  }

  async function verdict(now = after(60_000)) {
    const settings = {
      controls: [attachedPolicies],
      accountId: () => accountId,
      trailGate: 'enforce',
    } as const
    const [account] = await createComplianceView({ db: store.db, ...settings, clock: () => now })()
    const control = account?.practices.flatMap(({ controls }) => controls)[0]
    assert.ok(control)
    return control
  }

  const findings = async () =>
    await rowsOf<{ resource: string; is_in_order: boolean }>(
      store.db,
      sql`select resource, first_seen_at <= last_seen_at as is_in_order from compliance_findings order by resource`,
    )

  for (const [what, aheadMs] of [
    ['three seconds', 3000],
    ['five hours', 5 * hourMs],
  ] as const) {
    test(`what was excepted of a scan whose clock was ${what} ahead answers for nothing that the next one finds`, async () => {
      await scan(after(aheadMs), ['excepted'])
      await scan(real, ['intruder'])
      const control = await verdict()
      assert.deepEqual([control.status, control.findingCount, control.exceptedCount], ['fail', 1, 0])
      assert.deepEqual(await findings(), [{ resource: arn('intruder'), is_in_order: true }])
    })

    test(`a finding of a scan whose clock was ${what} ahead that is still there goes on being excepted`, async () => {
      await scan(after(aheadMs), ['excepted'])
      await scan(real, ['excepted'])
      assert.equal((await verdict()).status, 'pass')
      assert.deepEqual(await findings(), [{ resource: arn('excepted'), is_in_order: true }])
    })
  }

  test('what nobody could look at is kept, and goes with the next scan that can, whatever the clocks said', async () => {
    await scan(after(5 * hourMs), ['excepted'])
    await scan(real)
    assert.equal((await verdict()).status, 'unknown')
    assert.equal((await findings()).length, 1)
    await scan(after(1), [])
    assert.deepEqual(await findings(), [])
  })

  test('history goes on from what was before now, not from what a clock that was ahead has left there', async () => {
    await scan(after(5 * hourMs), [])
    await scan(real, ['intruder'])
    await scan(after(60_000), [])
    await scan(after(120_000), [])
    const rows = await rowsOf<{ status: string }>(
      store.db,
      sql`select status from compliance_history where practice = 'groups' order by at`,
    )
    assert.deepEqual(
      rows.map(({ status }) => status),
      ['non_compliant', 'compliant', 'compliant'],
    )
  })

  test('whoever asks while scans come and go sees the report of one with the exceptions of the same', async () => {
    let isOver = false
    const scans = async () => {
      for (let n = 1; n <= 40; n++) await scan(after(n), [n % 2 === 0 ? 'excepted' : 'intruder'])
      isOver = true
    }
    const seen = new Set<string>()
    const looks = async () => {
      while (!isOver) {
        const { findings: found, status } = await verdict()
        seen.add(`${found.map(({ resource }) => resource.split('/')[1])} ${status}`)
      }
    }
    await scan(real, ['excepted'])
    await Promise.all([scans(), looks(), looks()])
    for (const each of seen) assert.match(each, /^(excepted pass|intruder fail)$/)
  })
})
