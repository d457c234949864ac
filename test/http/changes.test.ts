import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { accounts, identities } from '../../src/store/schema.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

const ada = {
  employeeId: 'E1001',
  givenName: 'Ada',
  familyName: 'Lovelace',
  email: 'ada@example.com',
  role: 'backend-engineer',
}

interface Fault {
  readonly at: string
  readonly message: string
}

const places = (body: { faults?: Fault[] }) => (body.faults ?? []).map(({ at }) => at).toSorted()

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  before(async () => {
    under = await openApp(openStore)
  })
  after(() => under.close())
  beforeEach(() => under.empty())

  describe('hiring by hand', () => {
    test('answers with the employee and where they are', async () => {
      const { body, headers } = await under.api.post('/v1/employees', ada).expect(201)
      assert.equal(headers.location, '/v1/employees/E1001')
      assert.equal(body.status, 'active')
      assert.equal(body.role, 'backend-engineer')
      assert.equal(body.identities.length, 1)
      assert.equal(body.identities[0].userName, 'ada.lovelace')
      assert.equal(body.identities[0].state, 'pending')
      const read = await under.api.get(headers.location ?? '').expect(200)
      assert.deepEqual(read.body, body)
    })

    test('gives a path that leads there for any id', async () => {
      const employeeId = 'a/b ü?#'
      const { headers } = await under.api.post('/v1/employees', { ...ada, employeeId }).expect(201)
      const { body } = await under.api.get(headers.location ?? '').expect(200)
      assert.equal(body.employeeId, employeeId)
    })

    test('and everything else finds a person however their id is spelt in Unicode', async () => {
      const apart = 'Jose\u0301'
      const together = 'Jos\u00e9'
      const { api } = under
      const isOne = ({ body }: { body: { employeeId: string } }) => assert.equal(body.employeeId, together)
      const hired = await api
        .post('/v1/employees', { ...ada, employeeId: apart, managerId: apart })
        .expect(201)
      isOne(hired)
      assert.equal(hired.headers.location, `/v1/employees/${encodeURIComponent(together)}`)
      assert.equal(hired.body.managerId, together)
      for (const spelt of [apart, together]) {
        const path = `/v1/employees/${encodeURIComponent(spelt)}`
        isOne(await api.get(path).expect(200))
        const patched = await api.patch(path, { managerId: apart, department: spelt }).expect(200)
        isOne(patched)
        assert.equal(patched.body.managerId, together)
        // A department is no key: it stays as it was written.
        assert.equal(patched.body.department, spelt)
        await api.post(`${path}/enrollments`).expect(201)
        assert.equal((await api.get(`${path}/enrollments`).expect(200)).body.items[0].status, 'open')
        isOne(await api.post(`${path}/hold`, { reason: 'Laptop stolen' }).expect(202))
        isOne(await api.delete(`${path}/hold`).expect(202))
        isOne(await api.post(`${path}/reconcile`).expect(202))
        const audit = await api.get(`/v1/audit?employeeId=${encodeURIComponent(spelt)}`).expect(200)
        assert.ok(audit.body.items.length > 0)
        for (const item of audit.body.items) isOne({ body: item })
        await api.get(`/v1/operations?employeeId=${encodeURIComponent(spelt)}`).expect(200)
      }
      isOne(await api.post(`/v1/employees/${encodeURIComponent(apart)}/terminate`).expect(202))
      assert.equal((await api.get('/v1/employees').expect(200)).body.items.length, 1)
    })

    test('takes the optional facts, a start in the future, and null for nothing', async () => {
      const { body } = await under.api
        .post('/v1/employees', {
          ...ada,
          startAt: '2999-01-01',
          department: 'Engines',
          managerId: null,
          timeZone: 'Europe/London',
        })
        .expect(201)
      assert.equal(body.status, 'scheduled')
      assert.equal(body.startAt, '2999-01-01T00:00:00.000Z')
      assert.equal(body.department, 'Engines')
      assert.equal(body.managerId, null)
    })

    test('into a role that the catalog does not have is refused, and says which there are', async () => {
      for (const role of ['astronaut', 'constructor', '__proto__']) {
        const { body } = await under.api.post('/v1/employees', { ...ada, role }).expect(422)
        assert.equal(body.type, 'urn:muster:problem:unknown-role')
        assert.match(
          body.detail,
          new RegExp(`"${role}" is not in the catalog: .*backend-engineer, data-analyst`),
        )
      }
      await under.api.get('/v1/employees/E1001').expect(404)
    })

    test('of somebody who is employed is refused', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      await under.api.post('/v1/employees', ada).expect(409)
    })

    test('of somebody who has left needs a start after the end, and says so', async () => {
      await under.api.post('/v1/employees', { ...ada, startAt: '2020-01-01' }).expect(201)
      await under.api.post('/v1/employees/E1001/terminate', {}).expect(202)
      for (const startAt of ['2020-01-01', '2020-02-01']) {
        const { body } = await under.api.post('/v1/employees', { ...ada, startAt }).expect(409)
        assert.match(body.type, /without-effect/)
        assert.match(body.detail, /later/)
      }
      const rehired = await under.api.post('/v1/employees', { ...ada, startAt: '2999-01-01' }).expect(201)
      assert.equal(rehired.body.status, 'terminated')
      const moved = await under.api.post('/v1/employees', { ...ada, startAt: '2999-02-01' }).expect(201)
      assert.deepEqual(moved.body.pending, [])
    })

    test('lists every fault at once, each with its place', async () => {
      const { body } = await under.api
        .post('/v1/employees', {
          employeeId: ' ',
          givenName: '',
          familyName: 5,
          email: 'nobody',
          startAt: '2026-02-30',
          timeZone: 'Moon/Sea',
          managerId: 'a  b',
          nickname: 'x',
        })
        .expect(400)
      assert.deepEqual(places(body), [
        '/email',
        '/employeeId',
        '/familyName',
        '/givenName',
        '/managerId',
        '/nickname',
        '/role',
        '/startAt',
        '/timeZone',
      ])
      const words = Object.fromEntries(body.faults.map(({ at, message }: Fault) => [at, message]))
      assert.equal(words['/role'], 'is missing')
      assert.equal(words['/familyName'], 'must be a text')
      assert.match(words['/nickname'], /not known/)
      assert.match(words['/startAt'], /date-time with offset/)
      assert.match(words['/email'], /ada@example\.com/)
    })

    const poison: [name: string, value: unknown][] = [
      ['a NUL byte', 'a\u0000b'],
      ['a lone surrogate', '\ud800'],
      ['a line break', 'a\nb'],
      ['an escape sequence', '\u001b[31m'],
      ['too much', 'x'.repeat(201)],
      ['nothing but spaces', '   '],
      ['a number', 7],
      ['a list', ['a']],
      ['an object', { toString: 'x' }],
      ['null', null],
      ['true', true],
    ]
    for (const [name, value] of poison) {
      test(`refuses ${name} as a name`, async () => {
        const { body } = await under.api.post('/v1/employees', { ...ada, givenName: value }).expect(400)
        assert.deepEqual(places(body), ['/givenName'])
      })
    }

    test('takes names of any script', async () => {
      const names = ['Zoë', "O'Neil", '王', 'Ægir-Þór', '😀', 'محمد', 'x'.repeat(200)]
      for (const [i, givenName] of names.entries()) {
        const { body } = await under.api
          .post('/v1/employees', { ...ada, employeeId: `N${i}`, givenName })
          .expect(201)
        assert.equal(body.givenName, givenName)
      }
    })

    test('refuses keys that would change the prototype of things', async () => {
      for (const key of ['__proto__', 'constructor']) {
        const text = `{"${key}":{"prototype":{"polluted":true}},${JSON.stringify(ada).slice(1)}`
        await under.api
          .request('post', '/v1/employees')
          .set('content-type', 'application/json')
          .send(text)
          .expect(400)
      }
      assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    })

    test('refuses what is not JSON, not an object, or of another type', async () => {
      const send = (type: string, text: string) =>
        under.api.request('post', '/v1/employees').set('content-type', type).send(text)
      await send('application/json', '{').expect(400)
      await send('application/json', '').expect(400)
      await send('application/json', '[]').expect(400)
      await send('application/json', 'null').expect(400)
      await send('application/json', '"x"').expect(400)
      await send('application/xml', '<a/>').expect(415)
      const text = await send('text/plain', JSON.stringify(ada)).expect(415)
      assert.match(text.body.detail, /^Send the body as application\/json/)
      await send('application/json', JSON.stringify({ ...ada, givenName: 'x'.repeat(70_000) })).expect(413)
    })
  })

  describe('overriding what HR says', () => {
    test('sets an override, shows it, and null lifts it', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const { body } = await under.api
        .patch('/v1/employees/E1001', { role: 'data-analyst', department: 'Lab' })
        .expect(200)
      assert.equal(body.role, 'data-analyst')
      assert.deepEqual(
        body.overrides.map(({ field, value }: { field: string; value: string }) => [field, value]).toSorted(),
        [
          ['department', 'Lab'],
          ['role', 'data-analyst'],
        ],
      )
      const lifted = await under.api.patch('/v1/employees/E1001', { role: null }).expect(200)
      assert.equal(lifted.body.role, 'backend-engineer')
      assert.equal(lifted.body.department, 'Lab')
    })

    test('with a role that the catalog does not have is refused, and changes nothing', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const { body } = await under.api
        .patch('/v1/employees/E1001', { role: 'astronaut', department: 'Space' })
        .expect(422)
      assert.equal(body.type, 'urn:muster:problem:unknown-role')
      assert.match(body.detail, /data-analyst/)
      const read = await under.api.get('/v1/employees/E1001').expect(200)
      assert.deepEqual(read.body.overrides, [])
      await under.api.patch('/v1/employees/E1001', { role: null }).expect(200)
    })

    test('may come as a merge patch', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const { body } = await under.api
        .request('patch', '/v1/employees/E1001')
        .set('content-type', 'application/merge-patch+json')
        .send(JSON.stringify({ familyName: 'King' }))
        .expect(200)
      assert.equal(body.familyName, 'King')
    })

    test('of nothing, of an unknown field or of nobody is refused', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      await under.api.patch('/v1/employees/E1001', {}).expect(400)
      const { body } = await under.api
        .patch('/v1/employees/E1001', { status: 'active', rolle: 'x' })
        .expect(400)
      assert.deepEqual(places(body), ['/rolle', '/status'])
      await under.api.patch('/v1/employees/nobody', { role: 'finance' }).expect(404)
    })
  })

  describe('terminating by hand', () => {
    test('needs no body, and ends the employment now', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const { body } = await under.api.post('/v1/employees/E1001/terminate').expect(202)
      assert.equal(body.status, 'terminated')
      assert.ok(body.endAt)
    })

    test('takes an empty body that says it is JSON for none', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const send = (method: 'post' | 'delete', path: string) =>
        under.api
          .request(method, `/v1/employees/E1001/${path}`)
          .set('content-type', 'application/json')
          .send('')
      await send('delete', 'hold').expect(202)
      await send('post', 'reconcile').expect(202)
      await send('post', 'terminate').expect(202)
      await send('post', 'hold').expect(400)
    })

    test('takes an empty body of any type for none, and no other body than JSON', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const send = (method: 'post' | 'delete', path: string, type: string, body: string) =>
        under.api.request(method, `/v1/employees/E1001/${path}`).set('content-type', type).send(body)
      for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
        await send('delete', 'hold', type, '').expect(202)
        await send('post', 'reconcile', type, '').expect(202)
        await send('post', 'terminate', type, '{"effectiveAt":"2999-12-31"}').expect(415)
        const { body } = await under.api.get('/v1/employees/E1001').expect(200)
        assert.equal(body.endAt, null)
      }
      await send('post', 'terminate', 'text/plain', '').expect(202)
    })

    test('may take effect later', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const { body } = await under.api
        .post('/v1/employees/E1001/terminate', { effectiveAt: '2999-12-31' })
        .expect(202)
      assert.equal(body.status, 'active')
      assert.equal(body.endAt, '3000-01-01T00:00:00.000Z')
    })

    test('refuses a malformed moment, an unknown field and an unknown employee', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const { body } = await under.api
        .post('/v1/employees/E1001/terminate', { effectiveAt: 'soon', urgent: 'yes', reason: 'x' })
        .expect(400)
      assert.deepEqual(places(body), ['/effectiveAt', '/reason', '/urgent'])
      await under.api.post('/v1/employees/nobody/terminate', {}).expect(404)
    })
  })

  describe('a hold', () => {
    test('is shown until it is lifted', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const held = await under.api.post('/v1/employees/E1001/hold', { reason: 'laptop stolen' }).expect(202)
      assert.equal(held.body.hold.reason, 'laptop stolen')
      assert.equal(held.body.hold.by, 'admin')
      assert.equal(held.body.status, 'active')
      const lifted = await under.api.delete('/v1/employees/E1001/hold').expect(202)
      assert.equal(lifted.body.hold, null)
      await under.api.delete('/v1/employees/E1001/hold').expect(202)
    })

    test('needs a reason and an employee', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      await under.api.post('/v1/employees/E1001/hold').expect(400)
      await under.api.post('/v1/employees/E1001/hold', {}).expect(400)
      await under.api.post('/v1/employees/E1001/hold', { reason: ' ' }).expect(400)
      await under.api.post('/v1/employees/nobody/hold', { reason: 'x' }).expect(404)
      await under.api.delete('/v1/employees/nobody/hold').expect(404)
    })
  })

  describe('looking again', () => {
    test('names the identities that will be looked at', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const { body } = await under.api.post('/v1/employees/E1001/reconcile').expect(202)
      assert.equal(body.employeeId, 'E1001')
      assert.equal(body.identityIds.length, 1)
      const audit = await under.api.get('/v1/audit?action=identity.reconcile_requested').expect(200)
      assert.deepEqual(
        audit.body.items.map(({ actor, identityId }: Record<string, string>) => [actor, identityId]),
        [['admin', body.identityIds[0]]],
      )
      await under.api.post('/v1/employees/nobody/reconcile').expect(404)
    })

    test('can be tried dry, and then changes nothing', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      await under.store.db.update(accounts).set({ catalogHash: under.catalog.hash })
      const before = under.sandbox.state.users.size
      const { body } = await under.api.get('/v1/employees/E1001/plan').expect(200)
      assert.equal(body.plans.length, 1)
      const [plan] = body.plans
      assert.equal(plan.userName, 'ada.lovelace')
      assert.equal(plan.observed, 'absent')
      assert.equal(plan.desired.kind, 'active')
      assert.equal(plan.blocked, null)
      assert.deepEqual(
        plan.steps.map((step: { do: string }) => step.do),
        ['CreateUser', 'AddUserToGroup', 'AddUserToGroup', 'AddUserToGroup'],
      )
      assert.equal(plan.steps[0].params.UserName, 'ada.lovelace')
      assert.equal(under.sandbox.state.users.size, before)
      await under.api.get('/v1/employees/nobody/plan').expect(404)
    })

    test('says why nothing would be done for a role that the catalog does not have', async () => {
      await under.api.post('/v1/employees', { ...ada, role: 'finance' }).expect(201)
      await under.store.db.execute("update employees set role = 'astronaut'")
      const { body } = await under.api.get('/v1/employees/E1001/plan').expect(200)
      assert.match(body.plans[0].blocked, /astronaut/)
    })
  })

  describe('a conflict', () => {
    test('is solved by another name', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      await under.store.db.execute("update identities set state = 'conflict', reason = 'taken'")
      const { body } = await under.api
        .post('/v1/employees/E1001/conflict', { resolution: 'rename', userName: 'ada2' })
        .expect(202)
      assert.equal(body.identities[0].userName, 'ada2')
    })

    test('is solved by taking the user over, who may be given up to 90 days without MFA', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      await under.store.db.execute("update identities set state = 'conflict', reason = 'taken'")
      const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
      const post = (mfaDeadline: string) =>
        under.api.post('/v1/employees/E1001/conflict', { resolution: 'adopt', mfaDeadline })
      await post(inDays(91)).expect(422)
      await post(inDays(-1)).expect(422)
      const deadline = inDays(89)
      await post(deadline.replace('Z', '+00:00')).expect(202)
      const [row] = await under.store.db.select().from(identities)
      assert.deepEqual([row?.adopt, row?.mfaDeadlineAt?.toISOString()], [true, deadline])
    })

    test('needs a resolution that makes sense', async () => {
      await under.api.post('/v1/employees', ada).expect(201)
      const post = (body: object) => under.api.post('/v1/employees/E1001/conflict', body)
      await post({}).expect(400)
      await post({ resolution: 'ignore' }).expect(400)
      await post({ resolution: 'rename' }).expect(400)
      await post({ resolution: 'rename', userName: 'a b' }).expect(400)
      await post({ resolution: 'adopt', userName: 'ada2' }).expect(400)
      await post({ resolution: 'adopt', accountId: '12' }).expect(400)
      await post({ resolution: 'adopt', mfaDeadline: '2026-12-01' }).expect(400)
      await post({ resolution: 'rename', userName: 'ada2', mfaDeadline: '2026-12-01T09:00:00Z' }).expect(400)
      await under.api.post('/v1/employees/nobody/conflict', { resolution: 'adopt' }).expect(404)
    })
  })
})
