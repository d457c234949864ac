/** What an AWS service says when it will not do what it was asked to. */

/** Thrown by operation handlers; answered as an AWS error by the protocols. */
export class Refusal extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.status = statusOf[code] ?? 400
  }
}

/**
 * HTTP status by error code; every code that is not here is a 400.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html (Errors of each action)
 */
const statusOf: Readonly<Record<string, number>> = {
  ConcurrentModification: 409,
  DeleteConflict: 409,
  DuplicateCertificate: 409,
  EntityAlreadyExists: 409,
  EntityTemporarilyUnmodifiable: 409,
  LimitExceeded: 409,
  InvalidAuthenticationCode: 403,
  AccessDenied: 403,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  InvalidClientTokenId: 403,
  NoSuchBucket: 404,
  NoSuchEntity: 404,
  NoSuchKey: 404,
  NotSupportedService: 404,
  ReportNotPresent: 410,
  ReportExpired: 410,
  InternalFailure: 500,
  ServiceFailure: 500,
  ServiceUnavailable: 503,
}

/** The status AWS sends with an error code. */
export function statusOfCode(code: string): number {
  return statusOf[code] ?? 400
}
