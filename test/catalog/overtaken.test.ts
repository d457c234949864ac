/** A process that is frozen in the midst of a run, and wakes up when another one has long gone on without it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { reconcileCatalog } from '../../src/catalog/reconcile.ts'
import { rowsOf } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { openGate } from '../harness/gate.ts'
import { type CatalogWorld, openCatalogWorld } from './catalog-world.ts'
import { boundary, catalog, policy, statement } from './samples.ts'

/** Its policy lets read of that bucket. */
const ofBucket = (bucket: string): Catalog => ({
  ...catalog({
    groups: { engineering: { policies: [policy('engineering', reads(bucket))] } },
    roles: { engineer: { groups: ['engineering'], boundary: boundary('engineer') } },
  }),
  hash: `catalog of ${bucket}`,
})
const reads = (bucket: string) =>
  statement({ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` })

forEachDatabase((_name, openStore) => {
  let world: CatalogWorld
  before(async () => {
    world = await openCatalogWorld(openStore)
  })
  after(async () => {
    for (const wake of frozenRuns) wake()
    await world.close()
  })
  const frozenRuns: (() => void)[] = []

  const bucketInAccount = () => {
    const held = world.sandbox.state.policies.get(world.policyArn('muster-engineering'))
    const current = held?.versions.find(({ versionId }) => versionId === held.defaultVersionId)
    return /arn:aws:s3:::(\w+)/.exec(JSON.stringify(current?.document))?.[1]
  }
  const account = async () => {
    const [row] = await rowsOf<{ hash: string; problem: string | null; leased: boolean }>(
      world.store.db,
      sql`
        select catalog_hash as hash, catalog_problem as problem, catalog_leased_until is not null as leased
        from accounts`,
    )
    return row
  }

  /** A run of that catalog that stands still before its first step; nobody renews its lease. */
  async function frozenRun(of: Catalog) {
    const { context, store } = world
    const frozen = Promise.withResolvers<void>()
    const wake = Promise.withResolvers<null>()
    const trailGate = {
      ...openGate,
      closedBecause: () => {
        frozen.resolve()
        return wake.promise
      },
    }
    const ended = reconcileCatalog({ ...context, catalog: of, trailGate }, new AbortController().signal)
    frozenRuns.push(() => wake.resolve(null))
    await frozen.promise
    await store.db.execute(
      sql`update accounts set catalog_leased_until = clock_timestamp() - interval '1 second'`,
    )
    return {
      awake() {
        wake.resolve(null)
        return ended
      },
    }
  }

  test('one that wakes up writes nothing of its older catalog over the newer one', async () => {
    assert.equal(await world.run(ofBucket('first')), 'settled')
    const old = await frozenRun(ofBucket('second'))
    assert.equal(await world.run(ofBucket('third')), 'settled')
    assert.equal(await old.awake(), 'unsettled')
    assert.equal(bucketInAccount(), 'third')
    assert.deepEqual(await account(), { hash: 'catalog of third', problem: null, leased: false })
  })

  test('one that wakes up while another is at it leaves the lease to that one', async () => {
    const old = await frozenRun(ofBucket('fourth'))
    const current = await frozenRun(ofBucket('fifth'))
    await world.store.db.execute(
      sql`update accounts set catalog_leased_until = clock_timestamp() + interval '1 minute'`,
    )
    assert.equal(await old.awake(), 'unsettled')
    assert.equal((await account())?.leased, true)
    assert.equal(await world.run(ofBucket('third')), 'busy')
    assert.equal(bucketInAccount(), 'third')
    await current.awake()
  })

  test('one whose lease nobody has taken goes on to its end', async () => {
    const { store } = world
    await store.db.execute(sql`update accounts set catalog_leased_until = null`)
    assert.equal(await world.run(ofBucket('sixth')), 'settled')
    assert.equal(bucketInAccount(), 'sixth')
  })
})
