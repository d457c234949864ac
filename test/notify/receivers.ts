/** Who is told, for real: an HTTP endpoint and an SMTP server, on ports of their own. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { Webhook } from 'standardwebhooks'

export interface Received {
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
  readonly url: string
  readonly body: string
  // biome-ignore lint/suspicious/noExplicitAny: of many shapes
  readonly payload: any
}

export interface Endpoint {
  /** Where it listens; any path will do. */
  readonly origin: string
  /** All that came, whatever the answer was. */
  readonly received: Received[]
  /** What it answers from now on. */
  status: number
  close(): Promise<void>
}

/** @param location where a 3xx answer points */
export async function openEndpoint(location = ''): Promise<Endpoint> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const headers = request.headers as Record<string, string>
    received.push({
      id: headers['webhook-id'] ?? '',
      headers,
      url: request.url ?? '',
      body,
      payload: JSON.parse(body),
    })
    response.writeHead(endpoint.status, location ? { location } : {}).end('nobody reads this')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint: Endpoint = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    status: 204,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return endpoint
}

/** Throws unless the secret has signed it. */
export function verify(secret: string, { body, headers }: Received): void {
  new Webhook(secret).verify(body, headers)
}

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** As it came over the wire. */
  readonly raw: string
  /** The headers, unfolded. */
  readonly headers: readonly string[]
  /** The text part and the HTML part, decoded. */
  readonly text: string
  readonly html: string
}

export interface MailServer {
  readonly url: string
  readonly received: ReceivedMail[]
  close(): Promise<void>
}

/** @param users names and passwords that it takes; without any it asks for none */
export async function openMailServer(users: Readonly<Record<string, string>> = {}): Promise<MailServer> {
  const received: ReceivedMail[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', ...(Object.keys(users).length === 0 ? ['AUTH'] : [])],
    allowInsecureAuth: true,
    onAuth({ username = '', password }, _session, done) {
      if (users[username] === password) done(null, { user: username })
      else done(new Error(`not ${username}`))
    },
    onData(stream, { envelope }, done) {
      text(stream).then((raw) => {
        received.push({
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to: envelope.rcptTo.map(({ address }) => address),
          raw,
          ...partsOf(raw),
        })
        done()
      }, done)
    },
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    received,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function partsOf(raw: string): Pick<ReceivedMail, 'headers' | 'text' | 'html'> {
  const [head = '', body = ''] = split(raw)
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1] ?? ''
  const parts = body.split(`--${boundary}`).map((part) => split(part.trimStart()))
  const part = (type: string) => {
    const [headers = '', content = ''] = parts.find(([each]) => each?.includes(type)) ?? []
    return decoded(headers, content)
  }
  return {
    headers: head.replace(/\r\n[ \t]+/g, ' ').split('\r\n'),
    text: part('text/plain'),
    html: part('text/html'),
  }
}

function split(message: string): [string, string] {
  const end = message.indexOf('\r\n\r\n')
  return [message.slice(0, end), message.slice(end + 4)]
}

function decoded(headers: string, content: string): string {
  if (/base64/i.test(headers)) return Buffer.from(content, 'base64').toString()
  if (!/quoted-printable/i.test(headers)) return content
  const bytes = content
    .replace(/=\r\n/g, '')
    .replace(/=([\dA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
