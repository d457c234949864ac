/** What a run comes to that failed, was ended, or could not see: who comes back, and what is not forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../src/identity/outcome.ts'
import {
  absent,
  applied,
  baseline,
  failure,
  identity,
  later,
  member,
  minuteMs,
  pick,
  planOf,
  present,
  runOf,
  startedAt,
  steps,
  unknown,
} from './runs.ts'

const { create, join, leave } = steps
const joiner = { identity, observed: absent, plan: planOf('join') }

const failures = [
  ['AccessDenied', 'blocked', /lacks the permission iam:AddUserToGroup/],
  ['LimitExceeded', 'blocked', /a quota of the account is reached/],
  ['ValidationError', 'blocked', /ValidationError/],
  ['Throttling', 'active', /Throttling/],
  ['ServiceFailure', 'active', /ServiceFailure/],
  ['NoSuchEntity', 'active', /NoSuchEntity/],
  ['ExpiredToken', 'active', /ExpiredToken/],
] as const

for (const [code, state, reason] of failures) {
  test(`a grant that fails with ${code} leaves ${state === 'blocked' ? 'it to an administrator' : 'a job that comes back'}`, () => {
    const outcome = settle(
      runOf({
        plan: planOf('move'),
        applied: applied([leave('old-role'), [join('engineering'), 'failed'], [join('deploy'), 'skipped']], {
          errors: [failure('AddUserToGroup', code, 'why', code === 'ServiceFailure' ? 500 : 400)],
        }),
      }),
    )
    assert.equal(outcome.state, state)
    assert.match(outcome.reason ?? '', reason)
    const isBlocked = state === 'blocked'
    assert.equal(outcome.retry === null, isBlocked)
    // Whatever becomes of the job, somebody comes back.
    assert.deepEqual(outcome.nextLookAt, later((isBlocked ? 15 : 70) * minuteMs))
    assert.equal(outcome.reconciledGeneration, null)
    assert.equal(outcome.catalogMissing, code === 'NoSuchEntity')
    assert.deepEqual([outcome.operation?.status, outcome.operation?.error], ['failed', outcome.reason])
    assert.equal(outcome.audit[0]?.action, 'operation.failed')
  })
}

test('a name that was taken meanwhile is for an administrator, but not the one a joiner wants: a look tells whose', () => {
  const renamed = runOf({
    plan: planOf('repair'),
    applied: applied([[steps.rename, 'failed']], { errors: [failure('UpdateUser', 'EntityAlreadyExists')] }),
  })
  assert.equal(settle(renamed).state, 'blocked')
  const created = runOf({
    ...joiner,
    applied: applied([[create, 'failed']], { errors: [failure('CreateUser', 'EntityAlreadyExists')] }),
  })
  assert.equal(settle(created).state, 'pending')
  assert.ok(settle(created).retry)
})

test('after a run that failed, all groups count as possible but those that were surely left', () => {
  const outcome = settle(
    runOf({
      identity: { ...member, possibleGroups: [baseline, 'old-role', 'older-role', 'gone'] },
      observed: present({ groups: [baseline, 'old-role'] }),
      plan: planOf('move'),
      applied: applied(
        [
          leave('old-role'),
          [leave('gone'), 'already'],
          [leave('older-role'), 'failed'],
          [join('engineering'), 'failed'],
          [join('deploy'), 'skipped'],
        ],
        { errors: [failure('RemoveUserFromGroup', 'ServiceFailure', 'why', 500)] },
      ),
    }),
  )
  // A join that failed may have taken effect; one that was not tried cannot have.
  assert.deepEqual([...outcome.possibleGroups].sort(), ['engineering', baseline, 'older-role'].sort())
  assert.deepEqual(outcome.groups, [baseline])
})

test('a create without an answer is remembered as begun, under no known id', () => {
  const outcome = settle(
    runOf({
      identity: { ...identity, awsUserId: 'AIDA0' },
      observed: absent,
      plan: planOf('join'),
      applied: applied(
        [
          [create, 'failed'],
          [join(baseline), 'skipped'],
        ],
        {
          errors: [failure('CreateUser', 'TimeoutError', 'why', 500)],
        },
      ),
    }),
  )
  assert.deepEqual(pick(outcome, 'awsUserId', 'touchedAt', 'state'), {
    awsUserId: null,
    touchedAt: startedAt,
    state: 'pending',
  })
})

test('a joiner whose second call failed is remembered with the id of the user that was made', () => {
  const outcome = settle(
    runOf({
      ...joiner,
      applied: applied([create, [join(baseline), 'failed']], {
        createdUserId: 'AIDA1',
        errors: [failure('AddUserToGroup', 'NoSuchEntity')],
      }),
    }),
  )
  assert.deepEqual(pick(outcome, 'awsUserId', 'state', 'possibleGroups', 'catalogMissing'), {
    awsUserId: 'AIDA1',
    state: 'pending',
    possibleGroups: [baseline],
    catalogMissing: true,
  })
})

test('a run that a newer change ended says nothing of the state, and is not tried again', () => {
  const outcome = settle(
    runOf({
      plan: planOf('move'),
      applied: applied([leave('old-role'), [join('engineering'), 'skipped']], { stopped: true }),
    }),
  )
  assert.deepEqual(pick(outcome, 'state', 'retry', 'reconciledGeneration', 'nextLookAt'), {
    state: 'active',
    retry: null,
    reconciledGeneration: null,
    nextLookAt: null,
  })
  assert.equal(outcome.operation?.status, 'stopped')
})

test('what could not be read is looked at again, and nothing else changes', () => {
  for (const run of [
    runOf({ observed: unknown }),
    runOf({ plan: planOf('none', { unread: ['ListGroupsForUser', 'ListMFADevices'] }) }),
    runOf({ observed: unknown, unsettled: true }),
  ]) {
    const outcome = settle(run)
    assert.deepEqual(pick(outcome, 'state', 'awsUserId', 'possibleGroups', 'reconciledGeneration'), {
      state: 'active',
      awsUserId: 'AIDA1',
      possibleGroups: member.possibleGroups,
      reconciledGeneration: null,
    })
    assert.ok(outcome.retry)
    assert.deepEqual(outcome.nextLookAt, later(70 * minuteMs))
  }
  const named = settle(runOf({ plan: planOf('none', { unread: ['ListGroupsForUser', 'ListMFADevices'] }) }))
  assert.match(named.reason ?? '', /ListGroupsForUser, ListMFADevices/)
})

test('of two failures, one waits for an administrator, and the other is tried again all the same', () => {
  const errors = [
    failure('DeleteLoginProfile', 'ServiceFailure', 'why', 500),
    failure('RemoveUserFromGroup', 'AccessDenied'),
  ]
  const list = [
    [steps.dropPassword, 'failed'],
    [steps.leave('protected'), 'failed'],
  ] as const
  const outcome = settle(runOf({ plan: planOf('repair'), applied: applied(list, { errors }) }))
  assert.equal(outcome.state, 'blocked')
  assert.match(outcome.reason ?? '', /Muster lacks the permission iam:RemoveUserFromGroup/)
  assert.match(outcome.retry ?? '', /ServiceFailure/)
})
