import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { recordAudit } from '../../src/audit/record.ts'
import { startSealer } from '../../src/audit/sealer.ts'
import { newId } from '../../src/store/ids.ts'
import { deliveries, identities, type OperationStatus, operations } from '../../src/store/schema.ts'
import { forEachDatabase, silentLog } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

interface Item {
  readonly id: string
}

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  before(async () => {
    under = await openApp(openStore)
  })
  after(() => under.close())
  beforeEach(() => under.empty())

  /** All ids of a list, page by page. */
  async function walk(path: string): Promise<string[]> {
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const joint = path.includes('?') ? '&' : '?'
      const { body }: { body: { items: Item[]; nextCursor: string | null } } = await under.api
        .get(cursor ? `${path}${joint}cursor=${encodeURIComponent(cursor)}` : path)
        .expect(200)
      ids.push(...body.items.map(({ id }) => id))
      cursor = body.nextCursor
    } while (cursor)
    return ids
  }

  describe('operations', () => {
    async function seed(employeeId: string | null, status: OperationStatus = 'done'): Promise<string> {
      const id = newId()
      await under.store.db.insert(operations).values({
        id,
        accountId: '123456789012',
        identityId: employeeId === null ? null : newId(),
        employeeId,
        kind: employeeId === null ? 'catalog' : 'join',
        cause: 'admin',
        status,
        steps: [
          {
            do: 'AddUserToGroup',
            params: { UserName: 'ada', GroupName: 'engineering' },
            outcome: 'done',
            requestId: 'r-1',
            startedAt: '2026-01-01T00:00:00.000Z',
            durationMs: 12.5,
            attempts: 1,
          },
          { do: 'DeleteUser', params: {}, outcome: 'failed', error: 'DeleteConflict' },
        ],
        startedAt: new Date('2026-01-01T00:00:00Z'),
        finishedAt: status === 'running' ? null : new Date('2026-01-01T00:00:01.5Z'),
      })
      return id
    }

    test('are listed newest first, page by page', async () => {
      const ids: string[] = []
      for (let i = 0; i < 5; i++) ids.push(await seed('E1'))
      const wanted = ids.toSorted().reverse()
      assert.deepEqual(await walk('/v1/operations?limit=2'), wanted)
      assert.deepEqual(await walk('/v1/operations'), wanted)
    })

    test('can be narrowed to an employee and a status', async () => {
      const one = await seed('E1')
      const running = await seed('E1', 'running')
      await seed('E2')
      const account = await seed(null)
      assert.deepEqual(
        await walk('/v1/operations?employeeId=E1&limit=1'),
        [running, one].toSorted().reverse(),
      )
      assert.deepEqual(await walk('/v1/operations?status=running'), [running])
      assert.deepEqual((await walk('/v1/operations')).includes(account), true)
    })

    test('show each call with its outcome', async () => {
      const id = await seed('E1')
      const { body } = await under.api.get(`/v1/operations/${id}`).expect(200)
      assert.equal(body.durationMs, 1500)
      assert.equal(body.steps[0].requestId, 'r-1')
      assert.deepEqual(body.steps[0].params, { UserName: 'ada', GroupName: 'engineering' })
      assert.deepEqual(body.steps[1], {
        do: 'DeleteUser',
        params: {},
        outcome: 'failed',
        error: 'DeleteConflict',
      })
      await under.api.get(`/v1/operations/${newId()}`).expect(404)
    })
  })

  describe('deliveries', () => {
    async function seed(status: 'applied' | 'pending' | 'refused' | 'failed', body: string | null = '{}') {
      const id = newId()
      await under.store.db.insert(deliveries).values({
        id,
        source: 'hr',
        senderId: `msg_${id}`,
        receivedAt: new Date(),
        kind: 'employee.hired',
        urgency: 1,
        contentType: 'application/json',
        body: body === null ? null : Buffer.from(body),
        bodySha256: createHash('sha256').update('{}').digest('hex'),
        status,
        reason: status === 'applied' ? null : 'role "astronaut" is not in the catalog',
        employeeIds: ['E1'],
      })
      return id
    }

    test('are listed newest first, and can be narrowed by status', async () => {
      const ids = [await seed('applied'), await seed('pending'), await seed('refused')]
      assert.deepEqual(await walk('/v1/deliveries?limit=1'), ids.toSorted().reverse())
      assert.deepEqual(await walk('/v1/deliveries?status=pending'), [ids[1]])
    })

    test('never show their bytes', async () => {
      const id = await seed('refused', '{"password":"hunter2"}')
      const { body, text } = await under.api.get(`/v1/deliveries/${id}`).expect(200)
      assert.equal(body.bodyBytes, 22)
      assert.doesNotMatch(text, /hunter2/)
      await under.api.get(`/v1/deliveries/${newId()}`).expect(404)
    })

    test('can be replayed as long as their bytes are there', async () => {
      const wakes = under.wakes()
      const id = await seed('failed')
      const { body } = await under.api.post(`/v1/deliveries/${id}/replay`).expect(202)
      assert.equal(body.status, 'accepted')
      assert.equal(body.reason, null)
      assert.equal(under.wakes(), wakes + 1)
      const gone = await seed('failed', null)
      await under.api.post(`/v1/deliveries/${gone}/replay`).expect(409)
      await under.api.post(`/v1/deliveries/${newId()}/replay`).expect(404)
      const audit = (await under.api.get('/v1/audit?action=delivery.replayed').expect(200)).body
      assert.equal(audit.items.length, 1)
      assert.deepEqual(audit.items[0].details, { deliveryId: id, employeeIds: ['E1'] })
    })
  })

  describe('dead letters', () => {
    test('are none as long as nothing was given up', async () => {
      const { body } = await under.api.get('/v1/dead-letters').expect(200)
      assert.deepEqual(body, { items: [], nextCursor: null })
      await under.api.post(`/v1/dead-letters/${newId()}/replay`).expect(404)
    })

    test('show whom they are about, and go back into their queue', async () => {
      const { store, api, deps } = under
      const identityId = newId()
      await store.db.insert(identities).values({
        id: identityId,
        employeeId: 'E1',
        accountId: '123456789012',
        userName: 'ada',
      })
      await store.db.transaction((tx) => deps.jobs.queueReconciles(tx, [identityId], false))
      // The end of twenty tries, without the hours between them: the job's own row says that it has had them all.
      await store.db.execute(sql`update jobs.job set retry_limit = 0 where singleton_key = ${identityId}`)
      await deps.jobs.work('reconcile', { workers: 1, batchSize: 10 }, async (jobs) =>
        jobs.map(({ id }) => ({ id, error: 'AccessDenied: iam:CreateUser' })),
      )
      const dead = await eventually(
        async () => {
          const { items } = (await api.get('/v1/dead-letters').expect(200)).body
          return items[0] as (Item & { employeeId: string; error: string; queue: string }) | undefined
        },
        { what: 'giving the job up' },
      )
      assert.equal(dead.employeeId, 'E1')
      assert.equal(dead.queue, 'reconcile')
      assert.match(dead.error, /AccessDenied/)
      await api.post(`/v1/dead-letters/${dead.id}/replay`).expect(202)
      await api.post(`/v1/dead-letters/${dead.id}/replay`).expect(404)
      const audit = (await api.get('/v1/audit?action=job.replayed').expect(200)).body
      assert.deepEqual(
        audit.items.map(({ actor }: { actor: string }) => actor),
        ['admin'],
      )
    })
  })

  describe('roles', () => {
    test('are those of the catalog, with how many hold each', async () => {
      for (const [i, role] of ['finance', 'finance', 'backend-engineer'].entries()) {
        await under.api
          .post('/v1/employees', {
            employeeId: `E${i}`,
            givenName: 'Ada',
            familyName: 'Lovelace',
            email: 'ada@example.com',
            role,
          })
          .expect(201)
      }
      await under.api.post('/v1/employees/E0/terminate').expect(202)
      const names = Object.keys(under.catalog.roles).toSorted()
      const { body } = await under.api.get('/v1/roles').expect(200)
      assert.deepEqual(
        body.items.map(({ role }: { role: string }) => role),
        names,
      )
      const first = (await under.api.get('/v1/roles?limit=2').expect(200)).body
      const second = (await under.api.get(`/v1/roles?limit=200&cursor=${first.nextCursor}`).expect(200)).body
      assert.deepEqual([...first.items, ...second.items], body.items)

      const finance = (await under.api.get('/v1/roles/finance').expect(200)).body
      assert.equal(finance.employees, 1)
      const engineer = (await under.api.get('/v1/roles/backend-engineer').expect(200)).body
      assert.equal(engineer.employees, 1)
      assert.equal(engineer.boundary, 'muster-boundary-engineer')
      assert.deepEqual(
        engineer.groups.map(({ name }: { name: string }) => name),
        ['engineering', 'deploy-staging'],
      )
      await under.api.get('/v1/roles/astronaut').expect(404)
    })
  })

  describe('the audit record', () => {
    test('is listed, narrowed, and verified', async () => {
      const { store, api, deps } = under
      const at = new Date('2026-01-01T00:00:00Z')
      for (const employeeId of ['E1', 'E2', 'E1']) {
        await recordAudit(store.db, [
          { at, actor: 'hr', action: 'employee.hired', employeeId, details: { by: 'test' } },
        ])
      }
      assert.equal((await walk('/v1/audit?limit=2')).length, 3)
      assert.equal((await walk('/v1/audit?limit=1&employeeId=E1')).length, 2)
      const { body } = await api.get('/v1/audit?employeeId=E2').expect(200)
      assert.deepEqual(body.items[0].details, { by: 'test' })
      assert.equal(body.items[0].seq, null)

      const unsealed = (await api.get('/v1/audit/verify').expect(200)).body
      assert.equal(unsealed.ok, true)
      assert.equal(unsealed.head, null)
      assert.ok(unsealed.oldestUnsealedSeconds > 0)

      const sealer = startSealer({ ...deps, log: silentLog })
      try {
        const verified = await eventually(
          async () => {
            const { body } = await api.get('/v1/audit/verify').expect(200)
            return body.checked === 3 && body
          },
          { what: 'sealing the records' },
        )
        assert.equal(verified.ok, true)
        assert.equal(verified.head.seq, 3)
        const { seq, hash } = verified.head
        const expecting = (n: number, h: string) => `/v1/audit/verify?expectedSeq=${n}&expectedHash=${h}`
        assert.equal((await api.get(expecting(seq, hash)).expect(200)).body.ok, true)
        const cut = (await api.get(expecting(seq + 1, hash)).expect(200)).body
        assert.deepEqual([cut.ok, cut.faults[0].kind], [false, 'cut'])
      } finally {
        await sealer.stop()
      }
    })
  })
})
