/** A run of the catalog, as slow as a real account is, on a clock of its own. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { rowsOf } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { type CatalogWorld, openCatalogWorld } from './catalog-world.ts'

forEachDatabase((_name, openStore) => {
  let world: CatalogWorld
  before(async () => {
    world = await openCatalogWorld(openStore, 20)
  })
  after(() => world.close())

  const grants = () =>
    world.sandbox.calls.entries.filter(
      ({ action, params }) =>
        ['CreatePolicy', 'AttachGroupPolicy'].includes(action) &&
        !/muster-(baseline|quarantine)/.test(JSON.stringify([params.GroupName, params.PolicyName])),
    ).length

  test('a run in the midst of which the trail is stopped grants nothing more, and the next one goes on', async () => {
    const { run, store } = world
    const running = run()
    await eventually(() => grants() > 0, { what: 'the first grant' })
    await world.stopTrail()
    const granted = grants()
    assert.equal(await running, 'unsettled')
    // One may have been on its way.
    assert.ok(grants() <= granted + 1, `${grants()} after ${granted}`)
    const [row] = await rowsOf<{ status: string; error: string; problem: string }>(
      store.db,
      sql`
        select status, error, catalog_problem as problem from operations, accounts where operations.kind = 'catalog'`,
    )
    assert.equal(row?.status, 'stopped')
    assert.match(row?.error ?? '', /waits until CloudTrail is verified: trail muster-sandbox is stopped/)
    assert.equal(row?.problem, row?.error)
    const before = grants()
    assert.equal(await run(), 'unsettled')
    assert.equal(grants(), before)

    await world.startTrail()
    assert.equal(await run(), 'settled')
    assert.ok(grants() > before)
  })
})
