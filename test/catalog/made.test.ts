/** Muster takes away what it made, and nothing that somebody else made under its path. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { type CatalogWorld, openCatalogWorld } from './catalog-world.ts'
import { boundary, catalog, policy, SOUND_POLICY } from './samples.ts'

/** Each group with a policy and a role of its own, so with a boundary, too. */
function withGroups(...names: readonly string[]): Catalog {
  const each = <T>(of: (name: string) => T) => Object.fromEntries(names.map((name) => [name, of(name)]))
  return {
    ...catalog({
      groups: each((name) => ({ policies: [policy(name, SOUND_POLICY)] })),
      roles: each((name) => ({ groups: [name], boundary: boundary(name) })),
    }),
    hash: names.join(' and '),
  }
}

const Path = '/muster/'
const PolicyDocument = JSON.stringify(SOUND_POLICY)

forEachDatabase((_name, openStore) => {
  let world: CatalogWorld
  before(async () => {
    world = await openCatalogWorld(openStore)
  })
  after(() => world.close())

  const groups = () => [...world.sandbox.state.groups.keys()].filter((name) => !name.startsWith('muster-'))
  const policies = () =>
    [...world.sandbox.state.policies.values()].map(({ policyName }) => policyName).filter(isOfNoOne)
  const isOfNoOne = (name: string) => name.startsWith('muster-') && name !== 'muster-baseline'
  const inAccount = () => [...groups(), ...policies()].sort()
  const engineering = ['engineering', 'muster-boundary-engineering', 'muster-engineering']

  test('what somebody made under the path by hand is left alone, and nobody is told that it is in the way', async () => {
    const { run, byHand, policyArn } = world
    assert.equal(await run(withGroups('engineering')), 'settled')
    byHand('CreatePolicy', { PolicyName: 'muster-by-hand', Path, PolicyDocument })
    byHand('CreateGroup', { GroupName: 'handmade', Path })
    byHand('AttachGroupPolicy', { GroupName: 'handmade', PolicyArn: policyArn('muster-by-hand') })
    byHand('CreatePolicy', { PolicyName: 'muster-unattached', Path, PolicyDocument })
    assert.equal(await run(withGroups('engineering')), 'settled')
    assert.deepEqual(inAccount(), [
      'engineering',
      'handmade',
      'muster-boundary-engineering',
      'muster-by-hand',
      'muster-engineering',
      'muster-unattached',
    ])
    assert.deepEqual(world.sandbox.state.groups.get('handmade')?.attachedPolicies, [
      policyArn('muster-by-hand'),
    ])
    assert.equal(await world.problem(), null)
    byHand('DetachGroupPolicy', { GroupName: 'handmade', PolicyArn: policyArn('muster-by-hand') })
    byHand('DeleteGroup', { GroupName: 'handmade' })
    for (const name of ['muster-by-hand', 'muster-unattached'])
      byHand('DeletePolicy', { PolicyArn: policyArn(name) })
  })

  test('a group of the catalog that was renamed by hand stays under its new name, and is made again', async () => {
    const { run, byHand, policyArn } = world
    byHand('UpdateGroup', { GroupName: 'engineering', NewGroupName: 'renamed' })
    assert.equal(await run(withGroups('engineering')), 'settled')
    assert.deepEqual(inAccount(), [...engineering, 'renamed'].sort())
    for (const name of ['engineering', 'renamed']) {
      const attached = world.sandbox.state.groups.get(name)?.attachedPolicies
      assert.deepEqual(attached, [policyArn('muster-engineering')])
    }
    byHand('DetachGroupPolicy', { GroupName: 'renamed', PolicyArn: policyArn('muster-engineering') })
    byHand('DeleteGroup', { GroupName: 'renamed' })
  })

  test('what an earlier catalog brought goes once nobody is in it, and from then on its name is anybody’s', async () => {
    const { run, byHand, problem } = world
    assert.equal(await run(withGroups('engineering', 'old')), 'settled')
    byHand('CreateUser', { UserName: 'member' })
    byHand('AddUserToGroup', { UserName: 'member', GroupName: 'old' })
    assert.equal(await run(withGroups('engineering')), 'settled')
    assert.ok(groups().includes('old'))
    assert.match(
      (await problem()) ?? '',
      /group\/muster\/old is no longer in the catalog and stays: it has 1/,
    )

    byHand('RemoveUserFromGroup', { UserName: 'member', GroupName: 'old' })
    assert.equal(await run(withGroups('engineering')), 'settled')
    assert.deepEqual(inAccount(), engineering)
    byHand('CreateGroup', { GroupName: 'old', Path })
    byHand('CreatePolicy', { PolicyName: 'muster-old', Path, PolicyDocument })
    assert.equal(await run(withGroups('engineering')), 'settled')
    assert.deepEqual(inAccount(), [...engineering, 'muster-old', 'old'])
    byHand('DeleteGroup', { GroupName: 'old' })
    byHand('DeletePolicy', { PolicyArn: world.policyArn('muster-old') })
  })

  test('what of an earlier catalog was deleted by hand and made again by hand is whoever made it’s', async () => {
    const { run, byHand, policyArn } = world
    assert.equal(await run(withGroups('engineering', 'old')), 'settled')
    byHand('AddUserToGroup', { UserName: 'member', GroupName: 'old' })
    assert.equal(await run(withGroups('engineering')), 'settled')
    byHand('RemoveUserFromGroup', { UserName: 'member', GroupName: 'old' })
    byHand('DetachGroupPolicy', { GroupName: 'old', PolicyArn: policyArn('muster-old') })
    byHand('DeleteGroup', { GroupName: 'old' })
    assert.equal(await run(withGroups('engineering')), 'settled')
    byHand('CreateGroup', { GroupName: 'old', Path })
    assert.equal(await run(withGroups('engineering')), 'settled')
    assert.deepEqual(inAccount(), [...engineering, 'old'])
    byHand('DeleteGroup', { GroupName: 'old' })
  })

  test('what a run had made when it was broken off is on record, and goes with another catalog', async () => {
    const { run, sandbox } = world
    const stopping = new AbortController()
    sandbox.faults.add({ action: 'AttachGroupPolicy', outcome: { delayMs: 200 } })
    const broken = run(withGroups('engineering', 'first', 'second'), stopping.signal)
    await eventually(() => groups().includes('first'))
    stopping.abort()
    assert.equal(await broken, 'unsettled')
    sandbox.faults.clear()
    assert.equal(await run(withGroups('engineering')), 'settled')
    assert.deepEqual(inAccount(), engineering)
  })

  test('without a record, as after an upgrade, it begins with what the catalog names; the rest is left alone', async () => {
    const { run, store } = world
    assert.equal(await run(withGroups('engineering', 'old')), 'settled')
    await store.db.execute(sql`delete from catalog_made`)
    assert.equal(await run(withGroups('engineering')), 'settled')
    const left = [...engineering, 'muster-boundary-old', 'muster-old', 'old'].sort()
    assert.deepEqual(inAccount(), left)
    assert.equal(await run(withGroups()), 'settled')
    assert.deepEqual(inAccount(), ['muster-boundary-old', 'muster-old', 'old'])
  })
})
