/** Eventual consistency: reads that lag behind writes, and users who are not yet everywhere. */
import type { FaultPlan } from './faults.ts'
import type { Account } from './iam/account-data.ts'
import { keyOf } from './iam/account-state.ts'
import { type CallContext, type OperationTable, perform } from './operation.ts'

interface Write {
  readonly atMs: number
  readonly table: OperationTable
  readonly action: string
  readonly params: Readonly<Record<string, unknown>>
  readonly context: CallContext
  readonly drawnBefore: number
}

export interface Consistency {
  /** The account as a read sees it. */
  readable(nowMs: number): Account
  /** To be called before each write is performed, */
  beforeWrite(): void
  /** and after each that was not refused. */
  wrote(write: Write): void
  /** Was this user made so recently that writes do not find it yet? */
  isTooFresh(userName: unknown, nowMs: number): boolean
}

/**
 * The lagging state is a copy that repeats every write later: the state machine gives the same account for the
 * same calls. Without lag there is no copy. Times are of a monotonic clock, in milliseconds.
 */
export function createConsistency(account: Account, plan: () => FaultPlan): Consistency {
  let copy: Account | undefined
  let pending: Write[] = []
  const madeAtMs = new Map<string, number>()
  const lag = () => plan().readLagMs ?? 0
  const freshness = () => plan().newUserLagMs ?? 0
  const follow = () => {
    if (lag() > 0) return
    copy = undefined
    pending = []
  }
  return {
    readable(nowMs) {
      follow()
      if (!copy) return account
      const notYet = pending.findIndex(({ atMs }) => atMs > nowMs - lag())
      const due = pending.splice(0, notYet < 0 ? pending.length : notYet)
      for (const { table, action, params, context, drawnBefore } of due) {
        copy.drawn = drawnBefore
        perform(table, copy, action, params, context)
      }
      return copy
    },
    beforeWrite() {
      follow()
      if (lag() > 0) copy ??= structuredClone(account)
    },
    wrote(write) {
      if (copy) pending.push(write)
      if (write.action === 'CreateUser' && freshness() > 0) {
        madeAtMs.set(keyOf(String(write.params.UserName)), write.atMs)
      }
    },
    isTooFresh(userName, nowMs) {
      if (freshness() <= 0 || typeof userName !== 'string') return false
      const madeAt = madeAtMs.get(keyOf(userName))
      return madeAt !== undefined && nowMs - madeAt < freshness()
    },
  }
}
