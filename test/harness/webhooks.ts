/** Messages as an HR system sends them, signed by the reference library. */
import { isUtf8 } from 'node:buffer'
import { createHmac, randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { Webhook } from 'standardwebhooks'
import { type Clock, systemClock } from '../../src/clock.ts'
import { useProblems } from '../../src/http/plugins/problems.ts'
import { webhookRoutes } from '../../src/http/routes/webhooks.ts'
import { ProblemSchema } from '../../src/http/schemas/problem.ts'
import type { Inbox } from '../../src/intake/inbox.ts'

export const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`

export interface SignedMessage {
  readonly headers: Record<string, string>
  readonly payload: Buffer
}

let messages = 0

export interface Signing {
  readonly id?: string
  readonly at?: Date
}

/** @param body sent as it is when it is text or bytes, as JSON otherwise */
export function signed(
  secret: string,
  body: unknown,
  { id = `msg_${++messages}`, at = new Date() }: Signing = {},
): SignedMessage {
  const payload = typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : jsonOf(body)
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signatureOf(secret, id, at, payload),
    },
    payload,
  }
}

/** The library signs the text that it reads from the bytes; where they are no text, the specification is followed by hand. */
function signatureOf(secret: string, id: string, at: Date, payload: Buffer): string {
  if (isUtf8(payload)) return new Webhook(secret).sign(id, at, payload)
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const head = `${id}.${Math.floor(at.getTime() / 1000)}.`
  return `v1,${createHmac('sha256', key).update(head).update(payload).digest('base64')}`
}

const jsonOf = (body: unknown) => Buffer.from(JSON.stringify(body))

/** A well formed message; `data` replaces or adds fields, `undefined` removes them. */
export function hired(employeeId: string, data: Readonly<Record<string, unknown>> = {}) {
  return message('employee.hired', employeeId, {
    givenName: 'Ada',
    familyName: 'Lovelace',
    email: 'ada@example.com',
    role: 'backend-engineer',
    ...data,
  })
}

export function message(type: string, employeeId: string, data: Readonly<Record<string, unknown>> = {}) {
  return { type, timestamp: '2026-11-23T09:00:00Z', data: { employeeId, ...data } }
}

/** The webhook routes and nothing else. */
export async function webhookApp(
  inbox: Inbox,
  hrSecrets: readonly string[],
  clock: Clock = systemClock,
): Promise<FastifyInstance> {
  const app = Fastify()
  app.addSchema(ProblemSchema)
  useProblems(app)
  await app.register(webhookRoutes, { deps: { config: { hrSecrets }, inbox, clock } })
  await app.ready()
  return app
}
