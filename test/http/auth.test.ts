import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { adminToken, documented } from '../harness/api.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

const guarded = [
  ['get', '/v1/employees'],
  ['post', '/v1/employees'],
  ['get', '/v1/employees/E1'],
  ['patch', '/v1/employees/E1'],
  ['get', '/v1/employees/E1/plan'],
  ['post', '/v1/employees/E1/terminate'],
  ['post', '/v1/employees/E1/hold'],
  ['delete', '/v1/employees/E1/hold'],
  ['post', '/v1/employees/E1/reconcile'],
  ['post', '/v1/employees/E1/conflict'],
  ['get', '/v1/operations'],
  ['get', '/v1/deliveries'],
  ['get', '/v1/dead-letters'],
  ['get', '/v1/roles'],
  ['get', '/v1/audit'],
  ['get', '/v1/audit/verify'],
] as const

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  before(async () => {
    under = await openApp(openStore)
  })
  after(() => under.close())

  /** From anywhere: failures are counted by address. */
  async function rolesWith(authorization: string, remoteAddress = '127.0.0.1') {
    const url = '/v1/roles'
    return documented('GET', url, await under.app.inject({ url, headers: { authorization }, remoteAddress }))
  }

  test('everything under /v1 needs a token, and says so', async () => {
    for (const [method, path] of guarded) {
      const answer = await under.api.as(undefined).request(method, path).expect(401)
      assert.equal(answer.headers['www-authenticate'], 'Bearer realm="muster"', path)
      assert.equal(answer.body.type, 'urn:muster:problem:unauthenticated')
    }
  })

  test('a request without a token is refused before its body is looked at', async () => {
    await under.api
      .as(undefined)
      .request('post', '/v1/employees')
      .set('content-type', 'application/json')
      .send('{"not json')
      .expect(401)
  })

  test('a route of /v1 that does not exist is not told to strangers', async () => {
    await under.api.as(undefined).get('/v1/no-such-thing').expect(401)
    await under.api.get('/v1/no-such-thing').expect(404)
  })

  test('a valid token still works while others fail from the same address', async () => {
    const stranger = under.api.as('x'.repeat(40))
    let status = 0
    for (let i = 0; i < 40 && status !== 429; i++) status = (await stranger.get('/v1/roles')).status
    assert.equal(status, 429)
    const refusal = await stranger.get('/v1/roles').expect(429)
    assert.ok(Number(refusal.headers['retry-after']) > 0)
    await under.api.get('/v1/roles').expect(200)
  })

  test('what nearly is a valid token is none', async () => {
    const almost = [
      adminToken.slice(0, -1),
      `${adminToken}x`,
      adminToken.toUpperCase(),
      `${adminToken} ${adminToken}`,
      '',
      'ü'.repeat(40),
    ]
    for (const token of almost) {
      const { statusCode, headers } = await rolesWith(`Bearer ${token}`, `10.0.0.${almost.indexOf(token)}`)
      assert.equal(statusCode, 401, token)
      assert.match(String(headers['www-authenticate']), /^Bearer realm="muster"/)
    }
    for (const authorization of [adminToken, `Basic ${adminToken}`, `Token ${adminToken}`]) {
      const { statusCode } = await rolesWith(authorization, '10.0.1.1')
      assert.equal(statusCode, 401, authorization)
    }
  })

  test('the scheme is Bearer in any case', async () => {
    const { statusCode } = await rolesWith(`bEARER ${adminToken}`)
    assert.equal(statusCode, 200)
  })

  test('no answer of the admin API may be kept in a cache', async () => {
    const { headers } = await under.api.get('/v1/roles').expect(200)
    assert.equal(headers['cache-control'], 'no-store')
  })
})
