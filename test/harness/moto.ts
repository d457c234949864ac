/**
 * moto, an IAM that is not ours, behind a thin proxy: the proxy answers the few operations that moto
 * lacks (it answers 500 to them), and everything else is moto's own.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { IAMClient } from '@aws-sdk/client-iam'
import { startMoto } from '../sandbox/moto-server.ts'

export { missing } from '../sandbox/moto-server.ts'

export interface Moto {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string
  /** moto itself, for what is no form: S3 above all. */
  readonly directUrl: string
  /** Asks as anybody would, without Muster. */
  readonly iam: IAMClient
  /** The actions that were called since the last reset, in order, the test's own among them. */
  readonly calls: readonly string[]
  /** Actions in this set are answered 500 until they are taken out of it. */
  readonly failing: Set<string>
  /** An empty account again. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** @throws Error when moto does not start within a minute */
export async function openMoto(): Promise<Moto> {
  const server = await startMoto()
  const failing = new Set<string>()
  const boundaries = new Map<string, string>()
  let calls: string[] = []

  async function answer(request: IncomingMessage): Promise<Answer> {
    const body = await buffer(request)
    const params = new URLSearchParams(body.toString())
    const call = { params, headers: headersOf(request), url: `${server.url}${request.url ?? '/'}`, body }
    const action = params.get('Action') ?? ''
    calls.push(action)
    if (failing.has(action)) return serviceFailure
    const lacking = lackedOperations[action]
    if (lacking) return await lacking(call, boundaries)
    return withBoundary(await forward(call), action, params.get('UserName') ?? '', boundaries, params)
  }

  const proxy = createServer((request, response) => {
    answer(request)
      .catch((error): Answer => ({ status: 502, type: 'text/plain', text: String(error) }))
      .then(({ status, type, text }) => response.writeHead(status, { 'content-type': type }).end(text))
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const iam = new IAMClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATESTSTESTSTESTS0', secretAccessKey: 'of-no-account' },
  })
  return {
    url,
    directUrl: server.url,
    iam,
    get calls() {
      return calls
    },
    failing,
    async reset() {
      await fetch(`${server.url}/moto-api/reset`, { method: 'POST' })
      boundaries.clear()
      failing.clear()
      calls = []
    },
    async close() {
      iam.destroy()
      proxy.close()
      proxy.closeAllConnections()
      await server.close()
    },
  }
}

interface Call {
  readonly params: URLSearchParams
  readonly headers: Record<string, string>
  readonly url: string
  readonly body: Buffer
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

type Boundaries = Map<string, string>

/** By user name. As in AWS, each is refused for a user that does not exist: there moto itself answers. */
const lackedOperations: Readonly<Record<string, (call: Call, boundaries: Boundaries) => Promise<Answer>>> = {
  ListServiceSpecificCredentials: (call) =>
    forAUser(call, () =>
      answered('ListServiceSpecificCredentials', '<ServiceSpecificCredentials></ServiceSpecificCredentials>'),
    ),
  PutUserPermissionsBoundary: (call, boundaries) =>
    forAUser(call, (userName) => {
      boundaries.set(userName, call.params.get('PermissionsBoundary') ?? '')
      return answered('PutUserPermissionsBoundary')
    }),
  DeleteUserPermissionsBoundary: (call, boundaries) =>
    forAUser(call, (userName) => {
      boundaries.delete(userName)
      return answered('DeleteUserPermissionsBoundary')
    }),
}

async function forAUser(call: Call, carryOut: (userName: string) => Answer): Promise<Answer> {
  const UserName = call.params.get('UserName') ?? ''
  const body = Buffer.from(
    new URLSearchParams({ Action: 'GetUser', Version: '2010-05-08', UserName }).toString(),
  )
  const user = await forward({ ...call, body })
  return user.status === 200 ? carryOut(UserName) : user
}

/** moto forgets the boundary that a user is created with, and does not tell it of any user. */
function withBoundary(
  answer: Answer,
  action: string,
  userName: string,
  boundaries: Boundaries,
  params: URLSearchParams,
): Answer {
  if (answer.status !== 200) return answer
  const given = params.get('PermissionsBoundary')
  if (action === 'CreateUser' && given) boundaries.set(userName, given)
  if (action === 'DeleteUser') boundaries.delete(userName)
  const arn = boundaries.get(userName)
  if (action !== 'GetUser' || !arn) return answer
  const boundary =
    '<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>' +
    `<PermissionsBoundaryArn>${arn}</PermissionsBoundaryArn></PermissionsBoundary>`
  return { ...answer, text: answer.text.replace('</User>', `${boundary}</User>`) }
}

async function forward({ url, headers, body }: Call): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
  const type = response.headers.get('content-type') ?? 'text/xml'
  return { status: response.status, type, text: await response.text() }
}

/** moto reads the service from the signature's scope, and does not verify the signature. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return {
    authorization: headers.authorization ?? '',
    'content-type': headers['content-type'] ?? 'application/x-www-form-urlencoded',
  }
}

const namespace = 'https://iam.amazonaws.com/doc/2010-05-08/'

function answered(action: string, result?: string): Answer {
  const inner = result === undefined ? '' : `<${action}Result>${result}</${action}Result>`
  const metadata = '<ResponseMetadata><RequestId>of-the-proxy</RequestId></ResponseMetadata>'
  return {
    status: 200,
    type: 'text/xml',
    text: `<${action}Response xmlns="${namespace}">${inner}${metadata}</${action}Response>`,
  }
}

const serviceFailure: Answer = {
  status: 500,
  type: 'text/xml',
  text:
    `<ErrorResponse xmlns="${namespace}"><Error><Type>Receiver</Type><Code>ServiceFailure</Code>` +
    '<Message>It fails, as it was told to.</Message></Error><RequestId>of-the-proxy</RequestId></ErrorResponse>',
}
