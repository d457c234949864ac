/** What a run comes to for somebody who should have access, and what is remembered of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../src/identity/outcome.ts'
import {
  absent,
  access,
  active,
  applied,
  baseline,
  finishedAt,
  foreign,
  identity,
  later,
  member,
  pick,
  planOf,
  present,
  quarantine,
  recorded,
  runOf,
  startedAt,
  steps,
  unknown,
} from './runs.ts'

const { create, join, leave } = steps
const joiner = { identity, observed: absent, plan: planOf('join') }

test('a joiner waits for MFA, and everything about the user is remembered', () => {
  const outcome = settle(
    runOf({
      ...joiner,
      applied: applied([create, join(baseline), join('engineering')], { createdUserId: 'AIDA1' }),
    }),
  )
  assert.deepEqual(
    pick(outcome, 'state', 'reason', 'retry', 'reconciledGeneration', 'nextLookAt', 'at', 'deletedAt'),
    {
      state: 'awaiting_mfa',
      reason: null,
      retry: null,
      reconciledGeneration: 7,
      nextLookAt: null,
      at: finishedAt,
      deletedAt: null,
    },
  )
  assert.deepEqual(pick(outcome, 'awsUserId', 'lastSeenName', 'groups', 'possibleGroups', 'touchedAt'), {
    awsUserId: 'AIDA1',
    lastSeenName: 'ada.lovelace',
    groups: [baseline, 'engineering'],
    possibleGroups: [baseline, 'engineering'],
    touchedAt: startedAt,
  })
  assert.deepEqual(
    [outcome.operation?.kind, outcome.operation?.status, outcome.operation?.error],
    ['join', 'done', null],
  )
  assert.deepEqual(
    outcome.audit.map((entry) => [entry.action, entry.actor, entry.employeeId, entry.operationId]),
    [['identity.created', 'hr delivery 1', 'E1001', outcome.operation?.id]],
  )
})

test('who has MFA is active; who needs none is, too', () => {
  assert.equal(settle(runOf()).state, 'active')
  assert.equal(settle(runOf({ observed: present({ mfaSerials: [] }) })).state, 'awaiting_mfa')
  const neither = { kind: 'active', access: { ...access, console: false } } as const
  assert.equal(settle(runOf({ want: neither, observed: present({ mfaSerials: [] }) })).state, 'active')
  const keys = { kind: 'active', access: { ...access, console: false, accessKeys: 'self-service' } } as const
  assert.equal(settle(runOf({ want: keys, observed: present({ mfaSerials: [] }) })).state, 'awaiting_mfa')
})

test('whoever was renamed, and whose name is taken, is told of by both names', () => {
  const observed = present({ userName: 'zz.ada', nameTakenBy: 'ada.lovelace' })
  assert.match(settle(runOf({ observed })).reason ?? '', /"zz\.ada".*"ada\.lovelace" is somebody else's/)
  assert.equal(settle(runOf({ observed: present({ userName: 'zz.ada' }) })).reason, null)
})

test('a look that finds everything in order leaves no operation and no audit record', () => {
  const outcome = settle(runOf())
  assert.deepEqual(pick(outcome, 'operation', 'audit', 'reconciledGeneration', 'touchedAt'), {
    operation: null,
    audit: [],
    reconciledGeneration: 7,
    touchedAt: member.touchedAt,
  })
})

test('the return of somebody locked ends the lock, and what was seen and done is what is remembered', () => {
  const outcome = settle(
    runOf({
      identity: { ...member, state: 'locked', lockedAt: startedAt, possibleGroups: ['old-role'] },
      observed: present({ groups: [quarantine], userName: 'ada.renamed' }),
      plan: planOf('unlock'),
      applied: applied([
        [leave('old-role'), 'already'],
        join(baseline),
        join('engineering'),
        leave(quarantine),
        steps.rename,
      ]),
    }),
  )
  assert.deepEqual(pick(outcome, 'state', 'lockedAt', 'groups', 'possibleGroups', 'lastSeenName'), {
    state: 'active',
    lockedAt: null,
    groups: [baseline, 'engineering'],
    possibleGroups: [baseline, 'engineering'],
    lastSeenName: 'ada.lovelace',
  })
  assert.equal(outcome.audit[0]?.action, 'identity.unlocked')
})

test('MFA and console access stand as they stood when nobody looked', () => {
  const blocked = { kind: 'blocked', reason: 'role "wizard" is not in the catalog' } as const
  for (const run of [
    runOf({ observed: unknown }),
    runOf({ observed: unknown, want: blocked }),
    runOf({ observed: present({ mfaSerials: 'unknown', hasLoginProfile: 'unknown' }) }),
  ]) {
    assert.deepEqual(pick(settle(run), 'mfaEnrolled', 'consoleAccess'), {
      mfaEnrolled: true,
      consoleAccess: true,
    })
  }
  const none = settle(runOf({ observed: present({ mfaSerials: [], hasLoginProfile: false }) }))
  assert.deepEqual([none.mfaEnrolled, none.consoleAccess], [false, false])
  const taken = settle(runOf({ plan: planOf('repair'), applied: applied([steps.dropPassword]) }))
  assert.deepEqual([taken.mfaEnrolled, taken.consoleAccess], [true, false])
})

test('while the catalog is on its way into the account, a joiner waits, and somebody comes back soon', () => {
  const waitingFor = 'the catalog is still being brought into the account'
  const outcome = settle(runOf({ identity, observed: unknown, waitingFor }))
  assert.deepEqual(pick(outcome, 'state', 'reason', 'retry', 'reconciledGeneration', 'nextLookAt'), {
    state: 'pending',
    reason: waitingFor,
    retry: null,
    reconciledGeneration: null,
    nextLookAt: later(5000),
  })
})

test('a role that the catalog lacks blocks, keeps everything known, and is no failure to retry', () => {
  const reason = 'role "wizard" is not in the catalog'
  const outcome = settle(runOf({ want: { kind: 'blocked', reason }, observed: unknown }))
  assert.deepEqual(pick(outcome, 'state', 'reason', 'retry', 'groups', 'possibleGroups', 'awsUserId'), {
    state: 'blocked',
    reason,
    retry: null,
    groups: member.groups,
    possibleGroups: member.possibleGroups,
    awsUserId: 'AIDA1',
  })
  assert.deepEqual(
    outcome.audit.map(({ action, operationId }) => [action, operationId]),
    [['identity.blocked', undefined]],
  )
})

test('a name that is somebody else’s is a conflict, told to an administrator', () => {
  const conflict = 'the IAM user name "ada.lovelace" belongs to a user (AIDA9) that Muster does not manage'
  const outcome = settle(runOf({ identity, observed: foreign, plan: planOf('none', { conflict }) }))
  assert.deepEqual(pick(outcome, 'state', 'reason', 'retry', 'awsUserId', 'groups', 'operation'), {
    state: 'conflict',
    reason: conflict,
    retry: null,
    awsUserId: null,
    groups: [],
    operation: null,
  })
  assert.equal(outcome.audit[0]?.action, 'identity.conflict')
})

test('an administrator’s word to adopt holds until the user has been seen', () => {
  const adopting = { ...identity, adopt: true }
  assert.equal(settle(runOf({ identity: adopting, observed: unknown })).adopt, true)
  const seen = settle(runOf({ identity: adopting, observed: present() }))
  assert.deepEqual(pick(seen, 'adopt', 'awsUserId'), { adopt: false, awsUserId: 'AIDA1' })
})

test('in observe mode what would be done is recorded, and nothing is reached or touched', () => {
  const outcome = settle(
    runOf({
      identity: { ...member, state: 'awaiting_mfa' },
      want: active,
      plan: planOf('move', { steps: [join('deploy')] }),
      extraSteps: [recorded(join('deploy'), 'planned')],
      rehearsed: true,
    }),
  )
  assert.deepEqual(pick(outcome, 'state', 'reconciledGeneration', 'retry', 'touchedAt', 'groups'), {
    state: 'awaiting_mfa',
    reconciledGeneration: null,
    retry: null,
    touchedAt: member.touchedAt,
    groups: [baseline, 'engineering'],
  })
  assert.match(outcome.reason ?? '', /observe mode/)
  assert.deepEqual([outcome.operation?.status, outcome.operation?.kind], ['planned', 'move'])
  assert.equal(outcome.audit[0]?.action, 'operation.planned')
})
