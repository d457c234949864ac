/**
 * Keeps a second process out of the embedded database's folder: PGlite opens it twice without an
 * error, and rows are lost.
 */
import { chmodSync, closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FolderRefused, makeFolder } from '../data-folder.ts'

const lockFileName = 'muster.pid'

export class FolderInUse extends FolderRefused {}

/**
 * Takes the lock file `muster.pid` in `folder` (made 0700 when missing).
 *
 * @returns a function that gives the lock back
 * @throws FolderInUse naming the live process that has it, FolderRefused when it cannot be made
 */
export function lockFolder(folder: string): () => void {
  makeFolder(folder)
  // One that was there before, a volume for instance, may be anybody's to write into.
  chmodSync(folder, 0o700)
  const file = join(folder, lockFileName)
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, 'wx', 0o600)
      writeSync(handle, `${process.pid} ${startOf(process.pid)}\n`)
      closeSync(handle)
      return () => rmSync(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      assertFolderIsFree(folder)
      rmSync(file, { force: true })
    }
  }
  throw new FolderInUse(`MUSTER_DATA_DIR ${folder}: another process is starting in it right now`)
}

/** @throws FolderInUse naming the live process that has the folder's lock */
export function assertFolderIsFree(folder: string): void {
  const holder = holderOf(join(folder, lockFileName))
  if (holder === undefined || !isAlive(holder)) return
  throw new FolderInUse(
    `MUSTER_DATA_DIR ${folder} is in use by process ${holder.split(' ')[0]}: stop that one first, ` +
      'or use PostgreSQL (MUSTER_DATABASE_URL) for several processes',
  )
}

function holderOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    // Not there, or a folder that cannot be used at all: whoever takes the lock will hear of that.
    return undefined
  }
}

/** A process id comes back after a reboot or in a new container, its start time does not. */
function isAlive(holder: string): boolean {
  const [pidText, start] = holder.split(' ')
  const pid = Number(pidText)
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return startOf(pid) === start
}

/** Clock ticks since boot at which the process started (proc(5), field 22), or `-` where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-'
  } catch {
    return '-'
  }
}
