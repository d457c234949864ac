/** While a new catalog is not wholly in the account: what Muster gave stays, what others gave goes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { asGiven, withoutCatalog } from '../../src/identity/catalog-wait.ts'
import type { LoadedIdentity } from '../../src/identity/ledger-model.ts'
import type { Desired, ObservedUser } from '../../src/identity/model.ts'
import { settle } from '../../src/identity/outcome.ts'
import { plan } from '../../src/identity/plan.ts'
import { planInput } from '../../src/identity/plan-input.ts'
import { requestLook } from '../../src/identity/request.ts'
import { usualRotation } from '../../src/identity/rotation.ts'
import { rowsOf } from '../../src/store/open.ts'
import { call, forEachEngine } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import {
  access,
  applied,
  baseline,
  failure,
  later,
  member,
  minuteMs,
  pick,
  planOf,
  present,
  quarantine,
  runOf,
  startedAt,
} from './runs.ts'

const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'
const own = { quarantineGroup: quarantine, baselineGroup: baseline }
const given: LoadedIdentity = { ...member, boundaryArn: access.boundaryArn }
const waitingFor = 'the catalog is still being brought into the account'

/** What the new catalog makes of the role. */
const renewed: Desired = {
  kind: 'active',
  access: { groups: [baseline, 'new'], boundaryArn: 'arn:new', console: false, accessKeys: 'none' },
}

function doneMeanwhile(user: Partial<ObservedUser>, identity = given, want = renewed) {
  const registration = { path: '/muster/', ...own } as never
  const context = { registration, rotation: usualRotation, now: startedAt }
  const observed = present({ tags: { 'muster:employee-id': 'E1001', 'muster:managed': 'true' }, ...user })
  const next = plan(planInput(identity, asGiven(want, identity, own), observed, context))
  return withoutCatalog(next, observed, identity, own).steps.map((step) =>
    Object.values(step)
      .filter((value) => value !== 'ada.lovelace')
      .join(' '),
  )
}
const key = { id: 'AKIAEXAMPLE000000001', active: true, createdAt: startedAt, lastUsedAt: null }
const onRecord = {
  ...{ id: key.id, active: true, createdAt: startedAt.toISOString() },
  ...{ lastUsedAt: null, warnedAt: null, disabledAt: null },
}

test('groups, boundary, password and keys that a role has no more under the new catalog are not taken yet', () => {
  assert.deepEqual(doneMeanwhile({}), [])
  const withKey = { ...given, accessKeys: [onRecord] }
  assert.deepEqual(doneMeanwhile({ accessKeys: [key], mfaSerials: ['GAHT00000001'] }, withKey), [])
})

test('groups and policies that others gave go, and so do a password and keys without MFA or never given', () => {
  const user = { groups: [baseline, 'engineering', 'operations'], attachedPolicyArns: [administrator] }
  const taken = ['RemoveUserFromGroup operations', `DetachUserPolicy ${administrator}`]
  assert.deepEqual(doneMeanwhile(user), taken)
  const noMfa = { ...user, mfaSerials: [], accessKeys: [key] }
  const all = [...taken, 'DeleteLoginProfile', `UpdateAccessKey ${key.id} Inactive`]
  assert.deepEqual(doneMeanwhile(noMfa), all)
  const never = { ...given, consoleAccess: false }
  assert.deepEqual(doneMeanwhile({ ...user, accessKeys: [key] }, never), all)
})

test('what was taken or put by hand comes back only where it restrains', () => {
  assert.deepEqual(doneMeanwhile({ groups: [], boundaryArn: null }), [
    `PutUserPermissionsBoundary ${access.boundaryArn}`,
    `AddUserToGroup ${baseline}`,
  ])
  // Nothing on record: the new one may not be in the account.
  for (const boundaryArn of [null, '']) {
    assert.deepEqual(doneMeanwhile({ boundaryArn: null }, { ...given, boundaryArn }), [])
  }
})

test('who is in quarantine stays there', () => {
  const locked = { ...given, groups: [quarantine], possibleGroups: [], lockedAt: startedAt }
  assert.deepEqual(doneMeanwhile({ groups: [quarantine], attachedPolicyArns: [administrator] }, locked), [
    `DetachUserPolicy ${administrator}`,
  ])
})

const policy = { do: 'DetachUserPolicy', UserName: 'ada.lovelace', PolicyArn: administrator } as const
const waiting = { identity: given, waitingFor, plan: planOf('repair') }

test('a run meanwhile reaches nothing, leaves the state as it is, and is done with what could be done', () => {
  const outcome = settle(runOf({ ...waiting, applied: applied([policy]) }))
  assert.deepEqual(pick(outcome, 'state', 'reason', 'retry', 'reconciledGeneration', 'nextLookAt'), {
    state: 'active',
    reason: waitingFor,
    retry: null,
    reconciledGeneration: null,
    nextLookAt: later(5000),
  })
  assert.equal(outcome.operation?.status, 'done')
  assert.equal(outcome.waitsForTrail, false)
})

test('whoever nothing has changed about is looked at no more often than while the gate is shut', () => {
  const changedAt = new Date('2026-11-01T09:00:00Z')
  const identity = { ...given, employee: { ...given.employee, changedAt } }
  assert.deepEqual(settle(runOf({ ...waiting, identity })).nextLookAt, later(5 * minuteMs))
})

test('what could not be taken away meanwhile is told, and tried again where a retry may mend it', () => {
  const fails = (code: string, status: number) => {
    const errors = [failure('DetachUserPolicy', code, 'why', status)]
    return settle(runOf({ ...waiting, applied: applied([[policy, 'failed']], { errors }) }))
  }
  const broken = fails('ServiceFailure', 500)
  assert.match(broken.retry ?? '', /ServiceFailure/)
  assert.match(broken.reason ?? '', /^the catalog is still .*may not all be taken away yet: .*ServiceFailure/)
  assert.equal(broken.operation?.status, 'failed')
  const denied = fails('AccessDenied', 403)
  assert.equal(denied.retry, null)
  assert.match(denied.reason ?? '', /Muster lacks the permission iam:DetachUserPolicy/)
})

test('what differs after such a look is drift again', () => {
  const settledAt = new Date('2026-11-20T09:00:00Z')
  const identity = { ...given, settledAs: 'active', settledAt } as const
  const run = runOf({ ...waiting, identity, applied: applied([policy]) })
  assert.deepEqual(settle(run).settled, { as: 'active', at: startedAt })
  const errors = [failure('DetachUserPolicy', 'AccessDenied')]
  const failed = runOf({ ...waiting, identity, applied: applied([[policy, 'failed']], { errors }) })
  assert.equal(settle(failed).settled, null)
})

forEachEngine((_name, open) => {
  test('a catalog that cannot come does not protect what is given by hand, and the dry run says the same', async () => {
    let ahead = 0
    const muster = await open({ clock: () => new Date(Date.now() + ahead) })
    const { sandbox, service } = muster
    await muster.hire('E1')
    const { id, user_name: UserName } = await muster.until('E1', 'awaiting_mfa')
    const user = () => sandbox.state.users.get(UserName)
    // The catalog before gave another group, and the new one is not in the account.
    call(sandbox, 'AddUserToGroup', { UserName, GroupName: 'billing-read' })
    await service.store.db.execute(sql`
      update identities set groups = groups || '{billing-read}', possible_groups = possible_groups || '{billing-read}'`)
    const [account] = await rowsOf<{ hash: string }>(
      service.store.db,
      sql`select catalog_hash as hash from accounts`,
    )
    await service.store.db.execute(sql`update accounts set catalog_hash = 'the one before'`)
    const before = muster.groupsOf(UserName)
    ahead += 10 * minuteMs
    call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn: administrator })
    call(sandbox, 'CreateLoginProfile', { UserName, Password: 'Correct-horse-battery-9' })

    const dry = (await muster.api('GET', '/v1/employees/E1/plan')).plans[0]
    const named = (list: { do: string }[]) => list.map((step) => step.do)
    assert.deepEqual(named(dry.steps), ['DetachUserPolicy', 'DeleteLoginProfile'])
    assert.deepEqual(named(dry.waiting), ['RemoveUserFromGroup'])
    assert.equal(dry.blocked, waitingFor)

    const look = () =>
      service.store.db.transaction((tx) => requestLook(tx, service.jobs, [{ id, cause: 'sweep' }]))
    const isClean = () => user()?.attachedPolicies.length === 0 && user()?.loginProfile === undefined
    await look()
    await eventually(async () => isClean() && (await muster.identity('E1')).reason === waitingFor)
    const { state, groups } = await muster.identity('E1')
    assert.equal(state, 'awaiting_mfa')
    assert.deepEqual([...groups].sort(), before)
    assert.deepEqual(muster.groupsOf(UserName), before)

    // However often it is done, it is drift, and goes.
    ahead += 10 * minuteMs
    call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn: administrator })
    await look()
    await eventually(isClean)
    const drifts = async () =>
      (await muster.api('GET', '/v1/drifts?employeeId=E1')).items
        .map(({ kind, status }: Record<string, string>) => `${kind} ${status}`)
        .sort()
    const twice = ['password-made repaired', 'policy-attached repaired', 'policy-attached repaired']
    await eventually(async () => (await drifts()).join() === twice.join())

    await service.store.db.execute(sql`update accounts set catalog_hash = ${account?.hash}`)
    await look()
    await eventually(() => !muster.groupsOf(UserName)?.includes('billing-read'))
    await muster.until('E1', 'awaiting_mfa')
  })
})
