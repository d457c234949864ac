/**
 * One employee's life, told line by line with the IAM calls that Muster makes: `npm run demo`.
 *
 * Everything runs in this process: database, sandbox, service. The clock is moved where a story would
 * have to wait for a month.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { Webhook } from 'standardwebhooks'
import { readConfig } from './config.ts'
import { type LoggedCall, openSandbox } from './sandbox/index.ts'
import { openService, type Service } from './service.ts'

const employeeId = 'E1001'
const userName = 'ada.lovelace'
const dayMs = 86_400_000

let clockOffsetMs = 0
const clock = () => new Date(Date.now() + clockOffsetMs)

const sandbox = await openSandbox({ now: clock })
const config = readConfig({
  MUSTER_ADMIN_TOKEN: randomBytes(24).toString('hex'),
  MUSTER_SECRET_KEY: randomBytes(32).toString('hex'),
  MUSTER_HR_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
  MUSTER_DATA_DIR: 'memory://',
  MUSTER_IAM_RATE: '200',
  AWS_ENDPOINT_URL: sandbox.url,
})
let service: Service | undefined
try {
  service = await openService(config, {
    log: pino({ level: 'silent' }),
    clock,
    credentials: sandbox.credentials,
  })
  await tell(service)
  say('', 'That was the whole life of an identity. Nothing of it is left but the audit record.')
} catch (error) {
  console.error(`\nThe demo failed: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  await service?.close()
  await sandbox.close()
}

async function tell(service: Service): Promise<void> {
  await service.working
  await until('the catalog is in the account', async () => (await get(service, '/readyz')).status === 'ready')
  say('Start', 'The catalog is brought into the account: groups, policies, boundaries, baseline, quarantine.')
  const made = sandbox.calls.actions('writes')
  say('', `${made.length} calls: ${summary(made)}`)

  await chapter('Joiner', 'HR hires Ada Lovelace as a backend engineer.', service, {
    type: 'employee.hired',
    data: {
      employeeId,
      givenName: 'Ada',
      familyName: 'Lovelace',
      email: 'ada@example.com',
      role: 'backend-engineer',
    },
    until: 'awaiting_mfa',
    by: 'join',
  })
  await chapter(
    'Mover',
    'Ada becomes a data analyst. Old groups go first, then the boundary, then new groups.',
    service,
    {
      type: 'employee.role_changed',
      data: { employeeId, role: 'data-analyst' },
      until: 'awaiting_mfa',
      by: 'move',
    },
  )
  await chapter('Leave', 'Ada goes on leave: locked, reversibly.', service, {
    type: 'employee.suspended',
    data: { employeeId },
    until: 'locked',
    by: 'lock',
  })
  await chapter('Return', 'Ada is back: the groups again, the quarantine last.', service, {
    type: 'employee.resumed',
    data: { employeeId },
    until: 'awaiting_mfa',
    by: 'unlock',
  })
  await chapter('Leaver', 'Ada leaves. The first call denies everything, before anything is read.', service, {
    type: 'employee.terminated',
    data: { employeeId },
    until: 'locked',
    by: 'lock',
  })
  await chapter(
    'Purge',
    `${config.retentionDays} days later (the clock is moved), the user is deleted for good.`,
    service,
    {
      days: config.retentionDays,
      until: 'deleted',
      by: 'purge',
    },
  )

  const verification = await get(service, '/v1/audit/verify')
  if (!verification.ok) throw new Error('the audit chain does not verify')
  say('Audit', `${verification.checked} sealed records, and the chain verifies.`)
}

interface Chapter {
  readonly type?: string
  readonly data?: Readonly<Record<string, string>>
  readonly days?: number
  /** The state in which the identity ends up, and the kind of operation that gets it there. */
  readonly until: string
  readonly by: string
}

async function chapter(title: string, text: string, service: Service, happening: Chapter): Promise<void> {
  say(title, text)
  sandbox.calls.clear()
  if (happening.type) await sendWebhook(service, happening.type, happening.data ?? {})
  if (happening.days) clockOffsetMs += happening.days * dayMs + 1000
  await until(`the identity is ${happening.until}`, async () => {
    const [identity] = (await get(service, `/v1/employees/${employeeId}`)).identities ?? []
    const [latest] = (await get(service, `/v1/operations?employeeId=${employeeId}&limit=1`)).items ?? []
    return identity?.state === happening.until && latest?.kind === happening.by && latest.status === 'done'
  })
  for (const call of sandbox.calls.entries) say('', line(call))
  const employee = await get(service, `/v1/employees/${employeeId}`)
  const { state, groups } = employee.identities[0]
  say('', `${userName} is now ${state}${groups.length > 0 ? `, in ${groups.join(', ')}` : ''}`)
}

function line({ action, params, readOnly, errorCode }: LoggedCall): string {
  const { UserName: _, ...rest } = params as Record<string, unknown>
  const what = readOnly
    ? ''
    : Object.values(rest)
        .filter((value) => typeof value === 'string')
        .join(' ')
  return `${readOnly ? 'read ' : 'write'}  iam:${action} ${what}${errorCode ? `(${errorCode})` : ''}`.trimEnd()
}

function summary(actions: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const action of actions) counts.set(action, (counts.get(action) ?? 0) + 1)
  return [...counts].map(([action, count]) => `${count} ${action}`).join(', ')
}

function say(title: string, text: string): void {
  console.log(`${title ? `\n${title.padEnd(8)}` : ' '.repeat(8)}  ${text}`)
}

async function sendWebhook(
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
async function get(service: Service, url: string): Promise<any> {
  const headers = { authorization: `Bearer ${config.adminToken}` }
  return (await service.app.inject({ method: 'GET', url, headers })).json()
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited 30 seconds, and still not: ${what}`)
    await delay(50)
  }
}
