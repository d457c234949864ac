/** What EventBridge is answered, and what is kept of what it sends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { useProblems } from '../../src/http/plugins/problems.ts'
import { awsEventRoutes } from '../../src/http/routes/aws-events.ts'
import { ProblemSchema } from '../../src/http/schemas/problem.ts'
import { awsEvents } from '../../src/store/schema.ts'
import { type AwsEventInbox, openAwsEventInbox } from '../../src/trail/aws-event-inbox.ts'
import { documented } from '../harness/api.ts'
import { emptyStore, forEachDatabase } from '../harness/databases.ts'

const keys = ['the-new-key-of-event-bridge-0123456789', 'the-old-key-of-event-bridge-0123456789']
const account = '123456789012'

async function appWith(inbox: AwsEventInbox, awsEventsKeys: readonly string[] = keys) {
  const app = Fastify()
  app.addSchema(ProblemSchema)
  useProblems(app)
  const deps = {
    config: { awsEventsKeys } as never,
    awsEvents: inbox,
    accountId: () => account,
    clock: () => new Date(),
  }
  await app.register(awsEventRoutes, { deps })
  await app.ready()
  return app
}

const event = (detail: Readonly<Record<string, unknown>> = {}, more: object = {}) => ({
  'detail-type': 'AWS API Call via CloudTrail',
  account,
  detail: {
    eventID: 'e-1',
    eventName: 'AddUserToGroup',
    eventSource: 'iam.amazonaws.com',
    requestParameters: { userName: 'ada.lovelace', groupName: 'operations' },
    ...detail,
  },
  ...more,
})

async function post(app: FastifyInstance, payload: string | object, headers: object = {}) {
  const url = '/webhooks/aws-events'
  const answer = await app.inject({
    method: 'POST',
    url,
    headers: { 'x-api-key': keys[0], 'content-type': 'application/json', ...headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  })
  return documented('POST', url, answer)
}

forEachDatabase((_name, openStore) => {
  const fresh = async () => {
    const store = await openStore()
    await emptyStore(store)
    const app = await appWith(openAwsEventInbox(store))
    return { app, rows: () => store.db.select().from(awsEvents) }
  }

  test('an event is answered once it is durable, a repeat of it too, with either key', async () => {
    const { app, rows } = await fresh()
    const first = await post(app, event())
    assert.deepEqual([first.statusCode, first.json()], [202, { eventId: 'e-1', status: 'accepted' }])
    const again = await post(app, event(), { 'x-api-key': keys[1] })
    assert.deepEqual([again.statusCode, again.json()], [202, { eventId: 'e-1', status: 'duplicate' }])
    const kept = await rows()
    assert.deepEqual(
      kept.map(({ id, status, event }) => [id, status, event.users]),
      [['e-1', 'waiting', ['ada.lovelace']]],
    )
  })

  test('many at once, some of them twice, are each kept once', async () => {
    const { app, rows } = await fresh()
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => post(app, event({ eventID: `e-${i % 40}` }))),
    )
    assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)), new Set([202]))
    const statuses = answers.map((answer) => answer.json().status)
    assert.equal(statuses.filter((status) => status === 'accepted').length, 40)
    assert.equal((await rows()).length, 40)
  })

  test('hostile bodies are refused or kept without harm', async () => {
    const { app, rows } = await fresh()
    const cases: [payload: string | object, status: number][] = [
      ['', 400],
      ['nothing', 400],
      ['[]', 400],
      ['null', 400],
      ['{"detail":[]}', 400],
      ['['.repeat(120_000), 400],
      [event({ eventID: 7 }, { id: undefined }), 400],
      [event({ eventName: { toString: 1 } }), 400],
      [event({ eventSource: 'x'.repeat(5000) }), 400],
      [event({ eventID: 'a\0b' }), 400],
      [
        event({ eventID: 'deep', requestParameters: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) }),
        202,
      ],
      [event({ eventID: 'types', userIdentity: 'root', requestParameters: { userName: { a: 1 } } }), 202],
      [event({ eventID: 'half \ud800' }), 400],
      [event({ eventID: 'x'.repeat(129) }), 400],
      [event({}, { account: '1'.repeat(13) }), 400],
      [event({ eventID: 'half', requestParameters: { userName: '\udfff', groupName: 'a\0b' } }), 202],
      [
        '{"__proto__":{"account":"1"},"account":"123456789012","detail":{"eventID":"proto","eventName":"X","eventSource":"y"}}',
        202,
      ],
    ]
    for (const [payload, status] of cases) {
      const answer = await post(app, payload)
      assert.equal(answer.statusCode, status, JSON.stringify(payload).slice(0, 100))
    }
    assert.deepEqual((await rows()).map(({ id }) => id).sort(), ['deep', 'half', 'proto', 'types'])
  })

  test('an id that no index can hold keeps nobody else from being heard', async () => {
    const { app, rows } = await fresh()
    // Letters that do not compress: the row of an index has 2,704 bytes at most.
    const eventID = Array.from({ length: 2048 }, (_, i) =>
      String.fromCharCode(0x4e00 + ((i * 7919) % 20_000)),
    ).join('')
    const answers = await Promise.all([
      post(app, event({ eventID: 'e-1' })),
      post(app, event({ eventID })),
      post(app, event({ eventID: 'e-2' })),
      post(app, event({ eventID: 'e-3' })),
    ])
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [202, 400, 202, 202],
    )
    assert.deepEqual((await rows()).map(({ id }) => id).sort(), ['e-1', 'e-2', 'e-3'])
  })

  test('a text of an event that is longer than any of AWS is left out', async () => {
    const { app, rows } = await fresh()
    const requestParameters = { userName: '界'.repeat(683), groupName: 'a'.repeat(2048) }
    await post(app, event({ requestParameters }))
    const [row] = await rows()
    assert.deepEqual([row?.event.users, row?.event.groupName], [[], 'a'.repeat(2048)])
  })

  test('nothing of a request but names is kept', async () => {
    const { app, rows } = await fresh()
    await post(app, event({ requestParameters: { userName: 'ada', password: 'Correct-horse' } }))
    assert.doesNotMatch(JSON.stringify(await rows()), /Correct-horse/)
  })

  test('an event of another account is answered, and not kept', async () => {
    const { app, rows } = await fresh()
    const answer = await post(app, event({}, { account: '999999999999' }))
    assert.deepEqual([answer.statusCode, answer.json().status], [202, 'ignored'])
    assert.deepEqual(await rows(), [])
  })

  test('without the key, too large, or as another media type it is refused', async () => {
    const { app, rows } = await fresh()
    for (const key of ['', 'wrong', `${keys[0]}x`, keys.join(',')]) {
      assert.equal((await post(app, event(), { 'x-api-key': key })).statusCode, 401)
    }
    assert.equal((await post(app, event(), { 'content-type': 'text/plain' })).statusCode, 415)
    assert.equal((await post(app, event({ note: 'x'.repeat(1024 * 1024) }))).statusCode, 413)
    assert.deepEqual(await rows(), [])
  })
})

test('as long as no key is set, there is no such route', async () => {
  const app = await appWith({ store: async () => 'accepted', idle: async () => {} }, [])
  assert.equal((await post(app, event())).statusCode, 404)
})

test('what cannot be stored is asked for again', async () => {
  const away = { store: () => Promise.reject(new Error('the database is away')), idle: async () => {} }
  const answer = await post(await appWith(away), event())
  assert.deepEqual([answer.statusCode, Number(answer.headers['retry-after']) > 0], [503, true])
})
