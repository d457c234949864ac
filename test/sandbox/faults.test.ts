import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AddUserToGroupCommand,
  CreateGroupCommand,
  CreateUserCommand,
  GetUserCommand,
  ListGroupsForUserCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam'
import { createFaults } from '../../src/sandbox/faults.ts'
import { eventually } from '../harness/waiting.ts'
import { codeOf, openTestSandbox } from './sandbox.ts'

/** Longer than any test lasts. */
const aMinuteMs = 60_000

const ada = { UserName: 'ada' }
const call = { service: 'iam', action: 'GetUser', params: ada }

test('beyond the rate limit calls are throttled, and the bucket fills again', () => {
  const faults = createFaults({ rateLimit: { perSecond: 10, burst: 2 } }, 1)
  const codes = [0, 0, 0, 99, 101, 102].map((nowMs) => faults.decide(call, nowMs).error?.code)
  assert.deepEqual(codes, [undefined, undefined, 'Throttling', 'Throttling', undefined, 'Throttling'])
  assert.equal(faults.decide({ ...call, service: 'sts' }, 102).error, undefined)
})

test('the same seed brings the same bad days', () => {
  const plan = { serverErrors: 0.2, lostBefore: 0.1, lostAfter: 0.1, latencyMs: [0, 5] as const }
  const fates = (seed: number) => {
    const faults = createFaults(plan, seed)
    return Array.from({ length: 200 }, () => faults.decide(call, 0))
  }
  assert.deepEqual(fates(3), fates(3))
  assert.notDeepEqual(fates(3), fates(4))
  const count = (hit: (fate: ReturnType<typeof fates>[number]) => unknown) => fates(3).filter(hit).length
  assert.ok(count(({ error }) => error) > 20)
  assert.ok(count(({ lost }) => lost === 'after') > 5)
})

test('a throttled SDK sees Throttling, and nothing was done', async (t) => {
  const { sandbox, iam } = await openTestSandbox(t, { rateLimit: { perSecond: 0.001, burst: 1 } })
  await iam.send(new CreateUserCommand(ada))
  assert.equal(await codeOf(iam.send(new CreateUserCommand({ UserName: 'grace' }))), 'Throttling')
  assert.equal(sandbox.state.users.size, 1)
  sandbox.faults.clear()
  await iam.send(new CreateUserCommand({ UserName: 'grace' }))
})

test('a targeted fault hits the next calls that match, and no others', async (t) => {
  const { sandbox, iam } = await openTestSandbox(t)
  for (const UserName of ['ada', 'grace']) await iam.send(new CreateUserCommand({ UserName }))
  await iam.send(new CreateGroupCommand({ GroupName: 'engineers' }))
  const join = (UserName: string) =>
    codeOf(iam.send(new AddUserToGroupCommand({ UserName, GroupName: 'engineers' })))
  sandbox.faults.add({ action: 'AddUserToGroup', params: ada, times: 2, outcome: { code: 'AccessDenied' } })
  assert.equal(await join('grace'), 'accepted')
  assert.equal(await join('ada'), 'AccessDenied')
  assert.equal(sandbox.calls.entries.at(-1)?.status, 403)
  assert.equal(await join('ada'), 'AccessDenied')
  assert.equal(await join('ada'), 'accepted')
})

test('an answer can be lost after the change took effect, and before', async (t) => {
  const { sandbox, iam } = await openTestSandbox(t)
  sandbox.faults.add({ action: 'CreateUser', outcome: { lost: 'after' } })
  sandbox.faults.add({ action: 'CreateGroup', outcome: { lost: 'before' } })
  assert.equal(await codeOf(iam.send(new CreateUserCommand(ada))), 'ECONNRESET')
  assert.equal(await codeOf(iam.send(new CreateGroupCommand({ GroupName: 'g' }))), 'ECONNRESET')
  assert.deepEqual([sandbox.state.users.size, sandbox.state.groups.size], [1, 0])
  assert.deepEqual(
    sandbox.calls.entries.map(({ action, lost, status }) => [action, lost, status]),
    [
      ['CreateUser', 'after', 0],
      ['CreateGroup', 'before', 0],
    ],
  )
})

test('latency delays every call', async (t) => {
  const { iam } = await openTestSandbox(t, { latencyMs: 60 })
  const started = performance.now()
  await iam.send(new ListUsersCommand({}))
  assert.ok(performance.now() - started >= 59)
})

test('reads lag behind writes, and catch up', async (t) => {
  const { sandbox, iam } = await openTestSandbox(t)
  await iam.send(new CreateGroupCommand({ GroupName: 'engineers' }))
  sandbox.faults.set({ readLagMs: aMinuteMs })
  const { User: made } = await iam.send(new CreateUserCommand(ada))
  await iam.send(new AddUserToGroupCommand({ ...ada, GroupName: 'engineers' }))
  assert.equal(await codeOf(iam.send(new GetUserCommand(ada))), 'NoSuchEntity')
  // Caught up with once they are older than the lag.
  sandbox.faults.set({ readLagMs: 1 })
  await eventually(async () => {
    const { Groups: groups } = await iam.send(new ListGroupsForUserCommand(ada)).catch(() => ({ Groups: [] }))
    return groups?.length === 1
  })
  const { User: read } = await iam.send(new GetUserCommand(ada))
  assert.equal(read?.UserId, made?.UserId)
  sandbox.faults.set({ readLagMs: aMinuteMs })
  await iam.send(new CreateUserCommand({ UserName: 'grace' }))
  assert.equal(await codeOf(iam.send(new GetUserCommand({ UserName: 'grace' }))), 'NoSuchEntity')
  sandbox.faults.set({})
  await iam.send(new GetUserCommand({ UserName: 'grace' }))
})

test('a new user can be unknown to writes for a while', async (t) => {
  const { sandbox, iam } = await openTestSandbox(t, { faults: { newUserLagMs: aMinuteMs } })
  await iam.send(new CreateGroupCommand({ GroupName: 'engineers' }))
  await iam.send(new CreateUserCommand(ada))
  const join = () => codeOf(iam.send(new AddUserToGroupCommand({ ...ada, GroupName: 'engineers' })))
  assert.equal(await join(), 'NoSuchEntity')
  sandbox.faults.set({ newUserLagMs: 1 })
  await eventually(async () => (await join()) === 'accepted')
})
