import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evidenceOf } from '../../src/identity/offboarding-evidence.ts'
import type { DepartedIdentity } from '../../src/identity/offboarding-model.ts'
import type { RecordedStep } from '../../src/store/schema.ts'

const now = new Date('2026-11-23T12:00:00Z')
const dueAt = new Date('2026-11-23T09:00:00Z')
const operationId = '0199a8f2-6a52-7d3e-9b1c-3f6d0c1a2b3c'
const quarantineGroup = 'muster-quarantine'

const quarantined: RecordedStep = {
  do: 'AddUserToGroup',
  params: { UserName: 'ada', GroupName: quarantineGroup },
  outcome: 'done',
  requestId: 'deny',
  startedAt: '2026-11-23T09:00:01.900Z',
  durationMs: 100,
}
const keyOff: RecordedStep = {
  do: 'UpdateAccessKey',
  params: { UserName: 'ada', AccessKeyId: 'AKIA1', Status: 'Inactive' },
  outcome: 'done',
  requestId: 'key',
  startedAt: '2026-11-23T09:00:03.000Z',
  durationMs: 50,
}

function identity(changes: Partial<DepartedIdentity> = {}, ...steps: RecordedStep[]): DepartedIdentity {
  return {
    identityId: operationId,
    accountId: '123456789012',
    userName: 'ada',
    state: 'locked',
    reason: null,
    isReconciled: true,
    wasNeverMade: false,
    lockedAt: new Date('2026-11-23T09:00:01.800Z'),
    deletedAt: null,
    nextLookAt: null,
    lastReconciledAt: new Date('2026-11-23T09:05:00Z'),
    operations: [
      {
        id: operationId,
        kind: 'lock',
        status: 'done',
        cause: 'hr delivery x',
        startedAt: new Date('2026-11-23T09:00:01Z'),
        steps,
      },
    ],
    denies: [],
    trail: {
      sightings: new Map(),
      problem: null,
      lookedForSince: new Date('2026-11-01T00:00:00Z'),
      shutTimes: [],
    },
    ...changes,
  }
}

const evidence = (departed: DepartedIdentity, at = now, returnedAt: Date | null = null) =>
  evidenceOf(departed, { dueAt, returnedAt, quarantineGroup, now: at })
const statusOf = (departed: DepartedIdentity, what: string) =>
  evidence(departed).found.find((each) => each.what === what)?.status

test('a lock that is reached says what was found, what was not, and what the record does not tell', () => {
  const { complete, firstDeny, actions, open } = evidence(identity({}, quarantined, keyOff))
  assert.equal(complete, true)
  assert.deepEqual(open, [])
  assert.deepEqual(
    { ...firstDeny, trail: null },
    {
      by: 'quarantine',
      acceptedAt: '2026-11-23T09:00:02.000Z',
      seconds: 2,
      requestId: 'deny',
      operationId,
      trail: null,
    },
  )
  assert.deepEqual(
    actions.map(({ what, id, effect }) => [what, id, effect]),
    [
      ['quarantine', null, 'quarantined'],
      ['access-key', 'AKIA1', 'deactivated'],
    ],
  )
  const locked = identity({}, quarantined, keyOff)
  assert.equal(statusOf(locked, 'access-key'), 'removed')
  assert.equal(statusOf(locked, 'login-profile'), 'none')
  assert.equal(statusOf(locked, 'mfa-device'), 'not_recorded')
})

test('a first call that was noted on its own is listed once, before what followed', () => {
  const at = new Date('2026-11-23T09:00:01.800Z')
  const noted = { at, steps: [quarantined] }
  const apart = evidence(identity({ denies: [noted] }, keyOff))
  assert.deepEqual(
    apart.actions.map(({ requestId, operationId: of }) => [requestId, of]),
    [
      ['key', operationId],
      ['deny', null],
    ].reverse(),
  )
  assert.equal(apart.firstDeny?.requestId, 'deny')
  const both = evidence(identity({ denies: [noted] }, quarantined, keyOff))
  assert.equal(both.actions.length, 2)
})

test('without a reached lock nothing is said to have been none', () => {
  const failed: RecordedStep = { ...keyOff, outcome: 'failed', error: 'UpdateAccessKey: ServiceFailure' }
  const reason = 'the lock is not complete: UpdateAccessKey: ServiceFailure'
  const departed = identity({ reason, isReconciled: false }, quarantined, failed)
  const { complete, open } = evidence(departed)
  assert.equal(complete, false)
  assert.deepEqual(open, [
    { what: 'identity', id: null, reason },
    { what: 'access-key', id: 'AKIA1', reason: 'UpdateAccessKey: ServiceFailure' },
  ])
  assert.equal(statusOf(departed, 'access-key'), 'open')
  assert.equal(statusOf(departed, 'ssh-key'), 'not_recorded')
})

test('of a departure that is over, what was open at the return is told in the past tense', () => {
  const planned: RecordedStep = { do: keyOff.do, params: keyOff.params, outcome: 'planned' }
  const returnedAt = new Date('2026-11-23T09:10:00Z')
  const { complete, open } = evidence(
    identity({ isReconciled: false }, quarantined, planned),
    now,
    returnedAt,
  )
  assert.equal(complete, false)
  assert.deepEqual(open, [
    {
      what: 'identity',
      id: null,
      reason: 'when the person returned, it was not on record that everything had been taken',
    },
    { what: 'access-key', id: 'AKIA1', reason: 'what came of it is not known' },
  ])
})

test('what failed at first and was done later is not open', () => {
  const failed: RecordedStep = { ...keyOff, outcome: 'failed', error: 'ServiceFailure' }
  const departed = identity({ reason: 'the lock is not complete: x' }, quarantined, failed, keyOff)
  assert.deepEqual(
    evidence(departed).open.map(({ what }) => what),
    ['identity'],
  )
})

test('what a run that died may have done is unknown, and confirmed by the look that found nothing left', () => {
  const planned: RecordedStep = { do: keyOff.do, params: keyOff.params, outcome: 'planned' }
  const { actions, firstDeny, complete } = evidence(identity({}, planned))
  assert.deepEqual(
    actions.map(({ outcome, requestId, confirmedAt, trail }) => [outcome, requestId, confirmedAt, trail]),
    [['unknown', null, '2026-11-23T09:05:00.000Z', null]],
  )
  // The call is lost, but that it was accepted had been noted.
  assert.equal(firstDeny?.by, null)
  assert.equal(firstDeny?.requestId, null)
  assert.equal(firstDeny?.acceptedAt, '2026-11-23T09:00:01.800Z')
  assert.equal(complete, true)
  const unconfirmed = evidence(identity({ isReconciled: false }, planned))
  assert.equal(unconfirmed.actions[0]?.confirmedAt, null)
  assert.equal(unconfirmed.complete, false)
  assert.deepEqual(
    unconfirmed.open.map(({ what }) => what),
    ['identity', 'access-key'],
  )
})

test('a user that IAM deleted had nothing left of any kind', () => {
  const gone: RecordedStep = {
    do: 'DeleteUser',
    params: { UserName: 'ada' },
    outcome: 'done',
    requestId: 'gone',
  }
  const deleted = identity({ state: 'deleted', lockedAt: null }, quarantined, keyOff, gone)
  assert.equal(statusOf(deleted, 'mfa-device'), 'none')
  assert.equal(statusOf(deleted, 'access-key'), 'removed')
  // Deleted by somebody else: what hung on it is not on record.
  const vanished = identity({ state: 'deleted', lockedAt: null }, quarantined)
  assert.equal(statusOf(vanished, 'mfa-device'), 'not_recorded')
  assert.equal(statusOf(vanished, 'login-profile'), 'not_recorded')
})

test('each call is in the trail, waited for, missing after two hours, or of unknown whereabouts', () => {
  const { trail } = identity()
  const sighting = {
    bucket: 'b',
    key: 'k',
    eventId: 'e',
    eventName: 'AddUserToGroup',
    eventAt: new Date('2026-11-23T09:00:02Z'),
    seenAt: new Date('2026-11-23T09:06:00Z'),
  }
  const statusWith = (changes: Partial<typeof trail>, at = now) => {
    const { actions } = evidence(identity({ trail: { ...trail, ...changes } }, quarantined), at)
    return actions[0]?.trail
  }
  assert.deepEqual(statusWith({ sightings: new Map([['deny', sighting]]) }), {
    status: 'found',
    ...sighting,
    eventAt: '2026-11-23T09:00:02.000Z',
    seenAt: '2026-11-23T09:06:00.000Z',
  })
  assert.equal(statusWith({}, new Date('2026-11-23T10:59:00Z'))?.status, 'waiting')
  assert.equal(statusWith({}, new Date('2026-11-23T11:01:00Z'))?.status, 'not_found')
  const shutAt = (from: string, until: string | null) =>
    statusWith({
      shutTimes: [{ from: new Date(from), until: until ? new Date(until) : null, reason: 'it is stopped' }],
    })
  const reason = 'when it was made, CloudTrail was not verified: it is stopped'
  for (const [from, until] of [
    ['2026-11-23T08:59:00Z', null],
    ['2026-11-23T09:00:50Z', null],
    ['2026-11-23T08:00:00Z', '2026-11-23T09:05:00Z'],
  ] as const) {
    assert.deepEqual(shutAt(from, until), { status: 'not_found', reason })
  }
  assert.deepEqual(shutAt('2026-11-23T08:00:00Z', '2026-11-23T08:59:00Z'), { status: 'not_found' })
  assert.deepEqual(shutAt('2026-11-23T09:05:00Z', null), { status: 'not_found' })
  assert.deepEqual(statusWith({ problem: 'no permission on the bucket' }), {
    status: 'unknown',
    reason: 'no permission on the bucket',
  })
  assert.equal(statusWith({ lookedForSince: new Date('2026-11-23T09:30:00Z') })?.status, 'unknown')
  assert.equal(statusWith({ lookedForSince: null })?.status, 'unknown')
})

test('AWSDenyAll as the boundary is a first deny, too', () => {
  const bounded: RecordedStep = {
    ...quarantined,
    do: 'PutUserPermissionsBoundary',
    params: { UserName: 'ada', PermissionsBoundary: 'arn:aws:iam::aws:policy/AWSDenyAll' },
  }
  const refused: RecordedStep = { ...quarantined, outcome: 'failed', error: 'LimitExceeded' }
  assert.equal(evidence(identity({}, refused, bounded)).firstDeny?.by, 'boundary')
})
