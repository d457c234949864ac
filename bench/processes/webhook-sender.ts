/**
 * The load: signed HR webhooks over keep-alive connections, one in flight on each.
 *
 * Requests are signed and written out before the clock starts, and answers are read no further than their
 * status and length, so that the client takes as little as possible of the machine.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { answerParent } from './children.ts'
import { hrSecret } from './settings.ts'

const webhook = new Webhook(hrSecret)
let sent = 0

const handlers = {
  /** Sends so many messages of new employees; milliseconds until the last one was answered with 202. */
  async send(address: string, messages: number, connections: number): Promise<number> {
    const { hostname, port, host } = new URL(address)
    const requests = Array.from({ length: messages }, () => requestOf(host, ++sent))
    const sockets = await Promise.all(
      Array.from({ length: connections }, async () => {
        const socket = connect(Number(port), hostname).setNoDelay(true)
        await once(socket, 'connect')
        return socket
      }),
    )
    const started = performance.now()
    await Promise.all(sockets.map((socket) => sendAll(socket, requests)))
    const tookMs = performance.now() - started
    for (const socket of sockets) socket.destroy()
    return tookMs
  },
}

export type WebhookSenderProcess = typeof handlers

/** Takes requests from the end of the list that all connections share, until none is left. */
async function sendAll(socket: Socket, requests: Buffer[]): Promise<void> {
  let answer = ''
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      const request = requests.pop()
      if (request) socket.write(request)
      else resolve()
    }
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('a connection was closed')))
    socket.on('data', (chunk: string) => {
      answer += chunk
      const end = answer.indexOf('\r\n\r\n')
      const length = /content-length: (\d+)/i.exec(answer)?.[1]
      if (end < 0 || answer.length < end + 4 + Number(length)) return
      if (!answer.startsWith('HTTP/1.1 202 ')) reject(new Error(answer))
      answer = ''
      next()
    })
    next()
  })
}

function requestOf(host: string, number: number): Buffer {
  const id = `bench-${process.pid}-${number}`
  const at = new Date()
  const body = JSON.stringify({
    type: 'employee.hired',
    timestamp: at.toISOString(),
    data: {
      employeeId: `E${number}`,
      givenName: 'Ada',
      familyName: 'Lovelace',
      email: `ada.${number}@example.com`,
      role: 'backend-engineer',
      department: 'Engineering',
      startAt: '2026-12-01T09:00:00Z',
    },
  })
  return Buffer.from(
    [
      'POST /webhooks/hr HTTP/1.1',
      `host: ${host}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      `webhook-id: ${id}`,
      `webhook-timestamp: ${Math.floor(at.getTime() / 1000)}`,
      `webhook-signature: ${webhook.sign(id, at, body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}

answerParent(handlers)
