/** The one error that is meant for a client: rendered as `application/problem+json` (RFC 9457). */

export interface Fault {
  /** Where in the request: `/data/email`, `webhook-signature`, ... */
  readonly at: string
  /** What is wrong there, and what would be right. */
  readonly message: string
}

export class Problem extends Error {
  readonly status: number
  /** A short name of the kind of problem, stable across releases: `unknown-role`. */
  readonly slug: string
  readonly faults: readonly Fault[]
  /** Seconds until another try makes sense. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    status: number,
    slug: string,
    detail: string,
    more: { faults?: readonly Fault[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause })
    this.name = 'Problem'
    this.status = status
    this.slug = slug
    this.faults = more.faults ?? []
    this.retryAfterSeconds = more.retryAfterSeconds
  }
}

/** @throws Problem 503, until AWS has told whose credentials these are */
export function accountUnknown(): never {
  throw new Problem(
    503,
    'account-unknown',
    'AWS has not yet said which account these credentials belong to',
    { retryAfterSeconds: 5 },
  )
}
