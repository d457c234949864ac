import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { type SQL, sql } from 'drizzle-orm'
import fc from 'fast-check'
import type { Head } from '../../src/audit/chain.ts'
import { recordAudit } from '../../src/audit/record.ts'
import { sealBatch } from '../../src/audit/sealer.ts'
import { type Verification, verifyChain } from '../../src/audit/verify.ts'
import { deriveKeys } from '../../src/keys.ts'
import type { Store } from '../../src/store/open.ts'
import { emptyStore, forEachDatabase, forPostgres } from '../harness/databases.ts'
import { entries } from './entries.ts'
import { type Tampering, tamperings } from './tampering.ts'

const oldSecret = 'the secret of last year, at least thirty-two bytes'
const newSecret = 'the secret of this year, at least thirty-two bytes'
const keyring = deriveKeys([newSecret, oldSecret])
const now = new Date('2026-11-23T10:00:00Z')

forEachDatabase((_name, openStore) => {
  let store: Store
  before(async () => {
    store = await openStore()
  })
  beforeEach(() => emptyStore(store))

  /** Seals `count` records more. */
  async function seal(count: number, secrets: readonly string[] = [newSecret]): Promise<Head> {
    await recordAudit(store.db, entries(count))
    const { head } = await sealBatch(store.db, deriveKeys(secrets))
    assert.ok(head)
    return head
  }

  /** What verification says after `statements`, which then are undone. */
  async function afterTampering(statements: readonly SQL[], expected?: Head): Promise<Verification> {
    const undo = new Error('undo')
    let verification: Verification | undefined
    await store.db
      .transaction(async (tx) => {
        await tx.execute(sql`alter table audit_events disable trigger user`)
        await tx.execute(sql`drop index audit_events_seq`)
        await tx.execute(sql`alter table audit_events drop constraint audit_events_pkey`)
        for (const statement of statements) await tx.execute(statement)
        verification = await verifyChain({ db: tx, keyring, now, expected })
        throw undo
      })
      .catch((error) => assert.equal(error, undo))
    assert.ok(verification)
    return verification
  }

  const kinds = ({ faults }: Verification) => faults.map(({ seq, kind }) => `${seq} ${kind}`)

  test('an untouched chain is whole', async () => {
    const head = await seal(12)
    assert.deepEqual(await verifyChain({ db: store.db, keyring, now, expected: head }), {
      ok: true,
      checked: 12,
      head,
      faults: [],
      faultCount: 0,
      oldestUnsealedSeconds: null,
    })
  })

  test('a record of nothing is whole, unless a head was expected', async () => {
    const verification = await verifyChain({ db: store.db, keyring, now })
    assert.deepEqual([verification.ok, verification.checked, verification.head], [true, 0, null])
    const expected = { seq: 3, hash: 'a'.repeat(64) }
    assert.deepEqual(kinds(await verifyChain({ db: store.db, keyring, now, expected })), ['1 cut'])
  })

  test('the age of the oldest unsealed record is told', async () => {
    await seal(1)
    await recordAudit(store.db, entries(1, { at: new Date(now.getTime() - 90_000) }))
    await recordAudit(store.db, entries(1, { at: now }))
    const verification = await verifyChain({ db: store.db, keyring, now })
    assert.deepEqual([verification.ok, verification.oldestUnsealedSeconds], [true, 90])
  })

  test('any single change, removal, insertion or reordering in the sealed part is found', async () => {
    await seal(6, [oldSecret])
    const head = await seal(6)
    await fc.assert(
      fc.asyncProperty(tamperings(12), async (tampering: Tampering) => {
        const { ok } = await afterTampering(tampering.statements, head)
        assert.equal(ok, false, tampering.name)
      }),
      { numRuns: 250 },
    )
  })

  test('each kind of tampering is called by its name', async () => {
    const head = await seal(5)
    const cases: readonly (readonly [SQL, readonly string[]])[] = [
      [
        sql`update audit_events set record = replace(record, 'backend', 'Backend') where seq = 2`,
        ['2 changed'],
      ],
      [sql`update audit_events set record = 'gone' where seq = 2`, ['2 columns', '2 changed']],
      [sql`update audit_events set record = 'null' where seq = 2`, ['2 columns', '2 changed']],
      [sql`update audit_events set actor = 'nobody' where seq = 2`, ['2 columns']],
      [sql`update audit_events set at = 'infinity' where seq = 2`, ['2 columns']],
      [sql`update audit_events set key_id = '00000000' where seq = 2`, ['2 unknown-key']],
      [sql`update audit_events set hash = null where seq = 2`, ['2 changed', '3 changed']],
      [sql`delete from audit_events where seq in (2, 3)`, ['2 missing']],
      [sql`delete from audit_events where seq = 1`, ['1 missing']],
      [sql`delete from audit_events where seq = 5`, ['5 cut']],
      [sql`update audit_events set seq = 0 where seq = 1`, ['0 inserted', '1 missing']],
      [sql`delete from audit_events`, ['1 cut']],
    ]
    for (const [statement, expected] of cases) {
      assert.deepEqual(kinds(await afterTampering([statement], head)), expected)
    }
    const { faults } = await afterTampering([sql`delete from audit_events where seq in (2, 3)`], head)
    assert.equal(faults[0]?.detail, 'records 2 to 3 are missing')
  })

  test('two records of one number are one too many', async () => {
    await seal(5)
    const copy = sql`insert into audit_events
      select gen_random_uuid(), at, actor, action, employee_id, identity_id, operation_id, record, seq, hash, key_id
      from audit_events where seq = 3`
    const { checked, faults } = await afterTampering([copy])
    assert.equal(checked, 6)
    assert.ok(faults.some(({ seq, kind }) => seq === 3 && kind === 'inserted'))
  })

  test('a cut end is not seen by the chain alone, only with a head that was published before', async () => {
    const head = await seal(5)
    const cut = [sql`delete from audit_events where seq > 3`]
    assert.equal((await afterTampering(cut)).ok, true)
    assert.deepEqual(kinds(await afterTampering(cut, head)), ['4 cut'])
  })

  test('an end that was cut and has grown again does not hold the expected head', async () => {
    const head = await seal(5)
    // Unsealed, changed, and innocently sealed once more.
    await store.db.transaction(async (tx) => {
      await tx.execute(sql`alter table audit_events disable trigger user`)
      await tx.execute(sql`delete from audit_events where seq > 3`)
      await tx.execute(sql`alter table audit_events enable trigger user`)
    })
    await seal(4)
    assert.equal((await verifyChain({ db: store.db, keyring, now })).ok, true)
    assert.deepEqual(kinds(await verifyChain({ db: store.db, keyring, now, expected: head })), ['5 cut'])
  })

  test('an earlier head than the present one may be expected', async () => {
    const head = await seal(5)
    await seal(3)
    assert.equal((await verifyChain({ db: store.db, keyring, now, expected: head })).ok, true)
  })

  test('a rotated key still verifies what it sealed, for as long as it is given', async () => {
    await seal(2, [oldSecret])
    await seal(2, [newSecret, oldSecret])
    assert.equal((await verifyChain({ db: store.db, keyring, now })).ok, true)
    const without = await verifyChain({ db: store.db, keyring: deriveKeys([newSecret]), now })
    assert.deepEqual(kinds(without), ['1 unknown-key', '2 unknown-key'])
  })

  test('the same record sealed with another secret has another hash', async () => {
    await seal(3, ['a secret that the intruder made up, 32 bytes'])
    await store.db.transaction(async (tx) => {
      await tx.execute(sql`alter table audit_events disable trigger user`)
      await tx.execute(sql`update audit_events set key_id = ${keyring['audit chain'][0].id}`)
      await tx.execute(sql`alter table audit_events enable trigger user`)
    })
    const verification = await verifyChain({ db: store.db, keyring, now })
    assert.deepEqual(kinds(verification), ['1 changed', '2 changed', '3 changed'])
  })

  test('of very many faults a hundred are told, and all are counted', async () => {
    await seal(250)
    const { faults, faultCount } = await afterTampering([sql`update audit_events set actor = 'nobody'`])
    assert.deepEqual([faults.length, faultCount], [100, 250])
  })

  test('a fault on the border of two pages is found, and nothing else is', async () => {
    await recordAudit(store.db, entries(2500))
    while ((await sealBatch(store.db, keyring)).sealed > 0);
    const whole = await verifyChain({ db: store.db, keyring, now })
    assert.deepEqual([whole.ok, whole.checked], [true, 2500])
    for (const seq of [1000, 1001, 2000, 2001]) {
      const removed = [sql`delete from audit_events where seq = ${seq}`]
      assert.deepEqual(kinds(await afterTampering(removed)), [`${seq} missing`])
    }
  })
})

forPostgres((openStore) => {
  test('100,000 records are verified in less memory than they take', { timeout: 120_000 }, async () => {
    const store = await openStore()
    for (let round = 0; round < 20; round++) {
      await recordAudit(store.db, entries(5000, { details: { before: 'x'.repeat(700), round } }))
    }
    let head: Head | null = null
    for (let sealed = 1; sealed > 0; ) {
      const batch = await sealBatch(store.db, keyring)
      head = batch.head
      sealed = batch.sealed
    }
    // About 100 MB of records; the worker dies when it needs more than 48 MB for what it keeps.
    const worker = new Worker(new URL('./verify-in-worker.ts', import.meta.url), {
      workerData: { databaseUrl: openStore.options.databaseUrl, secrets: [newSecret], now },
      resourceLimits: { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 16 },
    })
    const verification = await new Promise<Verification>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    assert.deepEqual([verification.ok, verification.checked, verification.head], [true, 100_000, head])
  })
})
