import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { createLog } from '../../src/log.ts'
import { type Api, adminToken } from '../harness/api.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  let api: Api
  const logged: string[] = []
  before(async () => {
    const log = createLog('trace', { write: (line: string) => logged.push(line) })
    under = await openApp(openStore, { log })
    api = under.api
  })
  after(() => under.close())

  /** What `fetch` would clean up before it sends it. */
  async function raw(bytes: string): Promise<string> {
    const { port } = new URL(under.app.listeningOrigin)
    const socket = connect(Number(port), '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.write(bytes)
    await Promise.race([once(socket, 'close'), once(socket, 'end')])
    socket.destroy()
    return text
  }

  describe('a refusal', () => {
    test('has a type, a title, a status, a detail and the id of the request', async () => {
      const { body, headers } = await api.get('/v1/employees/nobody').expect(404)
      const { requestId, ...rest } = body
      assert.deepEqual(rest, {
        type: 'urn:muster:problem:no-such-employee',
        title: 'Not Found',
        status: 404,
        detail: 'there is no employee "nobody"',
      })
      assert.equal(requestId, headers['x-request-id'])
      assert.equal(headers['cache-control'], 'no-store')
    })

    test('comes for whatever is not there', async () => {
      for (const path of [
        '/v1',
        '/v1/',
        '/v2/employees',
        '/v1/employees/E1/nothing',
        '/.env',
        '/v1/../etc',
      ]) {
        const { body } = await api.get(path).expect(404)
        assert.equal(body.type, 'urn:muster:problem:not-found', path)
      }
      await api.get('/').expect(302).expect('location', '/docs')
      await api.request('put', '/v1/employees').expect(404)
      await api.request('delete', '/v1/employees/E1').expect(404)
    })

    test('does not lead out of the API by tricks with the path', async () => {
      for (const path of [
        '/docs/static/../../package.json',
        '/docs/static/..%2f..%2fpackage.json',
        '/..%2fpackage.json',
      ]) {
        const text = await raw(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
        assert.match(text, /^HTTP\/1\.1 40[034]/, path)
        assert.doesNotMatch(text, /devDependencies/)
      }
    })

    test('comes as a problem for a path that is not UTF-8', async () => {
      for (const path of ['/v1/employees/%zz', '/v1/employees/%ff', '/%']) {
        const text = await raw(
          `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\nconnection: close\r\n\r\n`,
        )
        assert.match(text, /^HTTP\/1\.1 400/, path)
        assert.match(text, /application\/problem\+json/)
      }
    })

    test('comes as a problem for bytes that are not HTTP, and for endless headers', async () => {
      const garbage = await raw('\u0000\u0001\u0002 nonsense\r\n\r\n')
      assert.match(garbage, /^HTTP\/1\.1 400/)
      assert.match(garbage, /application\/problem\+json/)
      const endless = await raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)
      assert.match(endless, /^HTTP\/1\.1 431/)
    })
  })

  describe('a malformed parameter', () => {
    const cases: [path: string, place: string][] = [
      ['/v1/employees?limit=0', '?limit'],
      ['/v1/employees?limit=201', '?limit'],
      ['/v1/employees?limit=-1', '?limit'],
      ['/v1/employees?limit=1.5', '?limit'],
      ['/v1/employees?limit=1e2', '?limit'],
      ['/v1/employees?limit=', '?limit'],
      ['/v1/employees?limit=true', '?limit'],
      ['/v1/employees?limit=1&limit=2', '?limit'],
      ['/v1/employees?limit=99999999999999999999', '?limit'],
      ['/v1/employees?status=gone', '?status'],
      ['/v1/employees?stauts=active', '?stauts'],
      ['/v1/employees/F21/offboarding?format=csv', '?format'],
      ['/v1/employees/F21/plan?dryRun=true', '?dryRun'],
      ['/v1/roles/backend-engineer?limit=1', '?limit'],
      ['/v1/employees?role=%00', '?role'],
      ['/v1/employees?role=', '?role'],
      ['/v1/employees?cursor=', '?cursor'],
      ['/v1/employees?cursor=AAAA', '?cursor'],
      ['/v1/employees?cursor=%F0%9F%98%80', '?cursor'],
      [`/v1/employees?cursor=${Buffer.from('employees:a\u0000').toString('base64url')}`, '?cursor'],
      [`/v1/employees?cursor=${Buffer.from('roles:a').toString('base64url')}`, '?cursor'],
      [`/v1/employees?cursor=${Buffer.from('employees:\uFFFD').toString('base64url')}=`, '?cursor'],
      [`/v1/employees?cursor=${'A'.repeat(1025)}`, '?cursor'],
      [`/v1/operations?cursor=${Buffer.from('operations:E1').toString('base64url')}`, '?cursor'],
      [`/v1/deliveries?cursor=${Buffer.from('deliveries:1').toString('base64url')}`, '?cursor'],
      ['/v1/operations?status=odd', '?status'],
      ['/v1/operations?employeeId=%00', '?employeeId'],
      ['/v1/operations/1', '{id}'],
      ["/v1/operations/1'%20or%20'1'='1", '{id}'],
      ['/v1/deliveries/x', '{id}'],
      ['/v1/employees/%00', '{employeeId}'],
      ['/v1/employees/a%0Ab', '{employeeId}'],
      ['/v1/employees/%E2%80%8B', '{employeeId}'],
      [`/v1/employees/${'x'.repeat(129)}`, '{employeeId}'],
      [`/v1/employees/${'x'.repeat(8000)}`, '{employeeId}'],
      [`/v1/roles/${'x'.repeat(65)}`, '{role}'],
      ['/v1/audit?action=drop%20table', '?action'],
      ['/v1/audit?cursor=nonsense', '?cursor'],
      ['/v1/audit/verify?expectedSeq=0&expectedHash=0', '?expectedSeq'],
      ['/v1/audit/verify?expectedSeq=7', '?expectedHash'],
      ['/v1/dead-letters?cursor=x', '?cursor'],
    ]
    for (const [path, place] of cases) {
      test(`is named: ${path.slice(0, 80)}`, async () => {
        const { body } = await api.get(path).expect(400)
        const places = (body.faults ?? []).map(({ at }: { at: string }) => at)
        if (!path.startsWith('/v1/audit?cursor')) assert.ok(places.includes(place), JSON.stringify(body))
      })
    }

    test('is told in the same words, whether it is zero or below', async () => {
      for (const limit of ['0', '-1', '-200']) {
        const { body } = await api.get(`/v1/employees?limit=${limit}`).expect(400)
        assert.deepEqual(body.faults, [{ at: '?limit', message: 'must be at least 1' }])
      }
    })

    test('names like those of every object are no roles', async () => {
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
        await api.get(`/v1/roles/${name}`).expect(404)
        const { body } = await api.get(`/v1/employees?role=${name}`).expect(200)
        assert.deepEqual(body.items, [])
      }
    })
  })

  describe('a defect of our own', () => {
    test('is told without any inside of ours, and stands in the log without what was asked', async () => {
      await under.store.db.execute(sql`alter table operations rename to operations_gone`)
      try {
        logged.length = 0
        const answer = await api.get('/v1/operations?employeeId=secret-person').expect(500)
        assert.equal(answer.body.type, 'urn:muster:problem:internal')
        assert.doesNotMatch(answer.text, /operations|select|relation|stack|node_modules/i)
        const entry = logged.find((line) => line.includes(answer.body.requestId))
        assert.ok(entry)
        assert.match(entry, /operations/)
        assert.doesNotMatch(
          logged.filter((line) => line.includes('"a request failed"')).join(''),
          /secret-person/,
        )
      } finally {
        await under.store.db.execute(sql`alter table operations_gone rename to operations`)
      }
      await api.get('/v1/operations').expect(200)
    })
  })

  test('neither tokens nor bodies are logged', async () => {
    logged.length = 0
    await api.get('/v1/employees').expect(200)
    await api.post('/v1/employees', { employeeId: 'E9', givenName: 'Hush-hush' }).expect(400)
    await api.as('wrong-token-0123456789-0123456789').get('/v1/employees').expect(401)
    await api
      .request('post', '/v1/employees')
      .set('content-type', 'application/json')
      .send('{"Hush-hush')
      .expect(400)
    const all = logged.join('')
    assert.match(all, /"route":"\/v1\/employees"/)
    for (const secret of [adminToken, 'wrong-token', 'Hush-hush']) assert.ok(!all.includes(secret), secret)
  })
})
