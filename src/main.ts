/** The process: read the configuration, open, listen, close gracefully. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { endpointsAt } from './aws/account.ts'
import { welcome } from './banner.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { FolderRefused } from './data-folder.ts'
import { createLog } from './log.ts'
import { openSandbox, type Sandbox } from './sandbox/index.ts'
import { sandboxSecrets } from './sandbox-secrets.ts'
import { openService, type Service } from './service.ts'
import { isDatabaseAway, sqlStateOf } from './store/failures.ts'
import { assertFolderIsFree } from './store/folder-lock.ts'

const usage = `usage: node src/main.ts [--sandbox]

  --sandbox   run against the AWS stand-in that ships with Muster, never against AWS

Settings are environment variables; the README lists them.`

// What is written is nobody else's to read.
process.umask(0o077)

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof FolderRefused)) throw error
  process.stderr.write(`muster: ${error.message}\n`)
  process.exit(1)
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== '--sandbox')
  if (unknown !== undefined) {
    process.stderr.write(`${usage}\n`)
    process.exit(unknown === '--help' ? 0 : 2)
  }
  const inSandbox = args.includes('--sandbox') || process.env.MUSTER_SANDBOX === '1'
  const config = readConfig(inSandbox ? sandboxEnvironment() : process.env, { sandbox: inSandbox })
  await run(config, createLog(config.logLevel))
}

async function run(config: Config, log: Logger): Promise<void> {
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

/** What a sandbox needs and nobody set; its own secrets are made where there are none. */
function sandboxEnvironment() {
  const dataDir = process.env.MUSTER_DATA_DIR || '.muster'
  // Set to nothing counts as unset, here as everywhere.
  const set = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
  const defaults = {
    MUSTER_LOG_LEVEL: 'warn',
    MUSTER_IAM_RATE: '100',
    // Shown by this process to itself.
    MUSTER_AWS_EVENTS_KEY: randomBytes(32).toString('base64url'),
  }
  try {
    return { ...defaults, ...sandboxSecrets(dataDir), ...set }
  } catch (error) {
    refuse(`MUSTER_DATA_DIR ${dataDir} cannot be used`, error)
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

/** Stops the start with one line, when a setting is known to be at fault. */
function refuse(fault: string | undefined, error: unknown): never {
  if (error instanceof ConfigError || error instanceof FolderRefused || fault === undefined) throw error
  throw new ConfigError(`${fault}: ${rootOf(error).message.split('\n', 1)[0]}`, { cause: error })
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

function rootOf(error: unknown): Error {
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : (error as Error)
}
