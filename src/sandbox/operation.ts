/** An operation of an AWS service: what it takes, whether it only reads, and what it does. */
import { type ParametersOf, readParameters, type Schema } from './fields.ts'
import type { Account } from './iam/account-data.ts'
import { Refusal } from './refusal.ts'
import type { Buckets } from './s3/buckets.ts'

export interface Caller {
  readonly type: 'IAMUser' | 'AssumedRole' | 'Root'
  readonly arn: string
  /** The unique id of the principal. */
  readonly principalId: string
  readonly accessKeyId: string
  readonly userName?: string
  /** Of credentials that are good for a time. */
  readonly session?: { readonly createdAt: string; readonly withMfa: boolean }
}

/** One call as CloudTrail remembers it. */
export interface PastCall {
  readonly at: Date
  readonly service: string
  readonly action: string
  readonly params: Readonly<Record<string, unknown>>
  readonly requestId: string
  readonly readOnly: boolean
  readonly caller: Caller
  readonly region: string
  readonly errorCode?: string | undefined
  readonly errorMessage?: string | undefined
  readonly sourceIp?: string | undefined
  readonly userAgent?: string | undefined
}

export interface CallContext {
  readonly now: Date
  readonly caller: Caller
  readonly region: string
  readonly buckets: Buckets
  /** Newest first. */
  readonly history: () => Iterable<PastCall>
  /** How long an event takes to appear in the Event history. */
  readonly eventLagMs: number
}

export type Output = Readonly<Record<string, unknown>>
export interface Operation {
  readonly readOnly: boolean
  readonly schema: Schema
  readonly handle: (account: Account, params: never, context: CallContext) => Output | undefined
}
export type OperationTable = Readonly<Record<string, Operation>>

export type Answer =
  | { readonly ok: true; readonly output: Output }
  | {
      readonly ok: false
      readonly error: { readonly code: string; readonly message: string; readonly status: number }
    }

type Handler<S extends Schema> = (
  account: Account,
  params: ParametersOf<S>,
  context: CallContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: most writes answer nothing, and need no `return`
) => Output | void

export function reads<S extends Schema>(schema: S, handle: Handler<S>): Operation {
  return { readOnly: true, schema, handle: handle as Operation['handle'] }
}

export function writes<S extends Schema>(schema: S, handle: Handler<S>): Operation {
  return { readOnly: false, schema, handle: handle as Operation['handle'] }
}

/**
 * Performs one call on the account, in place. A refused call changes nothing. The same calls with the same
 * contexts on equal accounts give equal accounts: all randomness comes from the account's own seed.
 */
export function perform(
  table: OperationTable,
  account: Account,
  action: string,
  params: Readonly<Record<string, unknown>>,
  context: CallContext,
): Answer {
  const operation = Object.hasOwn(table, action) ? table[action] : undefined
  if (!operation) return refused(new Refusal('InvalidAction', `Could not find operation ${action}`))
  try {
    const output = operation.handle(account, readParameters(operation.schema, params) as never, context)
    return { ok: true, output: output ?? {} }
  } catch (error) {
    if (error instanceof Refusal) return refused(error)
    throw error
  }
}

function refused({ code, message, status }: Refusal): Answer {
  return { ok: false, error: { code, message, status } }
}
