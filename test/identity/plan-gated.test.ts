/** What of a plan waits for the trail gate, and what does not. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Observed, Plan, Step } from '../../src/identity/model.ts'
import { type GivenRecord, withoutGrants } from '../../src/identity/plan-gated.ts'
import { present } from './runs.ts'

const UserName = 'ada.lovelace'
const own = { quarantineGroup: 'muster-quarantine', baselineGroup: 'muster-baseline' }
const given: GivenRecord = {
  isBeingAdopted: false,
  groups: ['muster-baseline', 'engineering'],
  possibleGroups: ['muster-baseline', 'engineering'],
  boundaryArn: 'arn:old',
}
const join = (GroupName: string): Step => ({ do: 'AddUserToGroup', UserName, GroupName })
const leave = (GroupName: string): Step => ({ do: 'RemoveUserFromGroup', UserName, GroupName })
const bound = (PermissionsBoundary: string): Step => ({
  do: 'PutUserPermissionsBoundary',
  UserName,
  PermissionsBoundary,
})
const create: Step = {
  do: 'CreateUser',
  UserName,
  Path: '/muster/',
  PermissionsBoundary: 'arn:new',
  Tags: [],
}
const detach: Step = { do: 'DetachUserPolicy', UserName, PolicyArn: 'arn:admin' }
const noPassword: Step = { do: 'DeleteLoginProfile', UserName }

const seen = (boundaryArn: string | null): Observed => {
  const observed = present()
  assert.equal(observed.kind, 'present')
  return observed.kind === 'present' ? { ...observed, user: { ...observed.user, boundaryArn } } : observed
}
const planOf = (kind: Plan['kind'], ...steps: Step[]): Plan => ({ kind, steps, unread: [] })
const reduced = (plan: Plan, observed: Observed = seen('arn:old'), record = given) =>
  withoutGrants(plan, observed, record, own).steps

const nothingWaits: readonly (readonly [string, Plan, Observed?])[] = [
  ['a lock', planOf('lock', join('muster-quarantine'), leave('engineering'))],
  ['a purge', planOf('purge', leave('engineering'), leave('muster-quarantine'))],
  ['a mover who only leaves groups', planOf('repair', leave('engineering'))],
  ['a policy attached by hand', planOf('repair', detach)],
  ['a password without MFA', planOf('repair', noPassword)],
  ['a boundary replaced by hand', planOf('move', bound('arn:old')), seen('arn:somebody-elses')],
  ['a boundary removed by hand', planOf('move', bound('arn:old')), seen(null)],
  ['somebody taken out of the baseline', planOf('move', join('muster-baseline'))],
]

describe('what does not wait for the trail gate', () => {
  for (const [what, plan, observed] of nothingWaits) {
    test(what, () => assert.equal(withoutGrants(plan, observed ?? seen('arn:old'), given, own), plan))
  }
})

describe('what waits for the trail gate', () => {
  test('a joiner, all of it', () => {
    const joiner = planOf('join', create, join('muster-baseline'), join('engineering'))
    const nobody = { isBeingAdopted: true, groups: [], possibleGroups: [], boundaryArn: null }
    assert.deepEqual(reduced(joiner, { kind: 'absent' }, nobody), [])
  })

  test('a mover as a whole, the groups to leave and the boundary with it', () => {
    assert.deepEqual(reduced(planOf('move', leave('engineering'), bound('arn:new'), join('finance'))), [])
  })

  test('of a move to a smaller role the boundary alone, for it may allow more', () => {
    const plan = planOf('move', leave('operations'), leave('engineering'), bound('arn:new'))
    assert.deepEqual(reduced(plan), [leave('operations'), leave('engineering')])
  })

  test('the end of a lock', () => {
    assert.deepEqual(reduced(planOf('unlock', join('engineering'), leave('muster-quarantine'))), [])
  })

  test('but not what was put there by hand beside it', () => {
    const plan = planOf('move', leave('admins'), leave('engineering'), detach, noPassword, join('finance'))
    assert.deepEqual(reduced(plan), [leave('admins'), detach, noPassword])
  })

  test('a boundary replaced by hand comes back as it was, for the old groups are still there', () => {
    const plan = planOf('move', leave('engineering'), bound('arn:new'), join('finance'))
    assert.deepEqual(reduced(plan, seen('arn:somebody-elses')), [bound('arn:old')])
  })

  test('a user that is only being taken over loses nothing before the new can come', () => {
    const plan = planOf('move', bound('arn:new'), leave('admins'), detach, join('engineering'))
    const stranger = { isBeingAdopted: true, groups: [], possibleGroups: [], boundaryArn: null }
    assert.deepEqual(reduced(plan, seen(null), stranger), [])
  })
})
