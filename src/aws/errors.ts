/** What an error of AWS means for us: a table of the codes that IAM, STS and the SDK's transport give. */

export type AwsErrorClass =
  /** Too many calls: wait, and slow down. */
  | 'throttled'
  /** Will pass by itself; the call may have taken effect when `outcomeUnknown`. */
  | 'transient'
  | 'absent'
  | 'exists'
  | 'limit'
  | 'delete-conflict'
  | 'denied'
  /** Our own credentials are missing, expired or wrong. */
  | 'credentials'
  | 'invalid'

const classes: Readonly<Record<string, AwsErrorClass>> = {
  Throttling: 'throttled',
  ThrottledException: 'throttled',
  RequestThrottled: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  SlowDown: 'throttled',
  ServiceFailure: 'transient',
  InternalFailure: 'transient',
  InternalError: 'transient',
  ServiceUnavailable: 'transient',
  RequestTimeout: 'transient',
  ConcurrentModification: 'transient',
  EntityTemporarilyUnmodifiable: 'transient',
  NoSuchEntity: 'absent',
  EntityAlreadyExists: 'exists',
  LimitExceeded: 'limit',
  DeleteConflict: 'delete-conflict',
  AccessDenied: 'denied',
  UnauthorizedOperation: 'denied',
  ExpiredToken: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidAccessKeyId: 'credentials',
  UnrecognizedClient: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  IncompleteSignature: 'credentials',
  MissingAuthenticationToken: 'credentials',
  RequestExpired: 'credentials',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
}

/** An AWS call that failed, with what it means. Its message never holds parameters of the call. */
export class AwsCallError extends Error {
  readonly action: string
  /** AWS's own code without the SDK's `Exception` suffix: `NoSuchEntity`. */
  readonly code: string
  readonly class: AwsErrorClass
  /** True when the call may have taken effect all the same. */
  readonly outcomeUnknown: boolean
  readonly requestId: string | undefined

  constructor(action: string, cause: unknown) {
    const { code, message, statusCode, requestId } = read(cause)
    super(`${action}: ${code}${message ? ` (${message})` : ''}`, { cause })
    this.name = 'AwsCallError'
    this.action = action
    this.code = code
    // No answer at all, one that cannot be read, or one from something that broke half-way.
    const unanswered = statusCode === undefined || statusCode < 400 || statusCode >= 500
    this.class = classes[code] ?? (unanswered ? 'transient' : statusCode === 429 ? 'throttled' : 'invalid')
    // Without credentials the call is not even made.
    this.outcomeUnknown = unanswered && this.class !== 'credentials'
    this.requestId = requestId
  }
}

export function isAwsError(error: unknown, ...wanted: readonly AwsErrorClass[]): error is AwsCallError {
  return error instanceof AwsCallError && wanted.includes(error.class)
}

/**
 * Whether it is the user that is missing. `NoSuchEntity` does not say in a field what it is about, its
 * message does: "The user with name ... cannot be found." (moto also says "User ... not in group ...").
 */
export function isMissingUser(error: unknown): boolean {
  if (!isAwsError(error, 'absent')) return false
  const { message } = error.cause as Error
  return /^(the )?user (with name )?\S+ (was |is )?(not found|cannot be found|does not exist)/i.test(message)
}

function read(cause: unknown) {
  const error = cause as {
    name?: string
    Code?: string
    code?: string
    message?: string
    $metadata?: { httpStatusCode?: number; requestId?: string }
  }
  const statusCode = error.$metadata?.httpStatusCode
  const name = error.Code ?? error.name ?? error.code ?? 'Error'
  const code = name === 'ThrottledException' ? name : name.replace(/Exception$/, '')
  return {
    code: unnamed.has(code) ? (error.code ?? (statusCode ? `Http${statusCode}` : 'UnknownError')) : code,
    message: sentenceOf(error.message),
    statusCode,
    requestId: error.$metadata?.requestId,
  }
}

/** What the SDK calls an answer that is not AWS's own: a proxy's page, or one that was cut. */
const unnamed: ReadonlySet<string> = new Set([
  'Error',
  'Unknown',
  'UnknownError',
  'AggregateError',
  'SyntaxError',
])

/** What its parser says of such an answer, and where its programmer may look, helps nobody who reads a status. */
const sentenceOf = (message: string | undefined): string | undefined =>
  message?.includes('Deserialization error:') ? 'the answer is not one of AWS, or was cut' : message
