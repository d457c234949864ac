/** Whoever writes several identities locks them in the order of their ids: two such never wait for each other for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { createDatabase } from '../harness/databases.ts'
import { forEachEngine, type IdentityRow, withMovedClock } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const hourMs = 3_600_000

forEachEngine((name, open) => {
  // Embedded, there is one connection, and nobody to wait for.
  if (name !== 'postgres') return
  let url = ''
  const moved = withMovedClock(async (options) => {
    const database = await createDatabase()
    url = database.url
    return await open({ ...options, settings: { MUSTER_DATABASE_URL: url } })
  })

  /** The identities of two new people in the order of their ids, though they lie in the table in the other. */
  async function twoInDisorder(
    ...employeeIds: readonly [string, string]
  ): Promise<[IdentityRow, IdentityRow]> {
    const muster = await moved.running()
    for (const id of employeeIds) await muster.hire(id)
    const rows = [
      await muster.until(employeeIds[0], 'awaiting_mfa'),
      await muster.until(employeeIds[1], 'awaiting_mfa'),
    ]
    const [a, b] = rows.sort((x, y) => (x.id < y.id ? -1 : 1))
    assert.ok(a && b)
    return [a, b]
  }

  async function disorder(client: pg.Client, [a, b]: readonly IdentityRow[]) {
    await eventually(async () => {
      // A row that is written goes where there is room.
      await client.query('update identities set reason = reason where id = $1', [a?.id])
      await client.query('vacuum identities')
      const { rows } = await client.query('select id from identities where id in ($1, $2) order by ctid', [
        a?.id,
        b?.id,
      ])
      return rows[0].id === b?.id
    })
  }

  async function lockedWhileOtherWaits(
    two: readonly [IdentityRow, IdentityRow],
    change: () => Promise<unknown>,
  ) {
    const [a, b] = two
    const [holder, asker] = [new pg.Client(url), new pg.Client(url)]
    await Promise.all([holder.connect(), asker.connect()])
    try {
      await disorder(asker, two)
      await holder.query('begin')
      await holder.query('select from identities where id = $1 for update', [b.id])
      const changed = change()
      await eventually(async () => {
        const free = await asker.query('select from identities where id = $1 for update skip locked', [a.id])
        return free.rowCount === 0
      })
      await holder.query('commit')
      await changed
    } finally {
      await Promise.all([holder.end(), asker.end()])
    }
  }

  test('a batch of leavers locks the first before it waits for the second', async () => {
    const muster = await moved.running()
    const two = await twoInDisorder('L1', 'L2')
    const effectiveAt = new Date(moved.clock().getTime() + hourMs).toISOString()
    for (const id of ['L1', 'L2']) await muster.tell('employee.terminated', id, { effectiveAt })
    await eventually(async () => (await muster.api('GET', '/v1/employees/L2')).endAt !== null)
    await lockedWhileOtherWaits(two, async () => moved.move(2 * hourMs))
    for (const id of ['L1', 'L2']) await muster.until(id, 'locked')
  })
})
