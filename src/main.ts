/** The entry point: what was asked for and set is read and checked before anything else is loaded. */
import './quick-load.ts'
import { randomBytes } from 'node:crypto'
import { readConfig } from './config.ts'
import { ConfigError, refuse } from './config-error.ts'
import { FolderRefused } from './data-folder.ts'
import { sandboxSecrets } from './sandbox-secrets.ts'

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
  const { run } = await import('./process.ts')
  await run(config)
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
