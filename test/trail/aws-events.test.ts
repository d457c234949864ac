/** What becomes of the events that AWS sent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eq } from 'drizzle-orm'
import { awsEvents } from '../../src/store/schema.ts'
import { calmly, workOnEvents } from '../../src/trail/aws-events.ts'
import { forgetAwsEvents } from '../../src/trail/retention.ts'
import { forEachDatabase, silentLog } from '../harness/databases.ts'
import { withQueue } from '../jobs/queue.ts'

const own = '123456789012'
const minuteMs = 60_000

const rowWith = (id: string, accountId: string, more: object = {}, sinceMs = -minuteMs) => ({
  id,
  accountId,
  receivedAt: new Date(Date.now() + sinceMs),
  event: {
    ...{ eventId: id, accountId, eventName: 'CreateUser', eventSource: 'iam.amazonaws.com', errorCode: null },
    ...{ principalId: 'AIDAMALLORY', users: ['mallory'], groupName: null, policyArn: null, ...more },
  },
})

forEachDatabase((_name, openStore) => {
  test('an event of another account, kept while the own one was not known, is done with and forgotten', async () => {
    await withQueue(openStore, async ({ store, jobs }) => {
      await store.db.insert(awsEvents).values([rowWith('own', own), rowWith('others', '999999999999')])
      const wake = { catalog() {}, passwordPolicy() {}, trailGate() {}, sweep() {} }
      const account = { accountId: own, principalId: 'AROAMUSTER' }
      const context = { store, jobs, account, wake, clock: () => new Date(), log: silentLog }
      const { looks } = await workOnEvents(context)
      assert.deepEqual([...looks], ['sweep'])
      const rows = await store.db.select().from(awsEvents).orderBy(awsEvents.id)
      assert.deepEqual(
        rows.map(({ id, status, outcome }) => [id, status, outcome]),
        [
          ['others', 'ignored', 'about another account'],
          ['own', 'done', 'looked at: sweep'],
        ],
      )
      assert.equal(await forgetAwsEvents(store.db, new Date(Date.now() + minuteMs), 500), 2)
    })
  })

  test('an event that was received by a clock that was ahead waits for no future; one of just now does, for a moment', async () => {
    await withQueue(openStore, async ({ store, jobs }) => {
      const of = (id: string, sinceMs: number) => rowWith(id, own, {}, sinceMs)
      const [day, now] = [of('a day ahead', 24 * 60 * minuteMs), of('now', 0)]
      await store.db.insert(awsEvents).values([day, now, of('seconds ahead', 5000), of('before', -minuteMs)])
      const wake = { catalog() {}, passwordPolicy() {}, trailGate() {}, sweep() {} }
      const account = { accountId: own, principalId: 'AROAMUSTER' }
      const clock = () => new Date(now.receivedAt)
      assert.equal((await workOnEvents({ store, jobs, account, wake, clock, log: silentLog })).taken, 2)
      const left = await store.db.select().from(awsEvents).where(eq(awsEvents.status, 'waiting'))
      assert.deepEqual(left.map(({ id }) => id).sort(), ['now', 'seconds ahead'])
    })
  })
})

test('however many events come, the account is swept every five minutes at most, and once more after the last', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const woken: string[] = []
  const by = (name: string) => () => void woken.push(name)
  const wake = calmly({
    catalog: by('catalog'),
    passwordPolicy: by('password policy'),
    trailGate: by('trail gate'),
    sweep: by('sweep'),
  })
  const countOf = (name: string) => woken.filter((each) => each === name).length
  for (let second = 0; second < 400; second++) {
    wake.sweep()
    wake.catalog()
    t.mock.timers.tick(1000)
  }
  assert.deepEqual([countOf('sweep'), countOf('catalog')], [2, 41])
  t.mock.timers.tick(60 * minuteMs)
  assert.deepEqual([countOf('sweep'), countOf('catalog')], [3, 41])
})
