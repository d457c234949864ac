/** The process: open, listen, close gracefully. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import packageJson from '../package.json' with { type: 'json' }
import { endpointsAt } from './aws/account.ts'
import { welcome } from './banner.ts'
import type { Config } from './config.ts'
import { refuse } from './config-error.ts'
import { createLog } from './log.ts'
import { openSandbox, type Sandbox } from './sandbox/index.ts'
import { openService, type Service } from './service.ts'
import { isDatabaseAway, sqlStateOf } from './store/failures.ts'
import { assertFolderIsFree } from './store/folder-lock.ts'

/**
 * Runs until a signal ends it.
 *
 * @throws ConfigError or FolderRefused when it cannot start and a setting is to blame
 */
export async function run(config: Config): Promise<void> {
  const log = createLog(config.logLevel)
  // Before the ports are: who starts twice in a folder should hear of the folder.
  if (!config.databaseUrl) assertFolderIsFree(config.dataDir)
  const sandbox = config.sandbox ? await startSandbox(config.dataDir, config.sandbox.port) : undefined
  const live = sandbox
    ? { ...config, aws: { region: 'us-east-1', endpoints: endpointsAt(sandbox.url) } }
    : config
  const credentials = sandbox ? { credentials: sandbox.credentials } : {}
  const service = await openService(live, { log, ...credentials }).catch((error) =>
    refuse(notOpened(config, error), error),
  )
  closeWithGrace({ delay: 30_000, logger: false }, async ({ err, signal }) => {
    if (err) log.fatal({ err }, 'Muster ends because of an error nobody expected')
    else log.info({ signal }, 'Muster finishes what runs and ends')
    await service.close()
    await sandbox?.close()
  })
  const { host, port } = config
  const address = await service.app
    .listen({ host, port })
    .catch((error) => refuse(`HOST and PORT: cannot listen at ${host}:${port}`, error))
  log.info({ address, version: packageJson.version, mode: config.mode, role: config.role }, 'Muster listens')
  if (sandbox) {
    const [apiKey] = config.awsEventsKeys
    if (apiKey)
      sandbox.sendEventsTo({ url: `${address}/webhooks/aws-events`, apiKeyHeader: 'x-api-key', apiKey })
    await untilReady(service)
    process.stdout.write(welcome({ config, address, sandbox }))
  }
}

async function startSandbox(dataDir: string, port: number): Promise<Sandbox> {
  const stateFile = join(dataDir, 'sandbox.json')
  // AWS takes about five minutes; who tries something looks sooner.
  return await openSandbox({ port, stateFile, deliverEveryMs: 30_000, eventLagMs: 2000 }).catch((error) =>
    refuse(
      error.syscall === 'listen'
        ? `MUSTER_SANDBOX_PORT: the sandbox cannot listen at ${port}`
        : `MUSTER_DATA_DIR ${dataDir} cannot be used`,
      error,
    ),
  )
}

/** Until the catalog is in the account: what the newcomer types first shall work at once. */
async function untilReady({ app }: Service): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { statusCode } = await app.inject('/readyz')
    if (statusCode === 200) return
    await delay(50)
  }
}

/** The setting by which the service could not be opened; undefined when none of them is to blame. */
function notOpened({ databaseUrl, dataDir }: Config, error: unknown): string | undefined {
  if (databaseUrl) {
    const isDatabases = isDatabaseAway(error) || sqlStateOf(error) !== undefined
    return isDatabases ? 'MUSTER_DATABASE_URL: the database cannot be used' : undefined
  }
  const isFiles = typeof (error as NodeJS.ErrnoException).syscall === 'string'
  return isFiles ? `MUSTER_DATA_DIR ${dataDir} cannot be used` : undefined
}
