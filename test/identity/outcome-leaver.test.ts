/** What a lock or a purge comes to, and what is remembered of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../src/identity/outcome.ts'
import {
  absent,
  applied,
  baseline,
  denied,
  failure,
  finishedAt,
  foreign,
  identity,
  later,
  leaver,
  locked,
  member,
  minuteMs,
  planOf,
  present,
  purged,
  quarantine,
  recorded,
  runOf,
  startedAt,
  steps,
  unknown,
} from './runs.ts'

const { join, leave, dropPassword, boundary } = steps
const dayMs = 24 * 60 * minuteMs
const since = (from: Date, ms: number) => new Date(from.getTime() + ms)

const lock = { identity: leaver, want: locked, plan: planOf('lock') }
const byQuarantine = denied('quarantine', [recorded(join(quarantine))])
const whole = applied([dropPassword, leave('engineering'), leave(baseline)])
const broken = applied([[dropPassword, 'failed'], leave('engineering'), leave(baseline)], {
  errors: [failure('DeleteLoginProfile', 'ServiceFailure', 'why', 500)],
})

test('a whole lock is locked since its first call, and looked at again 30 seconds after it', () => {
  const outcome = settle(
    runOf({
      ...lock,
      observed: present({ groups: [baseline, 'engineering', quarantine] }),
      denied: byQuarantine,
      applied: whole,
    }),
  )
  assert.equal(outcome.state, 'locked')
  assert.equal(outcome.reason, null)
  assert.deepEqual(outcome.lockedAt, startedAt)
  assert.deepEqual(outcome.nextLookAt, since(startedAt, 30_000))
  assert.equal(outcome.reconciledGeneration, 7)
  assert.deepEqual([outcome.groups, outcome.possibleGroups], [[quarantine], [quarantine]])
  assert.deepEqual([outcome.consoleAccess, outcome.mfaEnrolled], [false, true])
  assert.deepEqual([outcome.awsUserId, outcome.deletedAt], ['AIDA1', null])
  // The first call is part of the record, in its place.
  assert.deepEqual(
    outcome.operation?.steps.map((step) => step.do),
    ['AddUserToGroup', 'DeleteLoginProfile', 'RemoveUserFromGroup', 'RemoveUserFromGroup'],
  )
  assert.equal(outcome.audit[0]?.action, 'identity.locked')
})

test('a later look keeps the moment of the lock, and after the last one only the purge is left', () => {
  const lockedAt = later(-10 * minuteMs)
  const outcome = settle(
    runOf({
      ...lock,
      identity: { ...leaver, state: 'locked', lockedAt, settledAs: 'locked' },
      observed: present({ groups: [quarantine] }),
      plan: planOf('none'),
    }),
  )
  assert.deepEqual(outcome.lockedAt, lockedAt)
  assert.deepEqual(outcome.nextLookAt, since(startedAt, 30 * dayMs))
  assert.deepEqual([outcome.operation, outcome.audit], [null, []])
})

test('a look that finds nothing left of a lock that no run has seen to its end is put on record', () => {
  const outcome = settle(
    runOf({
      ...lock,
      identity: { ...leaver, state: 'locked', lockedAt: later(-minuteMs) },
      observed: present({ groups: [quarantine] }),
      plan: planOf('none'),
    }),
  )
  assert.equal(outcome.operation, null)
  assert.deepEqual(
    outcome.audit.map(({ action, details }) => [action, details.reason]),
    [['identity.locked', null]],
  )
})

test('a step that fails leaves the lock in force and incomplete: it is gone on with, never blocked', () => {
  for (const code of ['ServiceFailure', 'AccessDenied', 'LimitExceeded', 'Throttling']) {
    const errors = [failure('DeleteLoginProfile', code)]
    const outcome = settle(runOf({ ...lock, denied: byQuarantine, applied: { ...broken, errors } }))
    assert.equal(outcome.state, 'locked', code)
    assert.match(outcome.reason ?? '', /^the lock is not complete: DeleteLoginProfile/)
    assert.deepEqual(outcome.lockedAt, startedAt)
    assert.deepEqual(outcome.nextLookAt, later(5000))
    assert.equal(outcome.reconciledGeneration, null)
    assert.equal(outcome.operation?.status, 'failed')
    assert.equal(outcome.consoleAccess, true)
  }
})

test('what keeps failing is tried at growing distances, an hour at most', () => {
  const nextAfter = (lockedAgoMs: number) => {
    const lockedAt = later(-lockedAgoMs)
    const { nextLookAt } = settle(runOf({ ...lock, identity: { ...leaver, lockedAt }, applied: broken }))
    return nextLookAt && nextLookAt.getTime() - finishedAt.getTime()
  }
  assert.equal(nextAfter(0), 5000)
  // The look at five minutes comes first.
  assert.equal(nextAfter(4 * minuteMs), minuteMs)
  assert.equal(nextAfter(20 * minuteMs), 10 * minuteMs)
  assert.equal(nextAfter(7 * dayMs), 60 * minuteMs)
})

test('a read that fails does not undo a lock, and is said', () => {
  const plan = planOf('lock', { unread: ['ListAccessKeys'] })
  const outcome = settle(runOf({ ...lock, denied: byQuarantine, plan, applied: whole }))
  assert.equal(outcome.state, 'locked')
  assert.match(outcome.reason ?? '', /ListAccessKeys/)
  const unseen = settle(runOf({ ...lock, denied: byQuarantine, observed: unknown, unsettled: true }))
  assert.deepEqual([unseen.state, unseen.lockedAt, unseen.reconciledGeneration], ['locked', startedAt, null])
  // The record of the groups is kept up by what was called, unseen.
  assert.deepEqual([...unseen.groups].sort(), [baseline, 'engineering', quarantine].sort())
})

test('whoever was taken out of the quarantine and could not be put back is no matter of an hour, but of the next try', () => {
  const undone = {
    ...lock,
    identity: { ...leaver, state: 'locked', lockedAt: later(-10 * dayMs), settledAs: 'locked' },
    observed: present({ groups: [] }),
  } as const
  const errors = [failure('AddUserToGroup', 'NoSuchEntity', 'The group cannot be found.', 404)]
  const outcome = settle(runOf({ ...undone, applied: applied([[join(quarantine), 'failed']], { errors }) }))
  assert.equal(outcome.state, 'locked')
  assert.match(outcome.reason ?? '', /the lock is undone: .*cannot be found/)
  assert.match(outcome.retry ?? '', /cannot be found/)
  assert.deepEqual(outcome.lockedAt, later(-10 * dayMs))

  const denyAll = 'arn:aws:iam::aws:policy/AWSDenyAll'
  const instead = { ...boundary, PermissionsBoundary: denyAll }
  const byBoundary = settle(
    runOf({ ...undone, applied: applied([[join(quarantine), 'failed'], instead], { errors }) }),
  )
  assert.deepEqual([byBoundary.retry, byBoundary.boundaryArn], [null, denyAll])
  assert.match(byBoundary.reason ?? '', /the lock is not complete/)
})

test('a lock that never got through is not said to be one: its job comes back', () => {
  const errors = [failure('AddUserToGroup', 'ServiceFailure', 'why', 500)]
  const outcome = settle(
    runOf({
      ...lock,
      denied: denied('nothing', [recorded(join(quarantine), 'failed')]),
      applied: applied([[join(quarantine), 'failed'], dropPassword], { errors }),
    }),
  )
  assert.equal(outcome.state, 'active')
  assert.match(outcome.reason ?? '', /^not locked yet: AddUserToGroup/)
  assert.equal(outcome.lockedAt, null)
  assert.ok(outcome.retry)
  assert.deepEqual(outcome.nextLookAt, later(70 * minuteMs))
  assert.ok(outcome.possibleGroups.includes('engineering'))
})

test('AWSDenyAll as a boundary is a lock, also while the group cannot be joined', () => {
  const outcome = settle(
    runOf({
      ...lock,
      denied: denied('boundary', [recorded(join(quarantine), 'failed'), recorded(steps.boundary)]),
      applied: applied([[join(quarantine), 'failed'], dropPassword], {
        errors: [
          failure('AddUserToGroup', 'NoSuchEntity', 'The group with name muster-quarantine cannot be found.'),
        ],
      }),
    }),
  )
  assert.deepEqual([outcome.state, outcome.lockedAt], ['locked', startedAt])
  assert.equal(outcome.catalogMissing, true)
})

test('a lock whose first call failed and whose plan then got through counts from the end of the run', () => {
  const outcome = settle(
    runOf({
      ...lock,
      denied: denied('nothing', [recorded(join(quarantine), 'failed')]),
      applied: applied([join(quarantine), dropPassword, leave('engineering'), leave(baseline)]),
    }),
  )
  assert.deepEqual([outcome.state, outcome.lockedAt, outcome.reason], ['locked', finishedAt, null])
})

test('a first call that went to somebody else is no lock, whatever was noted of it', () => {
  const outcome = settle(
    runOf({
      ...lock,
      identity: { ...leaver, lockedAt: startedAt },
      wasMistaken: true,
      denied: denied('absent'),
      applied: applied([[join(quarantine), 'failed']], { errors: [failure('AddUserToGroup', 'Throttling')] }),
    }),
  )
  assert.equal(outcome.lockedAt, null)
  assert.ok(outcome.retry)
})

test('for whom nothing was ever begun in AWS there is nobody to lock', () => {
  const never = { identity, observed: unknown }
  const left = settle(runOf({ ...never, want: locked }))
  assert.deepEqual([left.state, left.deletedAt, left.reconciledGeneration], ['deleted', finishedAt, 7])
  for (const want of [
    { kind: 'locked', why: 'suspended' },
    { kind: 'locked', why: 'held' },
    { kind: 'absent' },
  ] as const) {
    const outcome = settle(runOf({ ...never, want }))
    assert.deepEqual([outcome.state, outcome.retry, outcome.lockedAt], ['pending', null, null])
    assert.deepEqual(outcome.audit, [])
  }
})

test('a leaver whose user is gone is deleted; somebody on leave keeps the id that was known', () => {
  for (const observed of [absent, foreign]) {
    const gone = settle(runOf({ ...lock, observed, plan: planOf('none'), denied: denied('absent') }))
    assert.deepEqual(
      [gone.state, gone.awsUserId, gone.touchedAt, gone.lockedAt, gone.possibleGroups],
      ['deleted', null, null, null, []],
    )
  }
  const want = { kind: 'locked', why: 'suspended' } as const
  const away = settle(runOf({ ...lock, want, observed: absent, plan: planOf('none') }))
  assert.deepEqual([away.state, away.awsUserId, away.deletedAt], ['pending', 'AIDA1', null])
})

test('a user made moments ago that does not show yet is not taken for gone', () => {
  const outcome = settle(runOf({ ...lock, observed: absent, unsettled: true, denied: byQuarantine }))
  assert.deepEqual(
    [outcome.state, outcome.awsUserId, outcome.reconciledGeneration],
    ['locked', 'AIDA1', null],
  )
  assert.ok(outcome.possibleGroups.includes('engineering'))
})

test('whether a user that we may have made turns up is asked at short intervals, and no job fails for it', () => {
  const settling = (agoMs: number) =>
    settle(
      runOf({
        ...lock,
        identity: { ...leaver, awsUserId: null, state: 'pending', touchedAt: later(-agoMs) },
        observed: absent,
        unsettled: true,
      }),
    )
  for (const [agoMs, inMs] of [
    [0, 1000],
    [6000, 3000],
    [minuteMs, 10_000],
    [2 * minuteMs - 4000, 4000],
    [2 * minuteMs + 1000, 0],
  ] as const) {
    const outcome = settling(agoMs)
    assert.deepEqual(
      [outcome.retry, outcome.nextLookAt, outcome.reconciledGeneration],
      [null, later(inMs), null],
    )
    assert.match(outcome.reason ?? '', /^not locked yet: the user was made moments ago/)
  }
})

test('somebody whose start was put off is locked, and the user stays', () => {
  const outcome = settle(
    runOf({
      ...lock,
      identity: member,
      want: { kind: 'absent' },
      applied: applied([join(quarantine), dropPassword, leave('engineering'), leave(baseline)]),
    }),
  )
  assert.deepEqual([outcome.state, outcome.lockedAt, outcome.awsUserId], ['locked', finishedAt, 'AIDA1'])
})

const purge = {
  identity: { ...leaver, state: 'locked', lockedAt: since(startedAt, -31 * dayMs), groups: [quarantine] },
  want: purged,
  observed: present({ groups: [quarantine], hasLoginProfile: false }),
  plan: planOf('purge'),
} as const

test('a whole purge leaves nothing behind but the moment', () => {
  const all = applied([steps.dropMfa, leave(quarantine), steps.remove])
  const outcome = settle(runOf({ ...purge, applied: all }))
  assert.deepEqual(
    [outcome.state, outcome.reason, outcome.deletedAt, outcome.reconciledGeneration],
    ['deleted', null, finishedAt, 7],
  )
  assert.deepEqual(
    [outcome.awsUserId, outcome.lastSeenName, outcome.touchedAt, outcome.lockedAt],
    [null, null, null, null],
  )
  assert.deepEqual([outcome.groups, outcome.possibleGroups, outcome.mfaEnrolled], [[], [], false])
  assert.equal(outcome.audit[0]?.action, 'identity.purged')
})

test('a purge that got half-way stays a lock, and is gone on with in half a minute', () => {
  const outcome = settle(
    runOf({
      ...purge,
      applied: applied(
        [
          [steps.dropMfa, 'failed'],
          [leave(quarantine), 'skipped'],
          [steps.remove, 'skipped'],
        ],
        {
          errors: [failure('DeactivateMFADevice', 'ServiceFailure', 'why', 500)],
        },
      ),
    }),
  )
  assert.equal(outcome.state, 'locked')
  assert.match(outcome.reason ?? '', /^the purge is not complete: DeactivateMFADevice/)
  assert.deepEqual(outcome.nextLookAt, later(minuteMs / 2))
  assert.deepEqual(
    [outcome.awsUserId, outcome.lockedAt, outcome.deletedAt, outcome.reconciledGeneration],
    ['AIDA1', purge.identity.lockedAt, null, null],
  )
  assert.deepEqual(outcome.groups, [quarantine])
})

test('a purge that could not read everything says what, and is not over', () => {
  const plan = planOf('purge', { unread: ['ListSSHPublicKeys'] })
  const outcome = settle(runOf({ ...purge, plan, applied: applied([steps.dropMfa]) }))
  assert.equal(outcome.state, 'locked')
  assert.match(outcome.reason ?? '', /ListSSHPublicKeys/)
  assert.equal(outcome.mfaEnrolled, false)
})

test('a user who does not show for a moment is not taken for purged', () => {
  const outcome = settle(runOf({ ...purge, observed: absent, unsettled: true, plan: planOf('none') }))
  assert.deepEqual([outcome.state, outcome.awsUserId, outcome.deletedAt], ['locked', 'AIDA1', null])
})

test('a user that somebody else deleted is purged without a call', () => {
  const outcome = settle(runOf({ ...purge, observed: absent, plan: planOf('none') }))
  assert.deepEqual([outcome.state, outcome.operation], ['deleted', null])
  assert.equal(outcome.audit[0]?.action, 'identity.deleted')
})

test('the moment of the deletion does not move with later looks', () => {
  const deletedAt = since(startedAt, -dayMs)
  const deleted = { ...identity, state: 'deleted', deletedAt } as const
  assert.deepEqual(settle(runOf({ identity: deleted, want: locked, observed: unknown })).deletedAt, deletedAt)
})
