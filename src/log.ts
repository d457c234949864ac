/** The log: one JSON object a line, on standard output. */
import { type DestinationStream, type Logger, pino } from 'pino'
import { describeFailure, sqlStateOf } from './store/failures.ts'

export function createLog(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: errorInLog },
    },
    destination,
  )
}

export interface LoggedError {
  readonly type: string
  readonly message: string
  readonly code?: string
  /** Where it came from, without the message. */
  readonly stack?: string
  readonly cause?: LoggedError
}

/**
 * What of an error may be in a log. drivers hang whole connections on their errors, and drizzle a statement's
 * parameters, which may be what HR wrote about somebody: only these few fields get through.
 */
export function errorInLog(thrown: unknown, depth = 0): LoggedError {
  const error = asError(thrown)
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const isDatabases =
    error.name === 'DrizzleQueryError' || 'query' in error || sqlStateOf(error) !== undefined
  const { code } = error as { code?: unknown }
  const frames = error.stack?.indexOf('\n    at ') ?? -1
  return {
    type: error.constructor.name,
    message: isDatabases ? describeFailure(error) : error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(frames < 0 ? {} : { stack: error.stack?.slice(frames + 1) ?? '' }),
    ...(error.cause instanceof Error && depth < 4 ? { cause: errorInLog(error.cause, depth + 1) } : {}),
  }
}

/** pg-boss tells of a worker's failure with a copy of the error's fields, `{ ...error, message, stack, queue }`. */
function asError(thrown: unknown): unknown {
  const isCopy = thrown instanceof Object && typeof (thrown as { message?: unknown }).message === 'string'
  return isCopy && !(thrown instanceof Error) ? Object.assign(new Error(), thrown) : thrown
}
