/** The sandbox's HTTP side: bytes in, bytes out. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Exchange, IncomingCall, Outcome } from './exchange.ts'
import type { Answer } from './operation.ts'
import { parseForm, xmlOf, xmlOfError } from './query-protocol.ts'
import { restAnswerOf, restCallOf } from './s3/rest.ts'
import { type CredentialScope, type Service, scopeOf, serviceOf } from './services.ts'

export interface RunningServer {
  readonly url: string
  close(): Promise<void>
}

/** @throws Error when the port is taken */
export async function listen(exchange: Exchange, host: string, port: number): Promise<RunningServer> {
  // Clients keep connections for long; closing idle ones would race with their next request.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    readBody(request, response, (body) => answer(exchange, request, response, body))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: boundPort } = server.address() as AddressInfo
  const urlHost = host.includes(':') ? `[${host}]` : host
  return { url: `http://${urlHost}:${boundPort}`, close: () => stop(server) }
}

/** A log file may be large; the forms of IAM never are. */
const maxBodyBytes = 16 * 1_048_576

function readBody(request: IncomingMessage, response: ServerResponse, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= maxBodyBytes) chunks.push(chunk)
  })
  request.on('end', () => {
    const [only] = chunks
    if (size > maxBodyBytes) send(response, { status: 413, headers: asText, body: 'Request too large\n' })
    else done(chunks.length === 1 && only ? only : Buffer.concat(chunks))
  })
  // A client that goes away while it speaks needs no answer.
  request.on('error', () => response.destroy())
}

function answer(exchange: Exchange, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const call = callOf(request, body)
  if (!call) {
    send(response, { status: 404, headers: asText, body: greeting })
    return
  }
  const { service, action } = call
  const outcome = exchange.take(call)
  if (!(outcome instanceof Promise)) {
    reply(response, service, action, outcome)
    return
  }
  outcome.then((settled) => reply(response, service, action, settled))
}

function callOf(request: IncomingMessage, body: Buffer): IncomingCall | undefined {
  const scope = scopeOf(request.headers.authorization)
  const asked = askedOf(request, scope, body)
  if (!asked) return undefined
  return {
    ...asked,
    accessKeyId: scope?.accessKeyId ?? 'anonymous',
    region: scope?.region ?? 'us-east-1',
    sourceIp: request.socket.remoteAddress,
    userAgent: request.headers['user-agent'],
  }
}

type Asked = Pick<IncomingCall, 'service' | 'action' | 'params'>

function askedOf(
  request: IncomingMessage,
  scope: CredentialScope | undefined,
  body: Buffer,
): Asked | undefined {
  const { method = 'GET', url = '/', headers } = request
  const target = headers['x-amz-target']?.toString()
  const form = target === undefined ? parseForm(method === 'GET' ? queryOf(request) : body.toString()) : {}
  const action = target === undefined ? String(form.Action ?? '') : target.slice(target.lastIndexOf('.') + 1)
  const service = serviceOf(scope, target, action)
  if (service?.protocol === 'rest') return { service, ...restCallOf({ method, url, headers, body }) }
  if (!service || action === '') return undefined
  const params = service.protocol === 'query' ? parametersOf(form) : parseJson(body.toString())
  return { service, action, params }
}

function reply(response: ServerResponse, service: Service, action: string, outcome: Outcome): void {
  const { answer: given, requestId, lost } = outcome
  if (lost) response.socket?.destroy()
  else send(response, { ...written[service.protocol](service.name, action, given, requestId), requestId })
}

interface Written {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

const asXml = { 'content-type': 'text/xml' }
const asText = { 'content-type': 'text/plain' }

const written: Record<
  Service['protocol'],
  (service: string, action: string, answer: Answer, requestId: string) => Written
> = {
  query(service, action, answer, requestId) {
    if (answer.ok) {
      return { status: 200, headers: asXml, body: xmlOf(service, action, answer.output, requestId) }
    }
    const { code, message, status } = answer.error
    return { status, headers: asXml, body: xmlOfError(service, code, message, status, requestId) }
  },
  json(_service, _action, answer) {
    const json = answer.ok ? answer.output : { __type: answer.error.code, message: answer.error.message }
    const status = answer.ok ? 200 : answer.error.status
    return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(json) }
  },
  rest: (_service, action, answer, requestId) => restAnswerOf(action, answer, requestId),
}

function send(response: ServerResponse, answer: Written & { readonly requestId?: string }): void {
  const { requestId = '' } = answer
  response.writeHead(answer.status, {
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': requestId,
    // S3 has its own name for it.
    'x-amz-request-id': requestId,
    ...answer.headers,
  })
  response.end(answer.body)
}

const greeting =
  'This is the Muster sandbox: IAM, STS, CloudTrail and S3 for an AWS SDK or the aws command line. Set AWS_ENDPOINT_URL to this address.\n'

function parametersOf(form: Record<string, unknown>): Record<string, unknown> {
  delete form.Action
  delete form.Version
  return form
}

function queryOf({ url = '' }: IncomingMessage): string {
  const mark = url.indexOf('?')
  return mark < 0 ? '' : url.slice(mark + 1)
}

/** What is no JSON object has no parameters, and is refused for the lack of them. */
function parseJson(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
