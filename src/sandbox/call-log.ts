/** Which calls were made, in which order. Bounded; secrets never get in. */
import type { Schema } from './fields.ts'
import type { Operation, PastCall } from './operation.ts'

export interface LoggedCall extends PastCall {
  /** HTTP status; 0 when the answer was lost. */
  readonly status: number
  /** Set when the caller got no answer; `after`: what was asked for has been done all the same. */
  readonly lost?: 'before' | 'after' | undefined
}

export interface CallLog {
  /** Oldest first. */
  readonly entries: readonly LoggedCall[]
  /** The names of the calls, in order; `'writes'` leaves out those that only read. */
  actions(which?: 'all' | 'writes'): readonly string[]
  /** Calls of one action, oldest first. */
  of(action: string): readonly LoggedCall[]
  clear(): void
}

export interface WritableCallLog extends CallLog {
  add(call: LoggedCall): void
}

/** Keeps at least the last `size` calls. */
export function createCallLog(size: number): WritableCallLog {
  let entries: LoggedCall[] = []
  return {
    get entries() {
      return entries
    },
    actions: (which = 'all') =>
      entries.filter(({ readOnly }) => which === 'all' || !readOnly).map(({ action }) => action),
    of: (action) => entries.filter((call) => call.action === action),
    clear() {
      entries = []
    },
    add(call) {
      entries.push(call)
      // Trimmed in large pieces, so that adding stays cheap.
      if (entries.length > size * 2) entries = entries.slice(-size)
    },
  }
}

const secretNames = new WeakMap<Schema, readonly string[]>()

/** Parameters as they may be kept and shown. */
export function withoutSecrets(
  operation: Operation | undefined,
  params: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  // What we do not know we do not keep.
  if (!operation) return {}
  const secret = secretsOf(operation.schema).filter((name) => name in params)
  if (secret.length === 0) return params
  // CloudTrail's own words for it.
  const hidden = secret.map((name) => [name, 'HIDDEN_DUE_TO_SECURITY_REASONS'])
  return { ...params, ...Object.fromEntries(hidden) }
}

function secretsOf(schema: Schema): readonly string[] {
  let names = secretNames.get(schema)
  if (!names) {
    names = Object.keys(schema).filter((name) => {
      const field = schema[name]
      return field !== undefined && 'secret' in field && field.secret === true
    })
    secretNames.set(schema, names)
  }
  return names
}
