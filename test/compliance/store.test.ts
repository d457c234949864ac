import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { known, unknown } from '../../src/aws/fact.ts'
import { evaluate } from '../../src/compliance/evaluate.ts'
import { addException } from '../../src/compliance/exceptions.ts'
import { beginScan } from '../../src/compliance/scans.ts'
import type { AccountSnapshot } from '../../src/compliance/snapshot.ts'
import { storeReport } from '../../src/compliance/store.ts'
import type { Notice } from '../../src/notify/announce.ts'
import type { Store } from '../../src/store/open.ts'
import { complianceFindings } from '../../src/store/schema.ts'
import { emptyStore, forEachDatabase } from '../harness/databases.ts'
import { snapshotWith, userWith } from './blank-snapshot.ts'
import { devices, tinyControls } from './tiny-controls.ts'

const minuteMs = 60_000
const accountId = '123456789012'

forEachDatabase((_name, openStore) => {
  let store: Store
  let now = new Date('2026-11-25T09:00:00Z')
  before(async () => {
    store = await openStore()
  })
  beforeEach(() => emptyStore(store))

  /** A scan that found this, a minute after the one before. Returns what is announced. */
  async function scanFinding(facts: Partial<AccountSnapshot>, controls = tinyControls): Promise<Notice[]> {
    now = new Date(now.getTime() + minuteMs)
    const announced: Notice[] = []
    const report = evaluate(snapshotWith({ takenAt: now, ...facts }), controls, now)
    const { id: scanId } = await beginScan(store.db, accountId, now)
    const progress = { part: '', users: 0, groups: 0, policies: 0 }
    const announce = async (_tx: unknown, notices: readonly Notice[]) => void announced.push(...notices)
    assert.ok(await storeReport({ db: store.db, announce }, { scanId, report, calls: 1, progress, now }))
    return announced
  }
  const keys = (rootAccessKeys: number) => ({
    summary: known({ rootHasMfa: true, rootAccessKeys, entries: {} }),
  })
  const told = (notices: readonly Notice[]) => notices.map(({ type, data }) => [type, data.control])

  test('somebody hears when a control that matters fails, and when it holds again; once each', async () => {
    assert.deepEqual(told(await scanFinding(keys(0))), [])
    assert.deepEqual(told(await scanFinding(keys(1))), [['compliance.failed', 'test-root-keys']])
    assert.deepEqual(told(await scanFinding(keys(1))), [])
    assert.deepEqual(told(await scanFinding(keys(0))), [['compliance.passed', 'test-root-keys']])
  })

  test('a time of not knowing in between is no change, and hides none', async () => {
    await scanFinding(keys(0))
    assert.deepEqual(told(await scanFinding({})), [])
    assert.deepEqual(told(await scanFinding(keys(0))), [])
    await scanFinding({})
    assert.deepEqual(told(await scanFinding(keys(1))), [['compliance.failed', 'test-root-keys']])
  })

  test('an exception that runs out is heard of, and one that is given says so', async () => {
    await scanFinding(keys(1))
    const ends = new Date(now.getTime() + 90_000)
    const exception = { control: 'test-root-keys', resource: '*', reason: 'why', endsAt: ends }
    await addException(store.db, exception, 'admin', now)
    const [passed] = await scanFinding(keys(1))
    assert.equal(passed?.type, 'compliance.passed')
    assert.deepEqual([passed?.data.findings, passed?.data.excepted], [1, 1])
    assert.deepEqual(told(await scanFinding(keys(1))), [['compliance.failed', 'test-root-keys']])
    // The old one makes room for the next.
    await addException(store.db, { ...exception, endsAt: new Date(now.getTime() + 1) }, 'admin', now)
  })

  test('what matters little is nobody’s alarm', async () => {
    const seen = { virtualMfaDevices: known([]) }
    await scanFinding(seen, [{ ...devices, judge: () => ({ status: 'pass', evidence: {} }) }])
    const failing = {
      ...devices,
      judge: () => ({
        status: 'fail' as const,
        findings: [{ resource: 'a', message: 'a', evidence: {} }],
        evidence: {},
      }),
    }
    assert.deepEqual(await scanFinding(seen, [failing]), [])
  })

  const carrying = (count: number) => ({
    authorization: known({
      users: Array.from({ length: count }, (_, n) =>
        userWith({ arn: `arn:aws:iam::123456789012:user/u${n}`, attachedPolicyArns: ['arn:p'] }),
      ),
      groups: [],
      policies: [],
    }),
  })

  test('thousands of findings are kept, and go when they are mended, or their control does', async () => {
    await scanFinding({ ...keys(1), ...carrying(4321) })
    assert.equal(await store.db.$count(complianceFindings), 4322)
    await scanFinding({ ...keys(1), ...carrying(3) })
    assert.equal(await store.db.$count(complianceFindings), 4)
    await scanFinding({ ...keys(1), authorization: unknown('AWS is away') })
    assert.equal(await store.db.$count(complianceFindings), 4)
    await scanFinding({}, [devices])
    assert.equal(await store.db.$count(complianceFindings), 0)
  })

  test('a name that a database cannot hold fails no scan', async () => {
    const odd = userWith({ arn: 'arn:\0:\ud800', attachedPolicyArns: ['\0'] })
    await scanFinding({ authorization: known({ users: [odd], groups: [], policies: [] }) })
    const [row] = await store.db.select().from(complianceFindings)
    assert.equal(row?.resource, 'arn:\uFFFD:\uFFFD')
  })
})
