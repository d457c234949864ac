/** What must be true of an account when all is said and done, judged by its users and by the log of its calls. */
import assert from 'node:assert/strict'
import type { Role } from '../../src/catalog/catalog.ts'
import type { LoggedCall, Sandbox } from '../../src/sandbox/index.ts'
import type { Person } from './company.ts'
import type { HrEvent } from './hr.ts'

type Roles = Readonly<Record<string, Role>>

const baseline = 'muster-baseline'
const quarantine = 'muster-quarantine'

export function everyUserIsAsHrSaidLast({ state }: Sandbox, people: readonly Person[], roles: Roles): void {
  const usersOf = Map.groupBy(state.users.values(), ({ tags }) =>
    String(tags.find(({ Key }) => Key === 'muster:employee-id')?.Value),
  )
  for (const person of people) {
    const users = usersOf.get(person.employeeId) ?? []
    const told = JSON.stringify({ person, users })
    // Somebody who was out again before anything had begun has no user, and needs none.
    if (users.length === 0 && person.status !== 'active') continue
    assert.equal(users.length, 1, told)
    const [user] = users
    const role = roles[person.role]
    const groups = person.status === 'active' ? [baseline, ...(role?.groups ?? [])] : [quarantine]
    const names = user?.groups.map((key) => state.groups.get(key)?.groupName)
    assert.deepEqual(names?.toSorted(), groups.toSorted(), told)
    assert.deepEqual(user?.attachedPolicies, [], told)
    if (person.status === 'active') assert.match(user?.permissionsBoundary ?? '', boundaryNamed(role), told)
  }
  assert.ok(usersOf.size <= people.length)
}

const boundaryNamed = (role: Role | undefined) => new RegExp(`/${RegExp.escape(role?.boundary.name ?? '')}$`)

/** Replays the accepted calls: at no moment were a user's groups more than one role's. */
export function nobodyEverHadTwoRoles({ calls }: Sandbox, roles: Roles): void {
  const groupsOf = new Map<string, Set<string>>()
  for (const { action, params, status } of calls.entries) {
    if (status !== 200) continue
    const { UserName = '', GroupName = '' } = params as Record<string, string>
    if (action !== 'AddUserToGroup' && action !== 'RemoveUserFromGroup') continue
    const groups = groupsOf.get(UserName) ?? new Set()
    groupsOf.set(UserName, groups)
    if (action === 'AddUserToGroup') groups.add(GroupName)
    else groups.delete(GroupName)
    const held = [...groups].filter((group) => group !== baseline && group !== quarantine)
    const isOneRoles = Object.values(roles).some((role) => held.every((group) => role.groups.includes(group)))
    assert.ok(isOneRoles, `${UserName} was in ${held.join(', ')} at a time`)
  }
}

export function nothingWasDoneTwice({ calls }: Sandbox): void {
  const accepted = calls.entries.filter(({ status, readOnly }) => status === 200 && !readOnly)
  const times = (action: string, name: string) =>
    Map.groupBy(
      accepted.filter((call) => call.action === action),
      ({ params }) => String(params[name]),
    )
  for (const [action, name] of [
    ['CreateUser', 'UserName'],
    ['CreateGroup', 'GroupName'],
    ['CreatePolicy', 'PolicyName'],
  ] as const) {
    for (const [value, made] of times(action, name)) assert.equal(made.length, 1, `${action} ${value}`)
  }
  for (const never of ['CreatePolicyVersion', 'AttachUserPolicy', 'PutUserPolicy', 'DeleteUser']) {
    assert.equal(times(never, 'UserName').size, 0, never)
  }
}

/** An event with the moment at which it had been taken in: from then on, it is the employee's. */
export interface Known {
  readonly event: HrEvent
  readonly since: Date
}

/** A call may be on its way for so long: decided before, carried out after. */
const onItsWayMs = 1000

const isOutAfter: Readonly<Record<string, boolean>> = {
  'employee.hired': false,
  'employee.resumed': false,
  'employee.suspended': true,
  'employee.terminated': true,
}

/** Nobody leaves the quarantine once it is known that they are out, however often that was done before. */
export function nobodyWasLetOutAgain({ calls }: Sandbox, known: readonly Known[]): void {
  const accepted = calls.entries.filter(({ status }) => status === 200)
  const knownOf = Map.groupBy(known, ({ event }) => String(event.data.employeeId))
  const employeeOf = new Map(
    accepted
      .filter(({ action }) => action === 'CreateUser')
      .map(({ params }) => [
        String(params.UserName),
        (params.Tags as { Key: string; Value: string }[]).find(({ Key }) => Key === 'muster:employee-id')
          ?.Value,
      ]),
  )
  for (const release of accepted) {
    const { action, params, at } = release
    if (action !== 'RemoveUserFromGroup' || params.GroupName !== quarantine) continue
    const employeeId = employeeOf.get(String(params.UserName)) ?? ''
    const told = (knownOf.get(employeeId) ?? []).filter(({ event }) => event.type in isOutAfter)
    const decidedAt = momentsOfDecision(told, at)
    assert.ok(
      decidedAt.some((moment) => !wasOutAt(told, moment)),
      `${params.UserName} left the quarantine at ${at.toISOString()} after ${JSON.stringify(told)}:\n${historyOf(accepted, String(params.UserName))}`,
    )
  }
}

/** When a call that was accepted at that moment may have been decided: each time at which something new was known. */
function momentsOfDecision(told: readonly Known[], accepted: Date): readonly Date[] {
  const earliest = new Date(accepted.getTime() - onItsWayMs)
  return [
    earliest,
    ...told.map(({ since }) => since).filter((since) => since > earliest && since <= accepted),
  ]
}

/** Whether all that was known by then says that they are out. */
function wasOutAt(told: readonly Known[], moment: Date): boolean {
  const last = told
    .filter(({ since }) => since <= moment)
    .toSorted((a, b) => a.event.timestamp.localeCompare(b.event.timestamp))
    .at(-1)
  return last !== undefined && isOutAfter[last.event.type] === true
}

function historyOf(calls: readonly LoggedCall[], userName: string): string {
  return calls
    .filter(({ params, readOnly }) => params.UserName === userName && !readOnly)
    .map(({ at, action, params }) => `${at.toISOString()} ${action} ${JSON.stringify(params)}`)
    .join('\n')
}
