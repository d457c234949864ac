/** What of the catalog has its name under another path by now: Muster does not touch it, and says that it is not as it was. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { rowsOf } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type CatalogWorld, openCatalogWorld } from './catalog-world.ts'

forEachDatabase((_name, openStore) => {
  let world: CatalogWorld
  before(async () => {
    world = await openCatalogWorld(openStore)
  })
  after(() => world.close())

  const drifts = async () =>
    await rowsOf<{ kind: string; resource: string; status: string; standing: boolean }>(
      world.store.db,
      sql`select kind, resource, status, standing from drifts order by id`,
    )

  test('a group that was moved by hand is drift, told once, until somebody moves it back', async () => {
    const { run, byHand, move, context } = world
    assert.equal(await run(), 'settled')
    move(10 * 60_000)
    byHand('UpdateGroup', { GroupName: 'engineering', NewPath: '/elsewhere/' })
    const resource = `arn:aws:iam::${context.account.accountId}:group/muster/engineering`
    const moved = { kind: 'group-deleted', resource, status: 'open', standing: true }
    for (let look = 0; look < 2; look++) {
      assert.equal(await run(), 'unsettled')
      assert.deepEqual(await drifts(), [moved])
      move(60_000)
    }
    byHand('UpdateGroup', { GroupName: 'engineering', NewPath: '/muster/' })
    assert.equal(await run(), 'settled')
    assert.deepEqual(await drifts(), [{ ...moved, status: 'repaired', standing: false }])
  })

  test('it stands while something else is set right', async () => {
    const { run, byHand, move } = world
    const earlier = (await drifts()).length
    move(10 * 60_000)
    byHand('UpdateGroup', { GroupName: 'engineering', NewPath: '/elsewhere/' })
    byHand('PutGroupPolicy', {
      GroupName: 'deploy-staging',
      PolicyName: 'by-hand',
      PolicyDocument:
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}',
    })
    assert.equal(await run(), 'unsettled')
    const kinds = (await drifts()).slice(earlier).map(({ kind, status }) => `${kind} ${status}`)
    assert.deepEqual(kinds.sort(), ['group-deleted open', 'group-inline-policy-put repaired'])
  })
})
