/** The secrets of a sandbox: made once per data folder, so that a restart breaks nothing. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, notAFolder } from './data-folder.ts'

/** By the name of the setting that each of them answers. */
export interface SandboxSecrets {
  readonly MUSTER_ADMIN_TOKEN: string
  readonly MUSTER_HR_SECRETS: string
  readonly MUSTER_SECRET_KEY: string
}

/**
 * Those of the folder, made now where there are none.
 *
 * @throws Error when they are there but cannot be read, FolderRefused when the folder cannot be used
 */
export function sandboxSecrets(dataDir: string): SandboxSecrets {
  const found = findSandboxSecrets(dataDir)
  if (found) return found
  const secrets: SandboxSecrets = {
    MUSTER_ADMIN_TOKEN: `muster_${randomBytes(24).toString('base64url')}`,
    MUSTER_HR_SECRETS: `whsec_${randomBytes(32).toString('base64')}`,
    MUSTER_SECRET_KEY: randomBytes(32).toString('base64'),
  }
  makeFolder(dataDir)
  writeFileSync(fileIn(dataDir), `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return secrets
}

/** Those of the folder, if there are any: makes nothing. @throws as `sandboxSecrets` */
export function findSandboxSecrets(dataDir: string): SandboxSecrets | undefined {
  const file = fileIn(dataDir)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'ENOTDIR') throw notAFolder(dataDir)
    throw new Error(`${file} cannot be read (${code}): ${remedy}`)
  }
  try {
    return JSON.parse(text) as SandboxSecrets
  } catch {
    // What was read may be a secret, and JSON.parse quotes it.
    throw new Error(`${file} is not JSON: ${remedy}`)
  }
}

const remedy = 'repair it, or set MUSTER_DATA_DIR to another folder to begin anew'

const fileIn = (dataDir: string) => join(dataDir, 'secrets.json')
