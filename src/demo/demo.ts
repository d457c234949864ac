import { CloudTrailClient, StartLoggingCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { pino } from 'pino'
import { openService, type Service } from '../service.ts'
import { codes, deviceOf, secretOf, titleOf } from './pages.ts'
import {
  clock,
  config,
  employeeId,
  get,
  iamCalls,
  identityNow,
  line,
  linkPath,
  page,
  pass,
  quiet,
  reconcileNow,
  sandbox,
  say,
  sendWebhook,
  summary,
  until,
} from './stage.ts'

const userName = 'ada.lovelace'
const dayMs = 86_400_000

let service: Service | undefined
try {
  service = await openService(config, {
    log: pino({ level: 'silent' }),
    clock,
    credentials: sandbox.credentials,
  })
  await tell(service)
  say(
    '',
    'That was the whole life of an identity. In AWS nothing of Ada is left; what was done is on record.',
  )
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
  say('Start', 'The account gets the catalog (groups, policies, boundaries) and the password policy.')
  const made = iamCalls().flatMap(({ action, readOnly }) => (readOnly ? [] : [action]))
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
  const seed = await enroll(service)
  await chapter(
    'Mover',
    'Ada becomes a data analyst. Old groups go first, then the boundary, then new groups.',
    service,
    {
      type: 'employee.role_changed',
      data: { employeeId, role: 'data-analyst' },
      until: 'active',
      by: 'move',
    },
  )
  await rotateKey(service, seed)
  await chapter('Leave', 'Ada goes on leave: locked, reversibly.', service, {
    type: 'employee.suspended',
    data: { employeeId },
    until: 'locked',
    by: 'lock',
  })
  await chapter(
    'Return',
    'Ada is back: the groups again, the quarantine last. A new password needs her device.',
    service,
    {
      type: 'employee.resumed',
      data: { employeeId },
      until: 'active',
      by: 'unlock',
    },
  )
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

  await loseTheTrail(service)

  const verification = await get(service, '/v1/audit/verify')
  if (!verification.ok) throw new Error('the audit chain does not verify')
  say('Audit', `${verification.checked} sealed records, and the chain verifies.`)
}

/** The one-time link, as its owner uses it. Returns the key that the authenticator app got. */
async function enroll(service: Service): Promise<string> {
  say(
    'Enroll',
    'Ada opens her one-time link, scans the code, enters two codes, and only then gets a password.',
  )
  sandbox.calls.clear()
  const path = await linkPath(service, 'enrollments')
  const opened = await page(service, 'GET', path)
  say('', `page  ${titleOf(opened)}  (nothing has changed yet)`)
  const scan = await page(service, 'POST', `${path}/start`)
  const seed = secretOf(scan).replaceAll(' ', '')
  say('', `page  ${titleOf(scan)}`)
  const done = await page(service, 'POST', `${path}/codes`, { ...codes(seed), device: deviceOf(scan) })
  for (const call of iamCalls()) say('', line(call))
  say('', `page  ${titleOf(done)}, with a password of ${secretOf(done).length} characters, shown once`)
  const enrolledAt = clock().toISOString()
  await until('IAM has been looked at again', async () => {
    const { state, lastReconciledAt } = await identityNow(service)
    return state === 'active' && lastReconciledAt > enrolledAt
  })
  const again = await page(service, 'GET', path)
  say('', `page  ${titleOf(again)}  (the link works once)`)
  return seed
}

/** Nothing is granted while CloudTrail is off, and nobody is kept in by that. */
async function loseTheTrail(service: Service): Promise<void> {
  const { url: endpoint, credentials } = sandbox
  const cloudTrail = new CloudTrailClient({ endpoint, credentials, region: 'us-east-1' })
  const Name = 'muster-sandbox'
  const identityOf = async (id: string) => (await get(service, `/v1/employees/${id}`)).identities?.[0]
  const is = (id: string, state: string) =>
    until(`${id} is ${state}`, async () => (await identityOf(id))?.state === state)
  const hire = (id: string, givenName: string) =>
    sendWebhook(service, 'employee.hired', {
      employeeId: id,
      givenName,
      familyName: 'Hopper',
      email: `${id}@example.com`,
      role: 'backend-engineer',
    })

  say('Trail', 'Somebody stops CloudTrail. Half a minute later HR hires Grace, and dismisses Vincent.')
  await hire('E1002', 'Vincent')
  await is('E1002', 'awaiting_mfa')
  await cloudTrail.send(new StopLoggingCommand({ Name }))
  pass(45_000)
  await hire('E1003', 'Grace')
  await is('E1003', 'blocked')
  say('', `Grace is blocked: ${(await identityOf('E1003')).reason}`)
  await sendWebhook(service, 'employee.terminated', { employeeId: 'E1002' })
  await is('E1002', 'locked')
  say('', 'Vincent is locked: that never waits')
  await cloudTrail.send(new StartLoggingCommand({ Name }))
  await is('E1003', 'awaiting_mfa')
  say('', 'The trail is started again, and Grace gets her user by herself')
  cloudTrail.destroy()
}

/** A key is made after a proof of MFA, used, warned about, replaced, switched off and deleted. */
async function rotateKey(service: Service, seed: string): Promise<void> {
  say('Key', 'Her new role may have an access key: made when she opens the link and proves her device.')
  const first = await takeKey(service, seed)
  const made = clock().getTime()
  const goTo = (days: number) => {
    pass(made + days * dayMs - clock().getTime())
    useCredentials()
  }
  goTo(40)
  await reconcileNow(service)
  goTo(75.01)
  await until('a link for a new key', async () => {
    const { items } = await get(service, `/v1/employees/${employeeId}/enrollments`)
    return items[0]?.purpose === 'access-key' && items[0].status === 'open'
  })
  say('', `75 days later, ${first} grows old: Ada gets a link for its successor`)
  const second = await takeKey(service, seed)
  for (const [days, what] of [
    [90.01, 'Inactive'],
    [97.02, 'deleted'],
  ] as const) {
    goTo(days)
    await until(`${first} is ${what}`, async () => (keyOf(first)?.status ?? 'deleted') === what)
    say('', `after ${Math.floor(days)} days ${first} is ${what}, and ${second} is ${keyOf(second)?.status}`)
  }
}

async function takeKey(service: Service, seed: string): Promise<string> {
  // Each code works once: a little later there is a new one.
  pass(120_000)
  const path = await linkPath(service, 'access-keys')
  sandbox.calls.clear()
  const shown = await page(service, 'POST', `${path}/codes`, codes(seed))
  for (const { action } of iamCalls().filter(({ readOnly }) => !readOnly)) say('', `write  iam:${action}`)
  const id = secretOf(shown)
  say('', `page  ${titleOf(shown)}: ${id}, its secret shown once`)
  await until('the key is on record', async () => (await identityNow(service)).state === 'active')
  return id
}

/** So that nothing of hers is switched off for not being used. */
function useCredentials(): void {
  const user = sandbox.state.users.get(userName)
  const date = `${clock().toISOString().slice(0, 19)}Z`
  if (!user) return
  user.passwordLastUsed = date
  for (const key of user.accessKeys) key.lastUsed = { date, service: 's3', region: 'us-east-1' }
}

function keyOf(id: string) {
  return sandbox.state.users.get(userName)?.accessKeys.find(({ accessKeyId }) => accessKeyId === id)
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
  await quiet(service)
  sandbox.calls.clear()
  if (happening.type) await sendWebhook(service, happening.type, happening.data ?? {})
  if (happening.days) pass(happening.days * dayMs + 1000)
  await until(`the identity is ${happening.until}`, async () => {
    const [identity] = (await get(service, `/v1/employees/${employeeId}`)).identities ?? []
    const [latest] = (await get(service, `/v1/operations?employeeId=${employeeId}&limit=1`)).items ?? []
    return identity?.state === happening.until && latest?.kind === happening.by && latest.status === 'done'
  })
  for (const call of iamCalls()) say('', line(call))
  const employee = await get(service, `/v1/employees/${employeeId}`)
  const { state, groups } = employee.identities[0]
  say('', `${userName} is now ${state}${groups.length > 0 ? `, in ${groups.join(', ')}` : ''}`)
}
