import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { asc } from 'drizzle-orm'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { openInbox } from '../../src/intake/inbox.ts'
import { lifecycleKinds } from '../../src/lifecycle/events.ts'
import { openStore as openAnyStore, type Store } from '../../src/store/open.ts'
import { deliveries } from '../../src/store/schema.ts'
import { documented } from '../harness/api.ts'
import { emptyStore, forEachDatabase, forPostgres, silentLog } from '../harness/databases.ts'
import { startFlakyDatabase } from '../harness/flaky-database.ts'
import { eventually } from '../harness/waiting.ts'
import { hired, message, newSecret, type SignedMessage, signed, webhookApp } from '../harness/webhooks.ts'

const secret = newSecret()
const limitBytes = 256 * 1024

async function post(app: FastifyInstance, { headers, payload }: SignedMessage, source = 'hr') {
  const url = `/webhooks/${source}`
  return documented('POST', url, await app.inject({ method: 'POST', url, headers, payload }))
}

const rowsIn = (store: Store) => store.db.select().from(deliveries).orderBy(asc(deliveries.id))

/** A well formed message of exactly so many bytes. */
function messageOfBytes(bytes: number): string {
  const empty = JSON.stringify(message('employee.terminated', 'E1', { note: '' })).length
  return JSON.stringify(message('employee.terminated', 'E1', { note: 'x'.repeat(bytes - empty) }))
}

forEachDatabase((_name, openStore) => {
  let store: Store
  let app: FastifyInstance
  beforeEach(async () => {
    store = await openStore()
    await emptyStore(store)
    app = await webhookApp(openInbox(store, silentLog), [secret])
  })
  afterEach(() => app.close())

  test('a signed message is answered with 202 once it is stored', async () => {
    const sent = signed(secret, hired('E1001'), { id: 'msg_1' })
    const response = await post(app, sent)
    assert.equal(response.statusCode, 202)
    const [row] = await rowsIn(store)
    assert.deepEqual(response.json(), { deliveryId: row?.id, status: 'accepted' })
    assert.deepEqual(
      [row?.source, row?.senderId, row?.status, row?.kind, row?.urgency, row?.employeeIds],
      ['hr', 'msg_1', 'accepted', 'employee.hired', 1, ['E1001']],
    )
    assert.deepEqual(row?.body, sent.payload)
  })

  test('every type is taken, terminations and suspensions as urgent', async () => {
    for (const kind of lifecycleKinds) {
      const body = kind === 'employee.hired' ? hired('E1') : message(kind, 'E1', { role: 'data-analyst' })
      assert.equal((await post(app, signed(secret, body))).statusCode, 202, kind)
    }
    const urgent = (await rowsIn(store)).filter((row) => row.urgency === 0).map((row) => row.kind)
    assert.deepEqual(urgent, ['employee.suspended', 'employee.terminated'])
  })

  test('a repeat is answered as such, with the first delivery', async () => {
    const sent = signed(secret, hired('E1'))
    const first = await post(app, sent)
    const second = await post(app, sent)
    assert.deepEqual([second.statusCode, second.json()], [202, { ...first.json(), status: 'duplicate' }])
    assert.equal((await rowsIn(store)).length, 1)
  })

  test('a wrong or missing signature is 401, names the header, and leaves nothing behind', async () => {
    const { headers, payload } = signed(secret, hired('E1'))
    const without = (name: string) =>
      Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name))
    const cases: [at: string, SignedMessage][] = [
      ['webhook-signature', signed(newSecret(), hired('E1'))],
      ['webhook-signature', { headers, payload: Buffer.from(`${payload} `) }],
      ['webhook-signature', { headers: without('webhook-signature'), payload }],
      ['webhook-id', { headers: without('webhook-id'), payload }],
      ['webhook-timestamp', { headers: without('webhook-timestamp'), payload }],
      ['webhook-timestamp', signed(secret, hired('E1'), { at: new Date(Date.now() - 302_000) })],
      ['webhook-timestamp', signed(secret, hired('E1'), { at: new Date(Date.now() + 302_000) })],
      [
        'webhook-signature',
        { headers: { ...headers, 'content-type': 'nonsense' }, payload: Buffer.from('x') },
      ],
    ]
    for (const [at, sent] of cases) {
      const response = await post(app, sent)
      assert.equal(response.statusCode, 401)
      assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
      assert.deepEqual(
        response.json().faults.map((fault: { at: string }) => fault.at),
        [at],
      )
    }
    assert.deepEqual(await rowsIn(store), [])
  })

  test('an unknown source is 404, before its body or signature matters', async () => {
    const sent = signed(secret, hired('E1'))
    assert.equal((await post(app, sent, 'payroll')).statusCode, 404)
    assert.equal(
      (await post(app, { headers: {}, payload: Buffer.alloc(limitBytes + 1) }, 'payroll')).statusCode,
      404,
    )
    const closed = await webhookApp(openInbox(store, silentLog), [])
    assert.equal((await post(closed, sent)).statusCode, 404, 'hr without secrets does not exist')
    await closed.close()
  })

  test('while secrets rotate, messages signed with either are taken', async () => {
    const newer = newSecret()
    const rotating = await webhookApp(openInbox(store, silentLog), [newer, secret])
    assert.equal((await post(rotating, signed(secret, hired('E1')))).statusCode, 202)
    assert.equal((await post(rotating, signed(newer, hired('E2')))).statusCode, 202)
    await rotating.close()
  })

  test('a well signed message that is malformed is 400 with every fault, and is kept', async () => {
    const response = await post(
      app,
      signed(secret, message('employee.terminated', 'E1', { effectiveAt: 'soon', urgent: 1 })),
    )
    assert.equal(response.statusCode, 400)
    assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
    const problem = response.json()
    assert.deepEqual(
      problem.faults.map((fault: { at: string }) => fault.at),
      ['/data/effectiveAt', '/data/urgent'],
    )
    const [row] = await rowsIn(store)
    assert.match(problem.detail, new RegExp(row?.id ?? 'no row'))
    assert.deepEqual(
      [row?.status, row?.urgency, row?.kind, row?.employeeIds],
      ['refused', 0, 'employee.terminated', ['E1']],
    )
    assert.match(row?.reason ?? '', /^\/data\/effectiveAt must be .*; \/data\/urgent must be true or false$/)
  })

  test('whatever bytes are well signed are kept, and poison nobody who comes at the same moment', async () => {
    const poisons: (string | Buffer)[] = [
      '',
      '\u0000',
      JSON.stringify(hired('E1', { givenName: 'a\u0000b' })),
      JSON.stringify(hired('\ud800')),
      JSON.stringify({ ...hired('E1'), type: '\u0000' }),
      randomBytes(5000),
      Buffer.from([0xff, 0xfe, 0x00]),
      '['.repeat(100_000),
      '{"type":"employee.hired"',
      '"text"',
      '{"__proto__":{"data":{}},"constructor":1}',
    ]
    const good = Array.from({ length: poisons.length }, (_, i) => hired(`E${i}`))
    const responses = await Promise.all([...poisons, ...good].map((body) => post(app, signed(secret, body))))
    const codes = responses.map((response) => response.statusCode)
    assert.deepEqual(codes, [...poisons.map(() => 400), ...good.map(() => 202)])
    const refused = (await rowsIn(store)).filter((row) => row.status === 'refused')
    const kept = refused.map((row) => row.body?.toString('hex')).sort()
    assert.deepEqual(kept, poisons.map((body) => Buffer.from(body).toString('hex')).sort())
  })

  test('256 KiB are taken, a byte more is 413', async () => {
    assert.equal((await post(app, signed(secret, messageOfBytes(limitBytes)))).statusCode, 202)
    const response = await post(app, signed(secret, messageOfBytes(limitBytes + 1)))
    assert.equal(response.statusCode, 413)
    assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
    assert.equal((await rowsIn(store)).length, 1)
  })

  test('a wrong content type is 415, and what was sent is kept with its kind', async () => {
    const types = [
      undefined,
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/cloudevents+json',
      'nonsense',
      ';',
      'application/jsonx',
      'multipart/form-data',
    ]
    for (const type of types) {
      const { headers, payload } = signed(secret, message('employee.terminated', 'E1'))
      const { 'content-type': _, ...rest } = headers
      const typed: Record<string, string> = type === undefined ? rest : { ...headers, 'content-type': type }
      const sent = { headers: typed, payload }
      const response = await post(app, sent)
      assert.equal(response.statusCode, 415, String(type))
      assert.deepEqual(response.json().faults[0].at, 'content-type')
    }
    const rows = await rowsIn(store)
    assert.deepEqual(
      rows.map((row) => [row.status, row.contentType, row.kind, row.urgency]),
      types.map((type) => ['refused', type ?? null, 'employee.terminated', 0]),
    )
    const { headers, payload } = signed(secret, hired('E1'))
    const gzip = await post(app, { headers: { ...headers, 'content-encoding': 'gzip' }, payload })
    assert.deepEqual([gzip.statusCode, gzip.json().faults[0].at], [415, 'content-encoding'])
  })

  test('application/json may have a charset', async () => {
    for (const type of [
      'application/json; charset=utf-8',
      'Application/JSON',
      'application/json;charset="UTF-8"',
    ]) {
      const { headers, payload } = signed(secret, hired('E1'))
      assert.equal(
        (await post(app, { headers: { ...headers, 'content-type': type }, payload })).statusCode,
        202,
        type,
      )
    }
  })

  test('a message that was refused and comes again corrected under its id is accepted', async () => {
    const refused = await post(app, signed(secret, hired('E1', { email: 'nobody' }), { id: 'msg_1' }))
    const corrected = await post(app, signed(secret, hired('E1'), { id: 'msg_1' }))
    assert.deepEqual([refused.statusCode, corrected.statusCode], [400, 202])
    assert.equal(corrected.json().status, 'accepted')
  })

  test('another message under an accepted id is answered as a duplicate, and kept; a leaver is taken', async () => {
    const first = await post(app, signed(secret, hired('E1'), { id: 'msg_1' }))
    const other = await post(app, signed(secret, message('employee.updated', 'E1'), { id: 'msg_1' }))
    assert.deepEqual([other.statusCode, other.json()], [202, { ...first.json(), status: 'duplicate' }])
    const leaver = await post(app, signed(secret, message('employee.terminated', 'E1'), { id: 'msg_1' }))
    assert.deepEqual([leaver.statusCode, leaver.json().status], [202, 'accepted'])
    const statuses = (await rowsIn(store)).map((row) => [row.kind, row.status])
    assert.deepEqual(statuses, [
      ['employee.hired', 'accepted'],
      ['employee.updated', 'refused'],
      ['employee.terminated', 'accepted'],
    ])
  })

  test('repeated headers over a real connection are joined or refused, never a defect', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    const { headers, payload } = signed(secret, hired('E1'))
    const statusWith = (extra: string[]) =>
      rawStatus(
        port,
        [...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), ...extra],
        payload,
      )
    assert.equal(await statusWith([]), 202)
    assert.equal(await statusWith([`webhook-signature: v1,${randomBytes(32).toString('base64')}`]), 202)
    assert.equal(await statusWith([`webhook-id: ${headers['webhook-id']}`]), 401)
    assert.equal(await statusWith([`webhook-timestamp: ${headers['webhook-timestamp']}`]), 401)
    assert.equal(await statusWith(['webhook-id: other']), 401)
  })
})

/** Node's client would join repeated headers itself. */
async function rawStatus(port: number, headers: readonly string[], payload: Buffer): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  const head = [
    'POST /webhooks/hr HTTP/1.1',
    'host: x',
    'connection: close',
    `content-length: ${payload.length}`,
    ...headers,
  ]
  socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), payload]))
  const answer = (await socket.setEncoding('utf8').toArray()).join('')
  return Number(answer.split(' ')[1])
}

forPostgres((openStore) => {
  test('while the database is away the answer is 503, and then it works again without a restart', async (t) => {
    await openStore()
    const flaky = await startFlakyDatabase(openStore.options.databaseUrl ?? '')
    const store = await openAnyStore({ databaseUrl: flaky.url, dataDir: '.unused' }, silentLog)
    const app = await webhookApp(openInbox(store, silentLog), [secret])
    t.after(async () => {
      await app.close()
      await store.close()
      await flaky.close()
    })
    const sent = signed(secret, message('employee.terminated', 'E1'))
    assert.equal((await post(app, signed(secret, hired('E1')))).statusCode, 202)
    await flaky.goAway()
    for (const body of [sent, signed(secret, 'malformed'), sent]) {
      const response = await post(app, body)
      assert.equal(response.statusCode, 503)
      assert.match(String(response.headers['retry-after']), /^\d+$/)
      assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
      assert.doesNotMatch(response.body, /ECONN|select|insert|127\.0\.0\.1/)
    }
    await flaky.comeBack()
    const answer = await eventually(async () => {
      const response = await post(app, sent)
      return response.statusCode === 202 && response.json<{ status: string }>().status
    })
    assert.equal(answer, 'accepted')
  })
})

describe('the description of the route', () => {
  test('leaves judging the message to the intake, so that a bad signature is told first', async () => {
    const nowhere = { store: () => assert.fail('nothing is stored'), idle: async () => {} }
    const app = await webhookApp(nowhere, [secret])
    const request: InjectOptions = { method: 'POST', url: '/webhooks/hr', payload: { type: 7 } }
    const { statusCode } = documented('POST', '/webhooks/hr', await app.inject(request))
    assert.equal(statusCode, 401)
    await app.close()
  })
})
