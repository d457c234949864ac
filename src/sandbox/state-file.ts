/** The sandbox's memory across restarts: one JSON file, replaced atomically. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import type { Account } from './iam/account-data.ts'
import { createAccount } from './iam/account-state.ts'

const format = 'muster-sandbox-1'

/**
 * Reads a state file; `undefined` when there is none.
 *
 * @throws Error when the file is there and is no sandbox's state: better than to forget everybody
 */
export function readStateFile(path: string): Account | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const account = accountIn(text)
  if (account) return account
  throw new Error(`${path} is not the state of a sandbox: move it away to begin with an empty account`)
}

function accountIn(text: string): Account | undefined {
  try {
    const saved = JSON.parse(text, revive) as { format?: unknown; account?: Account } | null
    return saved?.format === format && saved.account ? completed(saved.account) : undefined
  } catch {
    // Not JSON. What is wrong with it is not told: it may hold seeds.
    return undefined
  }
}

/** A file from before something was added to an account has none of it. */
function completed(saved: Account): Account {
  const fresh = createAccount(saved.accountId)
  const { accessKeys } = saved.root
  const root = { ...fresh.root, ...saved.root, accessKeys: Array.isArray(accessKeys) ? accessKeys : [] }
  return { ...fresh, ...saved, root, quotas: { ...fresh.quotas, ...saved.quotas } }
}

export interface StateFile {
  /** Something changed: it will be on disk in a few milliseconds. */
  changed(): void
  /** Writes what is not written yet. */
  close(): Promise<void>
}

/**
 * Follows an account. Writes are spaced so that they take a fifth of the time at most, however large the
 * account. The file holds MFA seeds, and is for its owner's eyes only.
 */
export function openStateFile(path: string, account: Account): StateFile {
  const temporary = `${path}.${process.pid}.tmp`
  const text = () => JSON.stringify({ format, account }, keep)
  let dirty = false
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let busy = false
  let pauseMs = 2

  const write = async () => {
    busy = true
    dirty = false
    const started = performance.now()
    try {
      await writeFile(temporary, text(), { mode: 0o600 })
      await rename(temporary, path)
    } finally {
      busy = false
      pauseMs = Math.max(2, (performance.now() - started) * 4)
    }
    if (dirty) schedule()
  }
  const schedule = () => {
    timer ??= setTimeout(() => {
      timer = undefined
      // A full disk must not bring the process down; `close` tries again, and says so.
      writing = write().catch(() => {
        dirty = true
      })
    }, pauseMs)
  }
  return {
    changed() {
      dirty = true
      if (!busy) schedule()
    },
    async close() {
      clearTimeout(timer)
      await writing
      clearTimeout(timer)
      if (!dirty) return
      writeFileSync(temporary, text(), { mode: 0o600 })
      renameSync(temporary, path)
      dirty = false
    },
  }
}

/** JSON has no maps. */
const keep = (_name: string, value: unknown) => (value instanceof Map ? { $map: [...value] } : value)
const revive = (_name: string, value: unknown) => {
  const pairs = (value as { $map?: [string, unknown][] } | null)?.$map
  return Array.isArray(pairs) ? new Map(pairs) : value
}
