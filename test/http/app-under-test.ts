/** The whole HTTP side on real parts: a database, the queues, the example catalog, the sandbox. No workers run. */
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { buildApp } from '../../src/app.ts'
import { type Account, endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { BASELINE, type Catalog, DEFAULT_PATH, QUARANTINE } from '../../src/catalog/catalog.ts'
import { loadCatalog } from '../../src/catalog/load.ts'
import { createComplianceView } from '../../src/compliance/view.ts'
import { followChanges } from '../../src/credentials/enrollments.ts'
import type { AppDeps } from '../../src/http/deps.ts'
import { createChanges } from '../../src/identity/changes.ts'
import { createDryRun } from '../../src/identity/dry-run.ts'
import type { FollowContext } from '../../src/identity/follow.ts'
import { openLedger } from '../../src/identity/ledger.ts'
import { roleAccessIn } from '../../src/identity/role-access.ts'
import { usualRotation } from '../../src/identity/rotation.ts'
import { openInbox } from '../../src/intake/inbox.ts'
import { openJobs } from '../../src/jobs/jobs.ts'
import { deriveKeys } from '../../src/keys.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import type { Store } from '../../src/store/open.ts'
import { accounts } from '../../src/store/schema.ts'
import { openAwsEventInbox } from '../../src/trail/aws-event-inbox.ts'
import { tinyControls } from '../compliance/tiny-controls.ts'
import { type Api, adminToken, apiOf } from '../harness/api.ts'
import { emptyStore, type OpenTestStore, silentLog } from '../harness/databases.ts'
import { openGate } from '../harness/gate.ts'

export interface AppUnderTest {
  readonly app: FastifyInstance
  readonly api: Api
  readonly store: Store
  readonly sandbox: Sandbox
  readonly account: Account
  readonly catalog: Catalog
  readonly deps: AppDeps
  /** How often a route has told the intake that there is work. */
  readonly wakes: () => number
  /** Empties the tables, but for the account that everything paces itself by. */
  empty(): Promise<void>
  close(): Promise<void>
}

export async function openApp(
  openStore: OpenTestStore,
  overrides: Partial<AppDeps> = {},
): Promise<AppUnderTest> {
  const store = await openStore()
  const jobs = await store.withStartLock(() => openJobs(store, silentLog))
  const sandbox = await openSandbox()
  const registry = new Registry()
  const account = await openAccount(store.db, {
    region: 'us-east-1',
    endpoints: endpointsAt(sandbox.url),
    rate: 1000,
    credentials: sandbox.credentials,
    metering: meterCalls(registry),
    log: silentLog,
  })
  const { accountId, partition } = account
  const catalog = await loadCatalog(new URL('../../catalog/roles.yaml', import.meta.url).pathname)
  const clock = () => new Date()
  const registration = {
    accountId,
    path: DEFAULT_PATH,
    quarantineGroup: QUARANTINE,
    baselineGroup: BASELINE,
    userNameTemplate: '{given}.{family}',
  }
  const keyring = deriveKeys(['k'.repeat(32)])
  const roleAccess = roleAccessIn(catalog, { accountId, partition, path: DEFAULT_PATH })
  const links = {
    store,
    jobs,
    roleAccess,
    announce: async () => {},
    clock,
    validHours: 72,
    mode: 'enforce' as const,
  }
  const alsoFollow: FollowContext['alsoFollow'] = (tx, changes, now) => followChanges(tx, links, changes, now)
  let wakes = 0
  const deps: AppDeps = {
    config: {
      adminToken,
      hrSecrets: [],
      awsEventsKeys: [],
      mode: 'enforce',
      trailGate: 'enforce',
      publicUrl: 'http://muster.test',
    },
    store,
    jobs,
    catalog,
    accountId: () => accountId,
    changes: createChanges(store, () => ({ jobs, catalog, registration, alsoFollow }), clock),
    dryRun: createDryRun(store.db, {
      account,
      ledger: openLedger(store.db),
      registration,
      roleAccess,
      catalogHash: catalog.hash,
      mode: 'enforce',
      retentionDays: 30,
      rotation: usualRotation,
      trailGate: openGate,
      clock,
    }),
    inbox: openInbox(store, silentLog),
    awsEvents: openAwsEventInbox(store),
    wakePasswordPolicy: () => {},
    compliance: {
      controls: tinyControls,
      view: createComplianceView({
        db: store.db,
        controls: tinyControls,
        accountId: () => accountId,
        trailGate: 'enforce',
        clock,
      }),
      wake: () => {},
    },
    wakeIntake: () => {
      wakes++
    },
    enrollments: () => ({
      ...links,
      keyring,
      account: () => account,
      trailGate: () => openGate,
      path: DEFAULT_PATH,
      minimumPasswordLength: async () => 14,
      log: silentLog,
    }),
    keyring,
    clock,
    log: silentLog,
    registry,
    ...overrides,
  }
  const app = await buildApp(deps)
  return {
    app,
    api: await apiOf(app),
    store,
    sandbox,
    account,
    catalog,
    deps,
    wakes: () => wakes,
    async empty() {
      const known = await store.db.select().from(accounts)
      await emptyStore(store)
      await store.db.insert(accounts).values(known)
    },
    async close() {
      await app.close()
      await jobs.stop(1000)
      account.close()
      await sandbox.close()
    },
  }
}
