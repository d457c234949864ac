/** The whole service with its workers, on a real database, before a sandbox that it takes for AWS. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Control } from '../../src/compliance/control.ts'
import { gatheringCalls } from '../../src/compliance/gather.ts'
import { type Config, readConfig } from '../../src/config.ts'
import {
  callIam,
  type LoggedCall,
  openSandbox,
  type Sandbox,
  type SandboxOptions,
} from '../../src/sandbox/index.ts'
import { openService, type Service } from '../../src/service.ts'
import { rowsOf } from '../../src/store/open.ts'
import { documented } from './api.ts'
import { createDatabase, forEachDatabase, silentLog } from './databases.ts'
import { openEmbedded } from './prepared.ts'
import { eventually, patienceMs } from './waiting.ts'
import { newSecret, signed } from './webhooks.ts'

const adminToken = 'an-administrator-of-the-tests-0123456789'

export interface RunningService {
  readonly service: Service
  readonly sandbox: Sandbox
  readonly config: Config
  /** Calls the API as an administrator; the answer's body, whatever its status. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, held against the description
  api(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown): Promise<any>
  /** Sends a signed webhook that must be accepted. */
  tell(type: string, employeeId: string, data?: Readonly<Record<string, unknown>>, at?: Date): Promise<string>
  hire(employeeId: string, data?: Readonly<Record<string, unknown>>): Promise<string>
  /** Waits until the identity is in that state with nothing left to do. */
  until(employeeId: string, state: string, withinMs?: number): Promise<IdentityRow>
  identity(employeeId: string): Promise<IdentityRow>
  /** The groups that the sandbox says the user is in, sorted; undefined when there is no such user. */
  groupsOf(userName: string): string[] | undefined
  close(): Promise<void>
}

export interface IdentityRow {
  readonly id: string
  readonly state: string
  readonly reason: string | null
  readonly user_name: string
  readonly aws_user_id: string | null
  readonly generation: number
  readonly reconciled_generation: number
  readonly groups: readonly string[]
  /** As the driver gives it. */
  readonly locked_at: unknown
}

export interface ServiceUnderTestOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly sandbox?: SandboxOptions
  /** An account that is there already, from an earlier service. */
  readonly account?: Sandbox
  readonly clock?: () => Date
  readonly log?: Logger
  /** What compliance is judged by; all that there are by default. */
  readonly controls?: readonly Control[]
}

export type OpenRunningService = (options?: ServiceUnderTestOptions) => Promise<RunningService>

/** Defines the suite for each engine; a service opened in it begins with an empty database, or goes on with `databaseUrl`. */
export function forEachEngine(suite: (name: string, open: OpenRunningService) => void): void {
  forEachDatabase((name) => {
    const opened: { close(): Promise<void> }[] = []
    after(async () => {
      for (const resource of opened.reverse()) await resource.close()
    })
    suite(name, async (options = {}) => {
      const settings: Record<string, string> = { ...options.settings }
      if (name === 'postgres' && !settings.MUSTER_DATABASE_URL) {
        const database = await createDatabase()
        opened.push({ close: () => database.drop() })
        settings.MUSTER_DATABASE_URL = database.url
      }
      const running = await openRunningService({ ...options, settings })
      opened.push(running)
      return running
    })
  })
}

/** One service for a whole suite; whoever asks for it gets it without the faults that a test before has left. */
export function sharedBySuite(open: OpenRunningService, options?: ServiceUnderTestOptions) {
  let shared: Promise<RunningService> | undefined
  return async () => {
    shared ??= open(options)
    const service = await shared
    service.sandbox.faults.clear()
    return service
  }
}

/** One service for a whole suite, with a clock that its tests move. */
export function withMovedClock(open: OpenRunningService) {
  let aheadMs = 0
  const clock = () => new Date(Date.now() + aheadMs)
  return {
    clock,
    move(ms: number) {
      aheadMs += ms
    },
    running: sharedBySuite(open, { clock }),
  }
}

/** On the embedded database, for suites that are not about the database; the caller closes it. */
export const openServiceOnPglite = (options: ServiceUnderTestOptions = {}) => openRunningService(options)

async function openRunningService(options: ServiceUnderTestOptions): Promise<RunningService> {
  const { clock = () => new Date() } = options
  const sandbox = options.account ?? (await openSandbox({ now: clock, ...options.sandbox }))
  const config = readConfig({
    MUSTER_ADMIN_TOKEN: adminToken,
    MUSTER_SECRET_KEY: 'a-key-of-the-tests-of-32-bytes-or-more',
    MUSTER_HR_SECRETS: newSecret(),
    MUSTER_DATA_DIR: 'memory://',
    MUSTER_IAM_RATE: '1000',
    AWS_ENDPOINT_URL: sandbox.url,
    ...options.settings,
  })
  const service = await openService(config, {
    log: options.log ?? silentLog,
    clock,
    credentials: sandbox.credentials,
    ...(options.controls ? { controls: options.controls } : {}),
    ...(config.databaseUrl || config.dataDir !== 'memory://' ? {} : { store: await openEmbedded() }),
  })
  await service.working
  if (config.mode === 'enforce') await accountIsReady(service)
  let closed = false

  async function api(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown) {
    const response = await service.app.inject({
      method,
      url,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
    documented(method, url, response)
    return response.body === '' ? undefined : response.json()
  }

  async function tell(type: string, employeeId: string, data: object = {}, at = clock()): Promise<string> {
    const { headers, payload } = signed(
      config.hrSecrets[0] ?? '',
      { type, timestamp: at.toISOString(), data: { employeeId, ...data } },
      { id: `msg-${crypto.randomUUID()}`, at: clock() },
    )
    const url = '/webhooks/hr'
    const response = await service.app.inject({ method: 'POST', url, headers, payload })
    documented('POST', url, response)
    if (response.statusCode !== 202) throw new Error(`${response.statusCode}: ${response.body}`)
    return response.json().deliveryId
  }

  async function identity(employeeId: string): Promise<IdentityRow> {
    const [row] = await rowsOf<IdentityRow>(
      service.store.db,
      sql`select * from identities where employee_id = ${employeeId}`,
    )
    if (!row) throw new Error(`employee ${employeeId} has no identity`)
    return row
  }

  return {
    service,
    sandbox,
    config,
    api,
    tell,
    identity,
    hire: (employeeId, data) =>
      tell('employee.hired', employeeId, {
        givenName: 'Ada',
        familyName: employeeId,
        email: `${employeeId.toLowerCase()}@example.com`,
        role: 'backend-engineer',
        ...data,
      }),
    async until(employeeId, state, withinMs = patienceMs) {
      let last: IdentityRow | undefined
      try {
        return await eventually(
          async () => {
            if (await hasMail(service)) return false
            last = await identity(employeeId).catch(() => undefined)
            return (
              last !== undefined &&
              last.state === state &&
              Number(last.generation) === Number(last.reconciled_generation) &&
              last
            )
          },
          { withinMs },
        )
      } catch {
        throw new Error(`employee ${employeeId} is not ${state}: ${JSON.stringify(last)}`)
      }
    },
    groupsOf(userName) {
      const user = sandbox.state.users.get(userName.toLowerCase())
      return user && [...user.groups].sort()
    },
    async close() {
      if (closed) return
      closed = true
      await service.close()
      if (!options.account) await sandbox.close()
    },
  }
}

/** Whether a delivery still waits to be applied. */
async function hasMail({ store }: Service): Promise<boolean> {
  const [row] = await rowsOf<{ waiting: boolean }>(
    store.db,
    sql`select exists (select 1 from deliveries where status = 'accepted') as waiting`,
  )
  return row?.waiting ?? false
}

/** What is done to the account itself is over: every call from now on is about somebody. */
async function accountIsReady(service: Service): Promise<void> {
  await eventually(
    async () => {
      const [row] = await rowsOf<{ done: boolean }>(
        service.store.db,
        sql`select catalog_hash is not null and password_policy is not null
          and exists (select 1 from leases where name = 'sweep' and done_at is not null) as done from accounts`,
      )
      return row?.done ?? false
    },
    { what: 'bringing catalog and password policy into the account' },
  )
}

/** What is asked of IAM about the account as a whole, whenever its turn comes. */
const aboutNobody = new Set<string>([
  ...gatheringCalls,
  'GenerateServiceLastAccessedDetails',
  'GetServiceLastAccessedDetails',
])

/** What IAM was asked about somebody: the looks at CloudTrail, every few seconds, and at the whole account are left out. */
export function callsAboutPeople({ calls }: Sandbox): readonly LoggedCall[] {
  return calls.entries.filter(({ service, action }) => service === 'iam' && !aboutNobody.has(action))
}

/** What was changed in AWS. Having a report made is a read, as AWS counts it. */
export function writeCallsOf({ calls }: Sandbox): readonly LoggedCall[] {
  return calls.entries.filter(({ readOnly, action }) => !readOnly && action !== 'GenerateCredentialReport')
}

export const writesOf = (sandbox: Sandbox): string[] => writeCallsOf(sandbox).map(({ action }) => action)

/** What somebody else does in the account, by hand. */
export function call(sandbox: Sandbox, action: string, params: Readonly<Record<string, unknown>>) {
  const result = callIam(sandbox.state, action, params, { now: new Date() })
  assert.ok(result.ok, `${action}: ${JSON.stringify(result)}`)
  return result.output as Record<string, never>
}

/** Everything that a user may have and a leaver must lose. */
export function giveCredentials(sandbox: Sandbox, UserName: string) {
  call(sandbox, 'CreateLoginProfile', { UserName, Password: 'Correct-horse-battery-9' })
  call(sandbox, 'CreateAccessKey', { UserName })
  call(sandbox, 'CreateServiceSpecificCredential', { UserName, ServiceName: 'codecommit.amazonaws.com' })
  call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' })
  call(sandbox, 'PutUserPolicy', {
    UserName,
    PolicyName: 'by-hand',
    PolicyDocument:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}',
  })
}
