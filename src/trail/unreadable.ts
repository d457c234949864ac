/** Objects that AWS does not let Muster read: one of them says nothing of the others. */
import { AwsCallError } from '../aws/errors.ts'
import type { Refusal } from './log-access.ts'

/** An object that could not be read. `cause` is what AWS said. */
export class UnreadableObject extends Error {
  readonly key: string

  constructor(key: string, cause: unknown) {
    super(`${key} cannot be read`, { cause })
    this.key = key
  }
}

/** What concerns every object in the same way, though S3 says it of one. */
const ofEveryObject: ReadonlySet<string> = new Set([
  'NoSuchBucket',
  'AuthorizationHeaderMalformed',
  'InvalidAccessKeyId',
  'InvalidToken',
  'RequestTimeTooSkewed',
])

/**
 * Whether AWS refuses this one object, and may well give the next: its KMS key may not be used, or is disabled; it is
 * archived; it is encrypted with a key that its writer kept; a policy denies it. What passes by itself is none of that.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
 */
export function isOfOneObject(error: unknown): error is AwsCallError {
  if (!(error instanceof AwsCallError)) return false
  if (error.class === 'denied') return true
  return error.class === 'invalid' && !ofEveryObject.has(error.code) && !/throttl/i.test(error.code)
}

/** So many in a row, each for the same reason, are no matter of single objects: a permission is missing. */
export const refusalsInARow = 5

/** What AWS refused in the course of one look. */
export interface Refusals {
  readonly all: readonly Refusal[]
  /** There is no use in asking for more. */
  readonly isGeneral: boolean
  /** @param isNew false for one that was refused before, and says nothing of those that are new */
  add(refusal: Refusal, isNew: boolean): void
  /** Something could be read. */
  endRow(): void
  stop(): void
}

export function openRefusals(): Refusals {
  const all: Refusal[] = []
  let row: { readonly kind: string; readonly length: number } = { kind: '', length: 0 }
  let isStopped = false
  return {
    all,
    get isGeneral() {
      return isStopped || row.length >= refusalsInARow
    },
    add(refusal, isNew) {
      all.push(refusal)
      const kind = `${refusal.kind} ${refusal.code}`
      if (isNew) row = { kind, length: row.kind === kind ? row.length + 1 : 1 }
    },
    endRow() {
      row = { kind: '', length: 0 }
    },
    stop() {
      isStopped = true
    },
  }
}

/** Those that are to be asked for again first: whoever waits longest. */
export const longestUnasked = <T extends { readonly askedAt: string }>(unread: readonly T[]): readonly T[] =>
  [...unread].sort((a, b) => (a.askedAt < b.askedAt ? -1 : 1))
