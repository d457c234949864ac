import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BASELINE, QUARANTINE } from '../../src/catalog/catalog.ts'
import type { LoggedCall } from '../../src/sandbox/index.ts'
import { forEachEngine, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

/** Longer than everything else in a test takes: what comes in the log before such a call did not wait for it. */
const longMs = 3000

const isQuarantine = ({ params }: LoggedCall) => params.GroupName === QUARANTINE

/** The calls that name this user, as the log has them: in the order in which they were answered. */
function callsOf({ sandbox }: RunningService, userName: string): LoggedCall[] {
  return sandbox.calls.entries.filter(({ params }) => params.UserName === userName)
}

forEachEngine((_name, open) => {
  test('who leaves while their own joiner runs is denied unread, before that joiner goes on', async () => {
    const muster = await open()
    let isJoining = false
    muster.sandbox.faults.add({
      action: 'AddUserToGroup',
      params: ({ GroupName }) => {
        isJoining = GroupName === BASELINE
        return isJoining
      },
      outcome: { delayMs: longMs },
    })
    await muster.hire('Lovelace')
    await eventually(() => isJoining)
    await muster.tell('employee.terminated', 'Lovelace')
    await muster.until('Lovelace', 'locked', 40_000)

    const [create, deny, late] = callsOf(muster, 'ada.lovelace')
    assert.equal(create?.action, 'CreateUser')
    assert.ok(deny && isQuarantine(deny), `${deny?.action}`)
    // What was on its way came in after it, and was taken back; nothing more was granted.
    assert.equal(late?.params.GroupName, BASELINE)
    assert.deepEqual(muster.groupsOf('ada.lovelace'), [QUARANTINE])
    await muster.close()
  })

  test('a lock that comes while the user is being made is the first thing that happens to that user', async () => {
    const muster = await open()
    let isBeingMade = false
    muster.sandbox.faults.add({
      action: 'CreateUser',
      params: ({ UserName }) => {
        isBeingMade ||= UserName === 'ada.leaver'
        return UserName === 'ada.leaver'
      },
      outcome: { delayMs: longMs },
    })
    // Somebody whose joiner takes longer: the leaver's next reconcile may have to wait for it.
    muster.sandbox.faults.add({
      action: 'AddUserToGroup',
      params: { UserName: 'ada.neighbour' },
      outcome: { delayMs: 2 * longMs },
    })
    await Promise.all([muster.hire('Leaver'), muster.hire('Neighbour')])
    await eventually(() => isBeingMade)
    await muster.tell('employee.terminated', 'Leaver')
    await muster.until('Leaver', 'locked', 40_000)

    const [create, deny] = callsOf(muster, 'ada.leaver')
    assert.equal(create?.action, 'CreateUser')
    assert.ok(deny && isQuarantine(deny), `${deny?.action}`)
    const neighbours = callsOf(muster, 'ada.neighbour').find(({ action }) => action === 'AddUserToGroup')
    if (neighbours) assert.ok(deny.at.getTime() < neighbours.at.getTime())
    await muster.close()
  })
})
