/** How a start is stopped: with one line that names the setting at fault and says what is right. */
import { FolderRefused } from './data-folder.ts'

/** Its message is one line, meant for the terminal. */
export class ConfigError extends Error {}

/**
 * Throws what stops the start.
 *
 * @param fault which setting is at fault, and how; undefined when none is known to be: then the error itself
 */
export function refuse(fault: string | undefined, error: unknown): never {
  if (error instanceof ConfigError || error instanceof FolderRefused || fault === undefined) throw error
  throw new ConfigError(`${fault}: ${rootOf(error).message.split('\n', 1)[0]}`, { cause: error })
}

function rootOf(error: unknown): Error {
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : (error as Error)
}
