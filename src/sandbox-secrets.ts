/** The secrets of a sandbox: made once per data folder, so that a restart breaks nothing. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** By the name of the setting that each of them answers. */
export interface SandboxSecrets {
  readonly MUSTER_ADMIN_TOKEN: string
  readonly MUSTER_HR_SECRETS: string
  readonly MUSTER_SECRET_KEY: string
}

/** @throws Error when the file is there but cannot be read */
export function sandboxSecrets(dataDir: string): SandboxSecrets {
  const file = join(dataDir, 'secrets.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SandboxSecrets
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new Error(`${file} cannot be read: repair it, or delete the folder ${dataDir} to begin anew`)
    }
  }
  const secrets: SandboxSecrets = {
    MUSTER_ADMIN_TOKEN: `muster_${randomBytes(24).toString('base64url')}`,
    MUSTER_HR_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
    MUSTER_SECRET_KEY: randomBytes(32).toString('base64'),
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return secrets
}
