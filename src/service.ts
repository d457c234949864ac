/** The service, put together: every room opened in its order, and closed in the reverse one. */
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { buildApp } from './app.ts'
import { startSealer } from './audit/sealer.ts'
import { type Account, openAccount } from './aws/account.ts'
import { meterCalls } from './aws/metering.ts'
import type { Catalog } from './catalog/catalog.ts'
import { lint, lintLine } from './catalog/lint.ts'
import { loadCatalog } from './catalog/load.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Control } from './compliance/control.ts'
import { controls as everyControl } from './compliance/controls/index.ts'
import { createComplianceView } from './compliance/view.ts'
import type { Config } from './config.ts'
import { ConfigError } from './config-error.ts'
import { linkToken, linkUrl } from './credentials/link.ts'
import { within } from './deadline.ts'
import { createChanges } from './identity/changes.ts'
import { createDryRun } from './identity/dry-run.ts'
import { takeUp } from './identity/due.ts'
import { startWorkers } from './identity/worker.ts'
import { type IdentityRoom, openIdentityRoom } from './identity-room.ts'
import { openInbox } from './intake/inbox.ts'
import { type Jobs, openJobs } from './jobs/jobs.ts'
import type { Loop } from './jobs/loop.ts'
import { deriveKeys } from './keys.ts'
import { startLoops, type Wake } from './loops.ts'
import { startDelivery } from './notify/deliver.ts'
import { createAnnounce } from './notify/outbox.ts'
import { tellsAnyone } from './notify/settings.ts'
import { accountUnknown } from './problem.ts'
import { openStore, type Store } from './store/open.ts'
import { openAwsEventInbox } from './trail/aws-event-inbox.ts'

export interface Service {
  readonly app: FastifyInstance
  readonly store: Store
  readonly jobs: Jobs
  readonly registry: Registry
  /** Resolves when the account is known and its workers run; never rejects, AWS is asked until it answers. */
  readonly working: Promise<void>
  /** Takes no more, lets what runs end, closes everything. */
  close(): Promise<void>
}

export interface ServiceOptions {
  readonly log: Logger
  readonly clock?: Clock
  /** Of the sandbox; otherwise the SDK finds its own. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** The database, where it is open already; the service closes it. */
  readonly store?: Store
  /** What compliance is judged by; all of them by default. */
  readonly controls?: readonly Control[]
}

/** How long a stop waits for what runs. */
const graceMs = 25_000

/** @throws ConfigError for a catalog that is refused; the database's errors */
export async function openService(config: Config, options: ServiceOptions): Promise<Service> {
  const { log, clock = systemClock, controls = everyControl } = options
  const catalog = await readCatalog(config)
  const keyring = deriveKeys(config.secretKeys)
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const store =
    options.store ?? (await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir }, log))
  const jobs = await store
    .withStartLock(() => openJobs(store, log))
    .catch(async (error) => {
      await store.close()
      throw error
    })

  const works = config.role !== 'api'
  const loops: Loop[] = [startSealer({ store, keyring, clock, log, registry })]
  const announce = createAnnounce(jobs, config.notify)
  let wake: Wake = { intake() {}, passwordPolicy() {}, sweep() {}, catalog() {} }
  let identityRoom: IdentityRoom | undefined
  const room = () => identityRoom ?? accountUnknown()
  const changes = createChanges(store, () => room().evaluation, clock)
  const inbox = openInbox(store, log, () => wake.intake())
  const accountId = () => identityRoom?.account.accountId
  const awsEvents = openAwsEventInbox(store)
  const app = await buildApp({
    config,
    store,
    jobs,
    catalog,
    inbox,
    awsEvents,
    changes,
    enrollments: () => room().enrollments,
    dryRun: { planFor: (employeeId) => createDryRun(store.db, room().reconciliation).planFor(employeeId) },
    accountId,
    wakeIntake: () => wake.intake(),
    wakePasswordPolicy: () => wake.passwordPolicy(),
    compliance: {
      controls,
      view: createComplianceView({
        db: store.db,
        controls,
        accountId,
        trailGate: config.trailGate,
        clock,
      }),
      wake: () => wake.sweep(),
    },
    keyring,
    clock,
    log,
    registry,
  })

  const stopping = new AbortController()
  const working = findAccount(config, options, store, registry, stopping.signal).then(async (account) => {
    if (!account) return
    const parts = { store, jobs, catalog, account, announce, clock, keyring, log }
    identityRoom = openIdentityRoom(config, parts)
    // What would be started from here on, nobody would stop.
    if (!works || stopping.signal.aborted) return
    const { evaluation, reconciliation } = identityRoom
    const started = startLoops(config, {
      ...parts,
      room: identityRoom,
      controls,
      applyEvents: changes.applyEvents,
    })
    loops.push(...started.loops)
    wake = started.wake
    await untilDone('taking up what was left', options, stopping.signal, () =>
      takeUp(store, evaluation, config.mode, clock, stopping.signal),
    )
    await untilDone('starting the workers', options, stopping.signal, () =>
      startWorkers({
        jobs,
        context: reconciliation,
        iamRate: config.iamRate,
        log,
        onCatalogMissing: wake.catalog,
      }),
    )
    // Last: whatever keeps mail from being sent keeps nobody from being locked.
    if (tellsAnyone(config.notify)) {
      const linkOf = (id: string) => linkUrl(config.publicUrl, linkToken(keyring, id))
      await untilDone('starting the delivery of notifications', options, stopping.signal, () =>
        startDelivery({ store, jobs, settings: config.notify, linkOf, clock, log }),
      )
    }
  })
  working.catch((error) => log.error({ err: error }, 'the workers could not be started'))

  return {
    app,
    store,
    jobs,
    registry,
    working: working.catch(() => {}),
    async close() {
      stopping.abort()
      // Who sends slowly does not keep the service from ending.
      const impatience = setTimeout(() => app.server.closeAllConnections(), 5000)
      const requests = app.close().then(() => Promise.all([inbox.idle(), awsEvents.idle()]))
      const looks = Promise.all([working.catch(() => {}), ...loops.map((loop) => loop.stop())])
      // All at once: their waits must not add up, and nothing new is begun while others end. What the
      // requests and the loops queue meanwhile is for the next start.
      await Promise.all([
        jobs.finish(graceMs),
        requests.finally(() => clearTimeout(impatience)),
        within(graceMs, looks, () => new Error('what runs takes too long')).catch((error) =>
          log.warn({ err: error }, 'the stop does not wait any longer; the next start goes on'),
        ),
      ])
      await jobs.stop(graceMs)
      identityRoom?.account.close()
      await store.close()
    },
  }
}

/** A database that fails just while we start must not leave a service that locks nobody. */
async function untilDone(
  what: string,
  { log }: ServiceOptions,
  signal: AbortSignal,
  attempt: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted) return
      log.error({ err: error }, `${what} failed, and will be tried again`)
      await delay(1000, undefined, { signal }).catch(() => {})
    }
  }
}

/** A catalog with any fault is refused as a whole: half a catalog would be half of somebody's access. */
async function readCatalog(config: Config): Promise<Catalog> {
  let catalog: Catalog
  try {
    catalog = await loadCatalog(config.catalogFile)
  } catch (error) {
    const { message } = error as Error
    const separator = message.includes('\n') ? '\n' : ' '
    throw new ConfigError(`MUSTER_CATALOG ${config.catalogFile} cannot be used:${separator}${message}`)
  }
  // Whichever partition it is written for: each account gets it in its own.
  const faults = await lint(catalog, { place: { partition: 'aws', path: config.iamPath } })
  if (faults.length > 0) {
    throw new ConfigError(
      `MUSTER_CATALOG ${config.catalogFile} is refused:\n${faults.map(lintLine).join('\n')}`,
    )
  }
  return catalog
}

/** Asks until AWS answers: meanwhile deliveries are taken and kept. Undefined when the service stops first. */
async function findAccount(
  config: Config,
  { log, credentials }: ServiceOptions,
  store: Store,
  registry: Registry,
  signal: AbortSignal,
): Promise<Account | undefined> {
  const metering = meterCalls(registry)
  for (let waitMs = 500; !signal.aborted; waitMs = Math.min(waitMs * 2, 30_000)) {
    try {
      return await openAccount(store.db, {
        region: config.aws.region,
        endpoints: config.aws.endpoints,
        rate: config.iamRate,
        credentials,
        metering,
        log,
      })
    } catch (error) {
      log.warn({ err: error }, 'AWS does not say which account this is; asking again')
      await delay(waitMs, undefined, { signal }).catch(() => {})
    }
  }
  return undefined
}
