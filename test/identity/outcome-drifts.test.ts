/** What a run makes of what was done by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewDrift } from '../../src/drift/drift.ts'
import type { DriftKind } from '../../src/drift/kinds.ts'
import { settle } from '../../src/identity/outcome.ts'
import type { Run } from '../../src/identity/run.ts'
import {
  absent,
  applied,
  baseline,
  failure,
  leaver,
  member,
  planOf,
  present,
  purged,
  runOf,
  startedAt,
  steps,
} from './runs.ts'

const { dropPassword, leave } = steps

/** As a run notes it before its first call. */
function drift(kind: DriftKind): NewDrift {
  return {
    kind,
    resource: 'arn:aws:iam::123456789012:user/muster/ada.lovelace',
    detail: { userName: 'ada.lovelace', serialNumber: 'GAHT00000001' },
    accountId: member.accountId,
    identityId: member.id,
    employeeId: member.employeeId,
    detectedAt: startedAt,
    since: null,
    foundBy: 'event',
    status: 'open',
    operationId: runOf().operationId,
  }
}

const found = (run: Partial<Run>) =>
  settle(runOf(run)).drifts?.found.map(({ status, operationId }) => [
    status,
    operationId === null ? null : 'the run',
  ])

const withoutDevice = present({ mfaSerials: [] })
const lost = { observed: withoutDevice, plan: planOf('repair'), drifts: [drift('mfa-removed')] }

test('a device that was taken away is answered by the end of the password', () => {
  assert.deepEqual(found({ ...lost, applied: applied([dropPassword]) }), [['repaired', 'the run']])
})

test('one on which nothing hung is only reported', () => {
  assert.deepEqual(found({ ...lost, applied: applied([leave('operations')]) }), [['reported', null]])
})

test('what a run was stopped before, or failed at, is still to be set right', () => {
  for (const outcome of ['skipped', 'failed'] as const) {
    const run = {
      ...lost,
      applied: applied([leave('operations'), [dropPassword, outcome]], { stopped: true }),
    }
    assert.deepEqual(found(run), [['open', 'the run']])
  }
})

test('what the gate left no step for names no operation, since none is recorded', () => {
  const held = { observed: absent, plan: planOf('join'), heldBy: 'waits', drifts: [drift('user-deleted')] }
  assert.deepEqual(found(held), [['open', null]])
  assert.equal(settle(runOf(held)).operation, null)
  const some = { ...held, observed: present(), applied: applied([leave(baseline)]) }
  assert.deepEqual(found(some), [['open', 'the run']])
})

test('nothing of a leaver differs any more once the user is deleted, and all of it as long as it is not', () => {
  const differences = [drift('user-renamed'), drift('boundary-removed'), drift('deny-attached')]
  const purge = {
    ...{ identity: { ...leaver, hasStandingDrifts: true }, want: purged, plan: planOf('purge') },
    ...{ differences, drifts: [drift('deny-attached')] },
  }
  assert.deepEqual(settle(runOf({ ...purge, applied: applied([steps.remove]) })).drifts?.remaining, [])
  const errors = [failure('DeleteUser', 'DeleteConflict')]
  const failed = settle(runOf({ ...purge, applied: applied([[steps.remove, 'failed']], { errors }) }))
  assert.equal(failed.drifts?.remaining, null)
})
