/** What the demo plays on: the sandbox, the settings, a clock that can be moved, and ways to ask and to tell. */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { Webhook } from 'standardwebhooks'
import { gatheringCalls } from '../compliance/gather.ts'
import { readConfig } from '../config.ts'
import { type LoggedCall, openSandbox } from '../sandbox/index.ts'
import type { Service } from '../service.ts'
import { rowsOf } from '../store/open.ts'

export const employeeId = 'E1001'

let clockOffsetMs = 0
export const clock = () => new Date(Date.now() + clockOffsetMs)

/** Lets so much time pass at once. */
export function pass(ms: number): void {
  clockOffsetMs += ms
}

export const sandbox = await openSandbox({ now: clock })
export const config = readConfig({
  MUSTER_ADMIN_TOKEN: randomBytes(24).toString('hex'),
  MUSTER_SECRET_KEY: randomBytes(32).toString('hex'),
  MUSTER_HR_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
  MUSTER_DATA_DIR: 'memory://',
  MUSTER_IAM_RATE: '200',
  MUSTER_PUBLIC_URL: 'http://muster.example',
  AWS_ENDPOINT_URL: sandbox.url,
})

export function say(title: string, text: string): void {
  console.log(`${title ? `\n${title.padEnd(8)}` : ' '.repeat(8)}  ${text}`)
}

export async function sendWebhook(
  service: Service,
  type: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const id = `msg_${randomUUID()}`
  const now = clock()
  const payload = JSON.stringify({ type, timestamp: now.toISOString(), data })
  const signature = new Webhook(config.hrSecrets[0] ?? '').sign(id, now, payload)
  const response = await service.app.inject({
    method: 'POST',
    url: '/webhooks/hr',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signature,
    },
    payload,
  })
  if (response.statusCode !== 202)
    throw new Error(`the webhook was answered ${response.statusCode}: ${response.body}`)
}

// biome-ignore lint/suspicious/noExplicitAny: answers of our own API, shown and not relied on
export async function get(service: Service, url: string): Promise<any> {
  const headers = { authorization: `Bearer ${config.adminToken}` }
  return (await service.app.inject({ method: 'GET', url, headers })).json()
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited a minute, and still not: ${what}`)
    await delay(50)
  }
}

/** Until no run waits or works any more: what it asks of IAM is of the chapter before. */
export function quiet(service: Service): Promise<void> {
  return until('the end of all runs', async () => {
    const working = sql`select 1 from jobs.job where name = 'reconcile' and state < 'completed' limit 1`
    return (await rowsOf(service.store.db, working)).length === 0
  })
}

export async function linkPath(service: Service, kind: 'enrollments' | 'access-keys'): Promise<string> {
  const headers = { authorization: `Bearer ${config.adminToken}` }
  const url = `/v1/employees/${employeeId}/${kind}`
  const response = await service.app.inject({ method: 'POST', url, headers })
  if (response.statusCode !== 201)
    throw new Error(`${url} was answered ${response.statusCode}: ${response.body}`)
  return new URL(response.json().link).pathname
}

export async function page(
  service: Service,
  method: 'GET' | 'POST',
  url: string,
  form: Readonly<Record<string, string>> = {},
): Promise<string> {
  const response = await service.app.inject({
    method,
    url,
    ...(method === 'GET'
      ? {}
      : {
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          payload: new URLSearchParams(form).toString(),
        }),
  })
  return response.body
}

export async function identityNow(service: Service) {
  return (await get(service, `/v1/employees/${employeeId}`)).identities[0]
}

export async function reconcileNow(service: Service): Promise<void> {
  const headers = { authorization: `Bearer ${config.adminToken}` }
  await service.app.inject({ method: 'POST', url: `/v1/employees/${employeeId}/reconcile`, headers })
  await delay(500)
}

/** What the sweep of the whole account asks meanwhile. */
const ofTheSweep = new Set<string>(gatheringCalls)

/** Of each story; the looks at CloudTrail and at the whole account never end. */
export function iamCalls(): readonly LoggedCall[] {
  return sandbox.calls.entries.filter(({ service, action }) => service === 'iam' && !ofTheSweep.has(action))
}

export function line({ action, params, readOnly, errorCode }: LoggedCall): string {
  const { UserName: _, ...rest } = params as Record<string, unknown>
  const what = readOnly
    ? ''
    : Object.values(rest)
        .filter((value) => typeof value === 'string' && value !== 'true' && !value.startsWith('HIDDEN'))
        .join(' ')
  return `${readOnly ? 'read ' : 'write'}  iam:${action} ${what}${errorCode ? `(${errorCode})` : ''}`.trimEnd()
}

export function summary(actions: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const action of actions) counts.set(action, (counts.get(action) ?? 0) + 1)
  return [...counts].map(([action, count]) => `${count} ${action}`).join(', ')
}
