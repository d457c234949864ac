import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import * as iam from '@aws-sdk/client-iam'
import { CreateUserCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { AwsCallError, type AwsErrorClass, isAwsError } from '../../src/aws/errors.ts'

/** What the server answers next; undefined cuts the connection, `hang` never answers. */
let answer: { readonly status: number; readonly body: string } | 'hang' | undefined

const server = createServer((request, response) => {
  if (answer === undefined) request.socket.destroy()
  else if (answer !== 'hang') {
    response.writeHead(answer.status, { 'x-amzn-requestid': 'request-1' }).end(answer.body)
  }
})
const configuration = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 300, requestTimeout: 300, throwOnRequestTimeout: true },
}
let clients: { readonly iam: IAMClient; readonly sts: STSClient }
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  clients = {
    iam: new IAMClient({ ...configuration, endpoint }),
    sts: new STSClient({ ...configuration, endpoint }),
  }
})
after(() => {
  clients.iam.destroy()
  clients.sts.destroy()
  server.closeAllConnections()
  server.close()
})

async function failure(call: () => Promise<unknown>): Promise<AwsCallError> {
  const cause = await call().then(
    () => assert.fail('the call went through'),
    (error: unknown) => error,
  )
  return new AwsCallError('GetUser', cause)
}

const getUser = (client = clients.iam) => client.send(new GetUserCommand({ UserName: 'ada' }))

function refusal(status: number, code: string, type = 'Sender') {
  const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>It is so.</Message></Error>`
  return {
    status,
    body: `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">${error}<RequestId>r</RequestId></ErrorResponse>`,
  }
}

const codes: readonly (readonly [number, string, AwsErrorClass])[] = [
  [400, 'Throttling', 'throttled'],
  [400, 'ThrottlingException', 'throttled'],
  [503, 'RequestLimitExceeded', 'throttled'],
  [409, 'ConcurrentModification', 'transient'],
  [409, 'EntityTemporarilyUnmodifiable', 'transient'],
  [500, 'ServiceFailure', 'transient'],
  [500, 'InternalFailure', 'transient'],
  [503, 'ServiceUnavailable', 'transient'],
  [404, 'NoSuchEntity', 'absent'],
  [409, 'EntityAlreadyExists', 'exists'],
  [409, 'LimitExceeded', 'limit'],
  [409, 'DeleteConflict', 'delete-conflict'],
  [403, 'AccessDenied', 'denied'],
  [403, 'AccessDeniedException', 'denied'],
  [403, 'ExpiredToken', 'credentials'],
  [403, 'InvalidClientTokenId', 'credentials'],
  [403, 'SignatureDoesNotMatch', 'credentials'],
  [400, 'InvalidInput', 'invalid'],
  [400, 'MalformedPolicyDocument', 'invalid'],
  [400, 'UnmodifiableEntity', 'invalid'],
  [400, 'ValidationError', 'invalid'],
  [403, 'InvalidAuthenticationCode', 'invalid'],
  [404, 'NotSupportedService', 'invalid'],
]

for (const [status, code, expected] of codes) {
  test(`IAM's ${code} means ${expected}`, async () => {
    answer = refusal(status, code)
    const error = await failure(() => getUser())
    assert.equal(error.class, expected)
    assert.equal(error.code, code.replace(/Exception$/, ''))
    assert.equal(error.requestId, 'request-1')
    assert.equal(error.outcomeUnknown, status >= 500)
  })
}

test('STS refuses in the same words', async () => {
  answer = refusal(403, 'InvalidClientTokenId')
  const error = await failure(() => clients.sts.send(new GetCallerIdentityCommand({})))
  assert.deepEqual([error.class, error.code], ['credentials', 'InvalidClientTokenId'])
})

test('every error that the SDK has a class for keeps its name without the suffix', () => {
  const metadata = { httpStatusCode: 400 }
  const classes = Object.entries(iam).filter(
    ([name, value]) => /(?<!IAMService)Exception$/.test(name) && typeof value === 'function',
  )
  assert.ok(classes.length > 20)
  for (const [name, Exception] of classes) {
    const cause = new (Exception as new (options: object) => Error)({ message: '', $metadata: metadata })
    assert.equal(new AwsCallError('Any', cause).code, name.replace(/Exception$/, ''))
  }
})

test('an unknown code of ours to fix is invalid, and one of theirs passes', async () => {
  answer = refusal(400, 'SomethingNew')
  assert.equal((await failure(() => getUser())).class, 'invalid')
  answer = refusal(500, 'SomethingNew', 'Receiver')
  assert.equal((await failure(() => getUser())).class, 'transient')
})

test('a page from something between us and AWS is judged by its status', async () => {
  const cases = [
    [502, '', 'transient', true],
    [503, '<html><body>Service Unavailable</body></html>', 'transient', true],
    [504, '{"message": "Endpoint request timed out"}', 'transient', true],
    [429, '<html><body>Too Many Requests</body></html>', 'throttled', false],
    [403, '{"message": "Forbidden"}', 'invalid', false],
  ] as const
  for (const [status, body, expected, outcomeUnknown] of cases) {
    answer = { status, body }
    const error = await failure(() => getUser())
    assert.deepEqual([error.class, error.outcomeUnknown], [expected, outcomeUnknown], String(status))
    assert.equal(error.code, `Http${status}`)
  }
})

test('of a page that is not of AWS, whoever reads a reason is told just that', async () => {
  const page = '<!doctype html>\n<html lang=en>\n<title>Internal Server Error</title>\n<p>Sorry.'
  answer = { status: 500, body: page }
  assert.equal(
    (await failure(() => getUser())).message,
    'GetUser: Http500 (the answer is not one of AWS, or was cut)',
  )
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const cloudTrail = new CloudTrailClient({ ...configuration, endpoint })
  const cause = await cloudTrail.send(new LookupEventsCommand({})).catch((error: unknown) => error)
  cloudTrail.destroy()
  const { message, class: expected } = new AwsCallError('LookupEvents', cause)
  assert.equal(message, 'LookupEvents: Http500 (the answer is not one of AWS, or was cut)')
  assert.equal(expected, 'transient')
})

test('an accepted call whose answer is cut or unreadable may have taken effect', async () => {
  for (const body of ['<CreateUserResponse><CreateUserResult><User><Pa', 'Please sign in']) {
    answer = { status: 200, body }
    const error = await failure(() => clients.iam.send(new CreateUserCommand({ UserName: 'ada' })))
    assert.deepEqual([error.class, error.outcomeUnknown], ['transient', true], body)
  }
})

test('no answer at all passes, and may have taken effect', async () => {
  answer = undefined
  const cut = await failure(() => getUser())
  answer = 'hang'
  const late = await failure(() => getUser())
  const nobody = new IAMClient({ ...configuration, endpoint: 'http://127.0.0.1:1' })
  const refused = await failure(() => getUser(nobody))
  for (const error of [cut, late, refused]) {
    assert.deepEqual([error.class, error.outcomeUnknown, error.requestId], ['transient', true, undefined])
  }
  assert.deepEqual([cut.code, late.code, refused.code], ['TimeoutError', 'TimeoutError', 'ECONNREFUSED'])
})

test('without credentials the call is not made, so it has no unknown outcome', async () => {
  const without = new IAMClient({
    region: 'us-east-1',
    credentials: async () => {
      throw Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' })
    },
  })
  const error = await failure(() => getUser(without))
  assert.deepEqual([error.class, error.outcomeUnknown], ['credentials', false])
})

test('the message names the action and what AWS said', async () => {
  answer = refusal(404, 'NoSuchEntity')
  assert.equal((await failure(() => getUser())).message, 'GetUser: NoSuchEntity (It is so.)')
})

test('errors are asked for by their meaning', async () => {
  answer = refusal(404, 'NoSuchEntity')
  const error: unknown = await failure(() => getUser())
  assert.ok(isAwsError(error, 'exists', 'absent'))
  assert.ok(!isAwsError(error, 'exists'))
  assert.ok(!isAwsError(new Error('NoSuchEntity'), 'absent'))
})
