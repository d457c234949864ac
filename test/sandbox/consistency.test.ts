import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createConsistency } from '../../src/sandbox/consistency.ts'
import type { FaultPlan } from '../../src/sandbox/faults.ts'
import { administratorOf, createAccount, iamOperations } from '../../src/sandbox/iam/index.ts'
import { perform } from '../../src/sandbox/operation.ts'
import { createBuckets } from '../../src/sandbox/s3/buckets.ts'

const names = fc.constantFrom('ada', 'grace', 'joan')
const groups = fc.constantFrom('engineers', 'analysts')
const writes = fc.oneof(
  fc.record({ action: fc.constant('CreateUser'), params: fc.record({ UserName: names }) }),
  fc.record({ action: fc.constant('DeleteUser'), params: fc.record({ UserName: names }) }),
  fc.record({
    action: fc.constant('UpdateUser'),
    params: fc.record({ UserName: names, NewUserName: names }),
  }),
  fc.record({ action: fc.constant('CreateAccessKey'), params: fc.record({ UserName: names }) }),
  fc.record({ action: fc.constant('CreateGroup'), params: fc.record({ GroupName: groups }) }),
  fc.record({ action: fc.constant('DeleteGroup'), params: fc.record({ GroupName: groups }) }),
  fc.record({
    action: fc.constantFrom('AddUserToGroup', 'RemoveUserFromGroup'),
    params: fc.record({ UserName: names, GroupName: groups }),
  }),
)

test('what reads see is what was, and in the end what is', () => {
  fc.assert(
    fc.property(fc.array(writes, { maxLength: 30 }), (steps) => {
      const lagMs = 100
      const plan: FaultPlan = { readLagMs: lagMs }
      const account = createAccount('123456789012')
      const consistency = createConsistency(account, () => plan)
      const history = [structuredClone(account)]
      const context = {
        now: new Date('2026-11-23T09:00:00Z'),
        region: 'us-east-1',
        caller: administratorOf(account),
        buckets: createBuckets(),
        history: () => [],
        eventLagMs: 0,
      }
      let nowMs = 0
      for (const { action, params } of steps) {
        nowMs += 40
        consistency.beforeWrite()
        const drawnBefore = account.drawn
        const answer = perform(iamOperations, account, action, params, context)
        if (answer.ok) {
          consistency.wrote({ atMs: nowMs, table: iamOperations, action, params, context, drawnBefore })
        }
        history.push(structuredClone(account))
        // Written every 40 ms and read 100 ms late: the state of three writes ago, or the first one.
        assert.deepEqual(consistency.readable(nowMs), history[Math.max(0, history.length - 4)] ?? account)
      }
      assert.deepEqual(consistency.readable(nowMs + lagMs), account)
    }),
  )
})
