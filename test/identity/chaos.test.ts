/** Weeks of bad luck in seconds: everything at once and at random, then quiet, and all must be as HR says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { rowsOf } from '../../src/store/open.ts'
import {
  call,
  forEachEngine,
  type IdentityRow,
  type OpenRunningService,
  type RunningService,
} from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const quarantine = 'muster-quarantine'
const roles = ['backend-engineer', 'data-analyst', 'finance', 'security-auditor', 'engineering-manager']
/** Repeat a run that failed with `MUSTER_TEST_SEED`. */
const seed = Number(process.env.MUSTER_TEST_SEED ?? Math.floor(Math.random() * 1e9))

forEachEngine((name, open) => {
  test(`after any mixture of events, faults and interference all is as HR says (seed ${seed})`, async () => {
    let offsetMs = 0
    const clock = () => new Date(Date.now() + offsetMs)
    const running = await open({ clock, sandbox: { seed } })
    if (name === 'postgres') await openReplica(open, running, clock)
    const random = randomOf(seed)
    const access = await accessByRole(running)
    const people = Array.from({ length: 20 }, (_, i) => `X${i}`)
    const strangers = new Set<string>()
    const disturbed = new Set<string>()
    const stopWatching = watchGroups(running, access)
    for (const person of people.slice(0, 14)) await running.hire(person)

    for (let phase = 0; phase < 4; phase++) {
      running.sandbox.faults.set(faultPlans[Math.floor(random() * faultPlans.length)] ?? {})
      for (let i = 0; i < 40; i++) {
        const person = people[Math.floor(random() * people.length)] ?? ''
        // Lagging reads never show what was not asked for over HTTP.
        const lags = running.sandbox.faults.plan.readLagMs !== undefined
        if (lags || random() < 0.85) await anyEvent(running, person, random)
        else {
          disturbed.add(person)
          await interfere(running, person, random, strangers)
        }
        await sleep(random() * 50)
      }
    }
    running.sandbox.faults.set({})
    // Whoever was made moments ago shows by now, and all second looks are due.
    offsetMs += 10 * 60_000
    await eventually(
      async () => (await running.api('GET', '/v1/deliveries?status=accepted')).items.length === 0,
      {
        what: 'working through the deliveries',
      },
    )
    const passTime = () => {
      offsetMs += 1000
    }
    await settled(running, passTime)
    for (const person of people) await running.api('POST', `/v1/employees/${person}/reconcile`)
    await settled(running, passTime)

    const mixtures = stopWatching()
    assert.deepEqual(mixtures, [], 'nobody ever had the groups of two roles')
    for (const person of people) await assertAsHrSays(running, person, access)
    const drifted = await rowsOf<{ employee_id: string }>(
      running.service.store.db,
      sql`select employee_id, kind, detail from drifts where employee_id is not null`,
    )
    // Interference goes by a part of the name: X1 may stand for X13.
    const isDisturbed = (id: string) => [...disturbed].some((person) => id.includes(person))
    const ownDoing = drifted.filter(({ employee_id }) => !isDisturbed(employee_id))
    assert.deepEqual(ownDoing, [], 'what nobody did by hand is no drift')
    for (const name of strangers) assert.deepEqual(running.groupsOf(name), [], `${name} is not ours`)
  })
})

/** Works on the same database and account, and knows of the other only by them. */
function openReplica(open: OpenRunningService, { config, sandbox }: RunningService, clock: () => Date) {
  return open({ clock, account: sandbox, settings: { MUSTER_DATABASE_URL: config.databaseUrl ?? '' } })
}

const faultPlans = [
  {},
  { latencyMs: [0, 80] },
  { serverErrors: 0.15, latencyMs: [0, 30] },
  { lostBefore: 0.1, lostAfter: 0.1 },
  { rateLimit: { perSecond: 40 } },
  { readLagMs: 500, newUserLagMs: 300 },
] as const

async function anyEvent({ hire, tell, api }: RunningService, person: string, random: () => number) {
  const role = roles[Math.floor(random() * roles.length)] ?? ''
  const events: readonly (() => Promise<unknown>)[] = [
    () => hire(person, { role }),
    () => hire(person, { role }),
    () => tell('employee.role_changed', person, { role }),
    () => tell('employee.role_changed', person, { role }),
    () => tell('employee.suspended', person),
    () => tell('employee.resumed', person),
    () => tell('employee.resumed', person),
    () => tell('employee.terminated', person),
    () => api('POST', `/v1/employees/${person}/hold`, { reason: 'chaos' }),
    () => api('DELETE', `/v1/employees/${person}/hold`),
    () => api('DELETE', `/v1/employees/${person}/hold`),
  ]
  await events[Math.floor(random() * events.length)]?.()
}

/** What a careless or hostile administrator of the account does. */
async function interfere(
  { sandbox, service }: RunningService,
  person: string,
  random: () => number,
  strangers: Set<string>,
): Promise<void> {
  const user = [...sandbox.state.users.values()].find(({ userName }) =>
    userName.includes(person.toLowerCase()),
  )
  if (!user || strangers.has(user.userName)) return
  const UserName = user.userName
  const acts: readonly (() => unknown)[] = [
    () => call(sandbox, 'UntagUser', { UserName, TagKeys: ['muster:managed', 'muster:employee-id'] }),
    async () => {
      // IAM's calls go by name: who changes hands between two calls of one run, no run can tell.
      const quiet = sql`
        select 1 from identities
        where aws_user_id = ${user.userId} and generation = reconciled_generation and not requested`
      if ((await rowsOf(service.store.db, quiet)).length === 0) return
      call(sandbox, 'UpdateUser', { UserName, NewUserName: `hidden.${user.userId}`, NewPath: '/hidden/' })
      call(sandbox, 'CreateUser', { UserName })
      strangers.add(UserName)
    },
    () => {
      if (!sandbox.state.groups.has('strange')) call(sandbox, 'CreateGroup', { GroupName: 'strange' })
      call(sandbox, 'AddUserToGroup', { UserName, GroupName: 'strange' })
    },
    () =>
      call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
    () => user.loginProfile ?? call(sandbox, 'CreateLoginProfile', { UserName, Password: 'Correct-horse-9' }),
    () => user.accessKeys.length < 2 && call(sandbox, 'CreateAccessKey', { UserName }),
    () =>
      user.groups.includes(quarantine) &&
      call(sandbox, 'RemoveUserFromGroup', { UserName, GroupName: quarantine }),
  ]
  await acts[Math.floor(random() * acts.length)]?.()
}

type Access = ReadonlyMap<string, readonly string[]>

async function accessByRole({ api }: RunningService): Promise<Access> {
  const { items } = await api('GET', '/v1/roles')
  return new Map(
    items.map(({ role, groups }: { role: string; groups: { name: string }[] }) => [
      role,
      ['muster-baseline', ...groups.map(({ name }) => name)],
    ]),
  )
}

/** Looks before each call at what everybody holds. */
function watchGroups({ sandbox }: RunningService, access: Access): () => readonly string[] {
  const mixtures = new Set<string>()
  const known = new Set([...access.values()].flat())
  const look = () => {
    for (const { userName, groups } of sandbox.state.users.values()) {
      const held = groups.filter((group) => known.has(group))
      if ([...access.values()].some((allowed) => held.every((group) => allowed.includes(group)))) continue
      mixtures.add(`${userName}: ${held.join(', ')}`)
    }
    return false
  }
  // A rule that never applies, and sees every call.
  const stop = sandbox.faults.add({ params: look, outcome: { delayMs: 0 } })
  return () => {
    look()
    stop()
    return [...mixtures]
  }
}

/** Nothing is queued, nothing is left behind its newest generation, nothing is due: or it says who is stuck. */
async function settled({ service }: RunningService, passTime: () => void): Promise<void> {
  let stuck: readonly { readonly jobs: number }[] = []
  const look = async () => {
    stuck = await rowsOf<{ jobs: number }>(
      service.store.db,
      sql`
        select employee_id, state, reason, generation, reconciled_generation, requested, next_look_at, jobs
        from identities left join lateral (
          select count(*)::int as jobs from jobs.job
          where name in ('reconcile', 'lock') and state < 'completed' and singleton_key = identities.id::text
        ) as queued on true
        where generation <> reconciled_generation or requested or jobs > 0`,
    )
    // A lock that a fault left incomplete is looked at again after half as long again as it has lasted.
    if (stuck.length > 0 && stuck.every(({ jobs }) => jobs === 0)) passTime()
    return stuck.length === 0
  }
  await eventually(look, { withinMs: 240_000 }).catch(() => {
    throw new Error(`these are stuck:\n${stuck.map((row) => JSON.stringify(row)).join('\n')}`)
  })
}

async function assertAsHrSays(running: RunningService, person: string, access: Access): Promise<void> {
  const employee = await running.api('GET', `/v1/employees/${person}`)
  if (employee.status === 404) return
  const identity: IdentityRow = await running.identity(person)
  const user = [...running.sandbox.state.users.values()].find(({ userId }) => userId === identity.aws_user_id)
  const about = `${JSON.stringify(employee)}\n${JSON.stringify(identity)}\n${JSON.stringify(user)}`
  const isIn = employee.status === 'active' && employee.hold === null
  const mine = [...running.sandbox.state.users.values()].filter(({ tags }) =>
    tags.some(({ Key, Value }) => Key === 'muster:employee-id' && Value === person),
  )
  assert.ok(mine.length <= 1, `one person, one user\n${about}`)
  if (!isIn && !user) {
    assert.deepEqual(mine, [], about)
    assert.ok(['deleted', 'pending'].includes(identity.state), about)
    return
  }
  assert.ok(user, about)
  assert.equal(identity.state, isIn ? 'awaiting_mfa' : 'locked', about)
  const wanted = isIn ? (access.get(employee.role) ?? []) : [quarantine]
  assert.deepEqual([...user.groups].sort(), [...wanted].sort(), about)
  assert.deepEqual(user.attachedPolicies, [], about)
  assert.equal(user.loginProfile, undefined, about)
  assert.ok(
    user.accessKeys.every(({ status }) => status === 'Inactive'),
    about,
  )
  assert.ok(user.permissionsBoundary, about)
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
