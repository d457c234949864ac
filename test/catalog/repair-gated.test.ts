/** What a repair of the catalog does while the trail gate is shut, and what it leaves until the gate opens. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { rowsOf } from '../../src/store/open.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { DENY_ALL, READ_ONLY } from './account-model.ts'
import { type CatalogWorld, openCatalogWorld } from './catalog-world.ts'
import { catalog, policy, SOUND_POLICY, statement } from './samples.ts'

const OnlyDenies = statement({ Effect: 'Deny', Action: 's3:DeleteBucket', Resource: '*' })
const Administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'
const Everything = JSON.stringify(statement({ Effect: 'Allow', Action: '*', Resource: '*' }))
const minute = 60_000

const engineering: Catalog = catalog({
  groups: {
    engineering: {
      policies: [policy('engineering', SOUND_POLICY), policy('forbidding', OnlyDenies)],
      awsManagedPolicies: [READ_ONLY],
    },
  },
})

forEachDatabase((_name, openStore) => {
  let world: CatalogWorld
  before(async () => {
    world = await openCatalogWorld(openStore)
  })
  beforeEach(async () => {
    await world.startTrail()
    assert.equal(await world.run(engineering), 'settled')
    // All that Muster itself has done shows by now.
    world.move(10 * minute)
  })
  after(() => world.close())

  const run = () => world.run(engineering)
  const attached = (groupName: string) => [
    ...(world.sandbox.state.groups.get(groupName)?.attachedPolicies ?? []),
  ]
  const whole = () => [world.policyArn('muster-forbidding'), world.policyArn('muster-engineering'), READ_ONLY]
  const drifts = async () =>
    await rowsOf<{ kind: string; status: string; standing: boolean; done: boolean }>(
      world.store.db,
      sql`select kind, status, standing, operation_id is not null as done from drifts
        where kind not like 'trail-%' order by id`,
    )
  const waits = /waits until CloudTrail is verified: trail muster-sandbox is stopped/
  const detach = (GroupName: string, PolicyArn: string) =>
    world.byHand('DetachGroupPolicy', { GroupName, PolicyArn })

  test('what gives access is attached again when the gate has opened, and says until then that it waits', async () => {
    await world.stopTrail()
    detach('engineering', world.policyArn('muster-engineering'))
    for (const _ of [1, 2]) {
      assert.equal(await run(), 'unsettled')
      assert.ok(!attached('engineering').includes(world.policyArn('muster-engineering')))
      assert.match((await world.problem()) ?? '', waits)
    }
    const waiting = { kind: 'group-policy-detached', status: 'open', standing: true, done: false }
    assert.deepEqual(await drifts(), [waiting])

    await world.startTrail()
    assert.equal(await run(), 'settled')
    assert.deepEqual(attached('engineering').sort(), whole().sort())
    assert.equal(await world.problem(), null)
    assert.deepEqual(await drifts(), [{ ...waiting, status: 'repaired', standing: false, done: true }])
  })

  test('what takes away or restores does not wait', async () => {
    const { byHand, policyArn, sandbox } = world
    await world.stopTrail()
    byHand('AttachGroupPolicy', { GroupName: 'engineering', PolicyArn: Administrator })
    byHand('PutGroupPolicy', { GroupName: 'engineering', PolicyName: 'x', PolicyDocument: Everything })
    byHand('CreatePolicyVersion', {
      PolicyArn: policyArn('muster-engineering'),
      PolicyDocument: Everything,
      SetAsDefault: true,
    })
    detach('engineering', READ_ONLY)
    detach('engineering', policyArn('muster-forbidding'))
    detach('muster-quarantine', DENY_ALL)
    detach('muster-baseline', policyArn('muster-baseline'))
    assert.equal(await run(), 'unsettled')
    assert.deepEqual(attached('muster-quarantine'), [DENY_ALL])
    assert.deepEqual(attached('muster-baseline'), [policyArn('muster-baseline')])
    // What only denies gives nobody anything.
    assert.deepEqual(attached('engineering'), [
      policyArn('muster-engineering'),
      policyArn('muster-forbidding'),
    ])
    assert.equal(sandbox.state.groups.get('engineering')?.inlinePolicies.size, 0)
    const edited = sandbox.state.policies.get(policyArn('muster-engineering'))
    const inForce = edited?.versions.find(({ versionId }) => versionId === edited.defaultVersionId)
    assert.deepEqual(JSON.parse(inForce?.document ?? ''), SOUND_POLICY)
    assert.match((await world.problem()) ?? '', waits)
    const open = async () => (await drifts()).filter(({ status }) => status === 'open')
    assert.deepEqual(
      (await open()).map(({ kind }) => kind),
      ['group-policy-detached'],
    )
    await world.startTrail()
    assert.equal(await run(), 'settled')
    assert.deepEqual(await open(), [])
  })

  test('a group that was deleted is there at once, whole when the gate has opened, and one drift all the while', async () => {
    const earlier = (await drifts()).length
    const later = async () => (await drifts()).slice(earlier)
    await world.stopTrail()
    for (const arn of whole()) detach('engineering', arn)
    world.byHand('DeleteGroup', { GroupName: 'engineering' })
    assert.equal(await run(), 'unsettled')
    assert.deepEqual(attached('engineering'), [world.policyArn('muster-forbidding')])
    world.move(5 * minute)
    assert.equal(await run(), 'unsettled')
    const found = { kind: 'group-deleted', status: 'open', standing: true, done: true }
    assert.deepEqual(await later(), [found])

    await world.startTrail()
    assert.equal(await run(), 'settled')
    assert.deepEqual(attached('engineering').sort(), whole().sort())
    assert.deepEqual(await later(), [{ ...found, status: 'repaired', standing: false }])
  })
})
