/** The sandbox's HTTP side: bytes in, bytes out. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Exchange, IncomingCall, Outcome } from './exchange.ts'
import type { Answer } from './operation.ts'
import { parseForm, xmlOf, xmlOfError } from './query-protocol.ts'
import { type Service, scopeOf, serviceOf } from './services.ts'

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

const maxBodyBytes = 1_048_576

function readBody(request: IncomingMessage, response: ServerResponse, done: (body: string) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= maxBodyBytes) chunks.push(chunk)
  })
  request.on('end', () => {
    const [only] = chunks
    if (size > maxBodyBytes) send(response, { status: 413, type: 'text/plain', body: 'Request too large\n' })
    else done(chunks.length === 1 && only ? only.toString() : Buffer.concat(chunks).toString())
  })
  // A client that goes away while it speaks needs no answer.
  request.on('error', () => response.destroy())
}

function answer(exchange: Exchange, request: IncomingMessage, response: ServerResponse, body: string): void {
  const call = callOf(request, body)
  if (!call) {
    send(response, { status: 404, type: 'text/plain', body: greeting })
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

function callOf(request: IncomingMessage, body: string): IncomingCall | undefined {
  const target = request.headers['x-amz-target']?.toString()
  const scope = scopeOf(request.headers.authorization)
  const form = target === undefined ? parseForm(request.method === 'GET' ? queryOf(request) : body) : {}
  const action = target === undefined ? String(form.Action ?? '') : target.slice(target.lastIndexOf('.') + 1)
  const service = serviceOf(scope, target, action)
  if (!service || action === '') return undefined
  return {
    service,
    action,
    params: service.protocol === 'query' ? parametersOf(form) : parseJson(body),
    accessKeyId: scope?.accessKeyId ?? 'anonymous',
    region: scope?.region ?? 'us-east-1',
  }
}

function reply(response: ServerResponse, service: Service, action: string, outcome: Outcome): void {
  const { answer: given, requestId, lost } = outcome
  if (lost) response.socket?.destroy()
  else send(response, { ...written[service.protocol](service.name, action, given, requestId), requestId })
}

interface Written {
  readonly status: number
  readonly type: string
  readonly body: string
}

const written: Record<
  Service['protocol'],
  (service: string, action: string, answer: Answer, requestId: string) => Written
> = {
  query(service, action, answer, requestId) {
    if (answer.ok) {
      return { status: 200, type: 'text/xml', body: xmlOf(service, action, answer.output, requestId) }
    }
    const { code, message, status } = answer.error
    return { status, type: 'text/xml', body: xmlOfError(service, code, message, status, requestId) }
  },
  json(_service, _action, answer) {
    const json = answer.ok ? answer.output : { __type: answer.error.code, message: answer.error.message }
    const status = answer.ok ? 200 : answer.error.status
    return { status, type: 'application/x-amz-json-1.1', body: JSON.stringify(json) }
  },
}

function send(response: ServerResponse, answer: Written & { readonly requestId?: string }): void {
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': answer.requestId ?? '',
  })
  response.end(answer.body)
}

const greeting =
  'This is the Muster sandbox: IAM, STS and CloudTrail for an AWS SDK or the aws command line. Set AWS_ENDPOINT_URL to this address.\n'

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
