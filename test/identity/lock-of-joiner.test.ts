import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { BASELINE, QUARANTINE } from '../../src/catalog/catalog.ts'
import { callIam, type LoggedCall } from '../../src/sandbox/index.ts'
import { rowsOf } from '../../src/store/open.ts'
import { forEachEngine, type RunningService, withMovedClock } from '../harness/service.ts'
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
    await muster.until('Lovelace', 'locked')

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
    await muster.until('Leaver', 'locked')

    const [create, deny] = callsOf(muster, 'ada.leaver')
    assert.equal(create?.action, 'CreateUser')
    assert.ok(deny && isQuarantine(deny), `${deny?.action}`)
    const neighbours = callsOf(muster, 'ada.neighbour').find(({ action }) => action === 'AddUserToGroup')
    if (neighbours) assert.ok(deny.at.getTime() < neighbours.at.getTime())
    await muster.close()
  })

  /** As a joiner leaves it whose process dies in its first call: nobody knows whether there is a user. */
  async function leaverOfADeadJoiner(muster: RunningService, employeeId: string, now: Date) {
    await muster.hire(employeeId, { startAt: new Date(now.getTime() + 3_600_000).toISOString() })
    const { id } = await muster.until(employeeId, 'pending')
    const { db } = muster.service.store
    await db.execute(sql`
      update identities set touched_at = ${now.toISOString()}::timestamptz where id = ${id}`)
    await muster.api('POST', `/v1/employees/${employeeId}/hold`, { reason: 'a lost laptop' })
    await eventually(async () => /^not locked yet/.test((await muster.identity(employeeId)).reason ?? ''))
    return {
      failedJobs: async () => {
        const [row] = await rowsOf<{ n: string | number }>(
          db,
          sql`select count(*) as n from jobs.job where singleton_key = ${id} and (retry_count > 0 or state = 'retry')`,
        )
        return Number(row?.n)
      },
    }
  }

  describe('a lock of somebody whose joiner died', () => {
    const moved = withMovedClock(open)

    test('is over when no user has turned up in time, and no job had to fail for it', async () => {
      const muster = await moved.running()
      const { failedJobs } = await leaverOfADeadJoiner(muster, 'Nobody', moved.clock())
      const { generation } = await muster.identity('Nobody')
      moved.move(60_000)
      await eventually(async () => (await muster.identity('Nobody')).generation > generation)
      assert.match((await muster.identity('Nobody')).reason ?? '', /^not locked yet/)
      moved.move(60_000)
      await muster.until('Nobody', 'pending')
      assert.equal(await failedJobs(), 0)
    })

    test('is done at the next look when the user turns up after all', async () => {
      const muster = await moved.running()
      const { failedJobs } = await leaverOfADeadJoiner(muster, 'Late', moved.clock())
      const { user_name: UserName } = await muster.identity('Late')
      const Tags = [
        { Key: 'muster:employee-id', Value: 'Late' },
        { Key: 'muster:managed', Value: 'true' },
      ]
      const made = { UserName, Path: '/muster/', Tags }
      assert.ok(callIam(muster.sandbox.state, 'CreateUser', made, { now: moved.clock() }).ok)
      await muster.until('Late', 'locked')
      assert.deepEqual(muster.groupsOf(UserName), [QUARANTINE])
      assert.equal(await failedJobs(), 0)
      // For whoever wanted it, not for the clock that looked again.
      const { items } = await muster.api('GET', '/v1/operations?employeeId=Late')
      assert.notEqual(items[0].cause, 'schedule')
    })
  })
})
