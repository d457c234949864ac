/** Whose role nobody knows keeps what Muster gave, and nothing that others gave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordedIn } from '../../src/compliance/compare-record.ts'
import type { Desired, ObservedUser } from '../../src/identity/model.ts'
import { settle } from '../../src/identity/outcome.ts'
import { plan } from '../../src/identity/plan.ts'
import { planInput } from '../../src/identity/plan-input.ts'
import { requestLook } from '../../src/identity/request.ts'
import { usualRotation } from '../../src/identity/rotation.ts'
import { call, forEachEngine, writesOf } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import {
  applied,
  baseline,
  failure,
  later,
  member,
  minuteMs,
  planOf,
  present,
  quarantine,
  runOf,
  startedAt,
  steps,
} from './runs.ts'

const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'
const denyAll = 'arn:aws:iam::aws:policy/AWSDenyAll'
const document = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
})
const reason = 'role "wizard" is not in the catalog'
const blocked: Desired = { kind: 'blocked', reason }
const registration = {
  path: '/muster/',
  quarantineGroup: quarantine,
  baselineGroup: baseline,
} as never
const key = { id: 'AKIAEXAMPLE000000001', active: true, createdAt: startedAt, lastUsedAt: null }

function stepsFor(user: Partial<ObservedUser>) {
  const context = { registration, rotation: usualRotation, now: startedAt }
  const next = plan(planInput({ ...member, mfaEnabledAt: null }, blocked, present(user), context))
  return {
    ...next,
    steps: next.steps.map((step) =>
      Object.values(step)
        .filter((v) => v !== 'ada.lovelace')
        .join(' '),
    ),
  }
}

test('what Muster gave stays, whoever added to it or took from it, and what denies stays too', () => {
  assert.deepEqual(stepsFor({}).steps, [])
  const user = {
    groups: [quarantine],
    attachedPolicyArns: [denyAll],
    boundaryArn: null,
    path: '/',
    accessKeys: [key],
  }
  assert.deepEqual(stepsFor(user).steps, [])
})

test('groups and policies that others gave are taken away, and a password and keys without MFA', () => {
  const user = {
    groups: [baseline, 'engineering', 'operations'],
    attachedPolicyArns: [administrator],
    inlinePolicyNames: ['by-hand'],
    mfaSerials: [],
    accessKeys: [key],
  }
  assert.deepEqual(stepsFor(user).steps, [
    'RemoveUserFromGroup operations',
    `DetachUserPolicy ${administrator}`,
    'DeleteUserPolicy by-hand',
    'DeleteLoginProfile',
    `UpdateAccessKey ${key.id} Inactive`,
  ])
})

test('nothing is taken on a read that failed, and everything else all the same', () => {
  const { steps: found, unread } = stepsFor({ mfaSerials: 'unknown', attachedPolicyArns: [administrator] })
  assert.deepEqual(found, [`DetachUserPolicy ${administrator}`])
  assert.deepEqual(unread, ['ListMFADevices'])
})

test('what could not be taken away is tried again, and does not count as given', () => {
  for (const [code, retries, ms] of [
    ['AccessDenied', false, 15 * minuteMs],
    ['ServiceFailure', true, 70 * minuteMs],
  ] as const) {
    const outcome = settle(
      runOf({
        want: blocked,
        observed: present({ groups: [...member.groups, 'operations'] }),
        plan: planOf('repair'),
        applied: applied([[steps.leave('operations'), 'failed']], {
          errors: [failure('RemoveUserFromGroup', code)],
        }),
      }),
    )
    assert.equal(outcome.state, 'blocked')
    assert.match(outcome.reason ?? '', /^role "wizard" is not in the catalog; and .*RemoveUserFromGroup/)
    assert.deepEqual([outcome.retry !== null, outcome.nextLookAt], [retries, later(ms)])
    assert.deepEqual([outcome.groups, outcome.possibleGroups], [member.groups, member.possibleGroups])
    assert.equal(outcome.reconciledGeneration, null)
  }
})

forEachEngine((_name, open) => {
  test('whose role left the catalog loses what is given by hand, and stays blocked with the rest', async () => {
    const muster = await open()
    const { sandbox, service } = muster
    await muster.hire('B1')
    const { id, user_name: UserName } = await muster.until('B1', 'awaiting_mfa')
    await muster.tell('employee.role_changed', 'B1', { role: 'wizard' })
    const before = await muster.until('B1', 'blocked')
    const groups = muster.groupsOf(UserName)
    call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn: administrator })
    call(sandbox, 'PutUserPolicy', { UserName, PolicyName: 'by-hand', PolicyDocument: document })
    call(sandbox, 'AddUserToGroup', { UserName, GroupName: 'operations' })
    call(sandbox, 'CreateLoginProfile', { UserName, Password: 'Correct-horse-battery-9' })
    call(sandbox, 'CreateAccessKey', { UserName })
    const records = await recordedIn(service.store.db, sandbox.accountId)
    assert.deepEqual(
      records.map(({ employeeId, state }) => [employeeId, state]),
      [['B1', 'blocked']],
    )
    const writes = writesOf(sandbox).length
    await service.store.db.transaction((tx) => requestLook(tx, service.jobs, [{ id, cause: 'sweep' }]))
    await eventually(() => sandbox.state.users.get(UserName)?.accessKeys[0]?.status === 'Inactive')
    const row = await muster.until('B1', 'blocked')
    assert.deepEqual([row.reason, row.groups], [before.reason, before.groups])
    const user = sandbox.state.users.get(UserName)
    assert.deepEqual(
      [user?.attachedPolicies, user?.inlinePolicies.size, user?.loginProfile, muster.groupsOf(UserName)],
      [[], 0, undefined, groups],
    )
    assert.deepEqual(writesOf(sandbox).slice(writes), [
      'RemoveUserFromGroup',
      'DetachUserPolicy',
      'DeleteUserPolicy',
      'DeleteLoginProfile',
      'UpdateAccessKey',
    ])
    const found = await eventually(async () => {
      const { items } = await muster.api('GET', '/v1/drifts?employeeId=B1')
      return items.length === 5 && items.every(({ status }: { status: string }) => status !== 'open') && items
    })
    assert.deepEqual(
      found.map(({ kind, status }: { kind: string; status: string }) => `${kind} ${status}`).sort(),
      [
        'access-key-made repaired',
        'group-added repaired',
        'inline-policy-put repaired',
        'password-made repaired',
        'policy-attached repaired',
      ],
    )
    await muster.tell('employee.role_changed', 'B1', { role: 'backend-engineer' })
    await muster.until('B1', 'awaiting_mfa')
  })
})
