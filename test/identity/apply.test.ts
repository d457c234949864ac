import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import { endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { applyPlan } from '../../src/identity/apply.ts'
import type { Step } from '../../src/identity/model.ts'
import { grants } from '../../src/identity/steps.ts'
import { openSandbox } from '../../src/sandbox/index.ts'
import { forEachDatabase, silentLog } from '../harness/databases.ts'
import { call } from '../harness/service.ts'
import { active, baseline, believed, quarantine, registration, roles, standing } from './any-user.ts'
import { openWorld, planned } from './plan-world.ts'

forEachDatabase((_name, openStore) => {
  test('a call whose answer was lost is not recorded as never made, though nobody wants it any more', async () => {
    const { db } = await openStore()
    const sandbox = await openSandbox()
    const account = await openAccount(db, {
      region: 'us-east-1',
      endpoints: endpointsAt(sandbox.url),
      rate: 1000,
      credentials: sandbox.credentials,
      metering: meterCalls(new Registry()),
      log: silentLog,
    })
    call(sandbox, 'CreateUser', { UserName: 'ada' })
    call(sandbox, 'CreateGroup', { GroupName: 'engineering' })
    sandbox.faults.add({ action: 'AddUserToGroup', outcome: { lost: 'after' } })
    const step = { do: 'AddUserToGroup', UserName: 'ada', GroupName: 'engineering' } as const
    let asked = 0
    const applied = await applyPlan(
      { kind: 'move', steps: [step, { ...step, GroupName: 'other' }], unread: [] },
      {
        account,
        quarantineGroup: 'muster-quarantine',
        baselineGroup: 'muster-baseline',
        stillWanted: async () => ++asked === 1,
        created: async () => true,
      },
    )
    assert.deepEqual(sandbox.state.users.get('ada')?.groups, ['engineering'])
    assert.equal(applied.stopped, true)
    assert.deepEqual(
      applied.steps.map(({ outcome }) => outcome),
      ['failed', 'skipped'],
    )
    account.close()
    await sandbox.close()
  })
})

describe('a plan of somebody who works here, of which one call is refused', () => {
  const engineer = roles[0]
  assert.ok(engineer)
  const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'
  const record = { possibleGroups: engineer.groups, groups: engineer.groups, quarantined: false }
  const asGiven = {
    ...{
      userName: registration.userName,
      nameTaken: false,
      path: registration.path,
      tags: registration.tags,
    },
    ...{
      boundaryArn: engineer.boundaryArn,
      groups: engineer.groups,
      quarantined: false,
      attached: [],
      inline: [],
    },
    ...{ hasPassword: false, mfa: [], keys: [], sshKeys: [], certificates: [], serviceCredentials: [] },
  }
  const isLeaving = (step: Step, group: string) =>
    step.do === 'RemoveUserFromGroup' && step.GroupName === group

  test('takes away all the same what others gave beside a group that is protected', async () => {
    const world = openWorld({
      ...asGiven,
      groups: [...engineer.groups, 'by-hand-1'],
      ...{ attached: [administrator], inline: ['by-hand'], hasPassword: true, keys: [true] },
    })
    const next = planned({ kind: 'active', access: engineer }, world.look(), record)
    const { errors, steps } = await world.apply(next, undefined, (step) => isLeaving(step, 'by-hand-1'))
    assert.equal(errors.length, 1)
    assert.deepEqual(
      steps.map((step) => `${step.do} ${step.outcome}`),
      [
        'RemoveUserFromGroup failed',
        'DetachUserPolicy done',
        'DeleteUserPolicy done',
        'DeleteLoginProfile done',
        'UpdateAccessKey done',
      ],
    )
  })

  test('puts back what only restrains: the boundary that was there, and the baseline', async () => {
    const [, ...others] = engineer.groups
    const boundaryArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
    const world = openWorld({ ...asGiven, boundaryArn, groups: [...others, 'by-hand-1'] })
    const desired = { kind: 'active', access: engineer } as const
    const next = planned(desired, world.look(), record, {}, engineer.boundaryArn)
    assert.equal(next.kind, 'repair')
    await world.apply(next, undefined, (step) => isLeaving(step, 'by-hand-1'))
    const there = world.look()
    assert.ok(there.kind === 'present')
    assert.equal(there.user.boundaryArn, engineer.boundaryArn)
    assert.ok(world.groups().includes(baseline))
  })

  test('gives nothing more, so that nobody has two roles, and leaves no removal untried', async () => {
    await fc.assert(
      fc.asyncProperty(standing, active, believed, fc.nat(20), async (user, desired, given, at) => {
        const world = openWorld(user)
        const next = planned(desired, world.look(), given)
        const refused = next.steps[at % Math.max(1, next.steps.length)]
        const { steps } = await world.apply(next, undefined, (step) => step.do === refused?.do)
        const failed = steps.findIndex(({ outcome }) => outcome === 'failed')
        next.steps.forEach((step, i) => {
          const isGift = grants(step, quarantine) || step.do === 'UpdateUser'
          const isHeld = failed >= 0 && i > failed && isGift
          if (next.kind !== 'repair') assert.equal(steps[i]?.outcome === 'skipped', isHeld, step.do)
          else if (!isGift) assert.notEqual(steps[i]?.outcome, 'skipped')
        })
      }),
      { numRuns: 300 },
    )
  })
})
