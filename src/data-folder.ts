/** The data folder: made where it is missing, refused with one line where that cannot be. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Its message is one line, meant for the terminal. */
export class FolderRefused extends Error {}

/**
 * Makes the folder (0700) and those it lies in, where they are missing.
 *
 * @throws FolderRefused when it cannot be made, or is something else
 */
export function makeFolder(folder: string): void {
  try {
    make(resolve(folder))
  } catch (error) {
    throw new FolderRefused(`MUSTER_DATA_DIR ${folder} cannot be used: ${(error as Error).message}`, {
      cause: error,
    })
  }
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw notAFolder(folder)
}

/** Whatever is there is not Muster's to give advice about. */
export function notAFolder(folder: string): FolderRefused {
  return new FolderRefused(
    `MUSTER_DATA_DIR ${folder} is not a folder: set it to one, or to where Muster can make one`,
  )
}

/** One by one: the recursive way of `node:fs` never ends where a file system has no new folders, as in /proc. */
function make(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })) return
  make(dirname(folder))
  try {
    mkdirSync(folder, 0o700)
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
