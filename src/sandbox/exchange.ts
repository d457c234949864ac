/** One call from the wire to the state machine and back: fate, caller, log. */
import { randomUUID } from 'node:crypto'
import type { WritableCallLog } from './call-log.ts'
import { withoutSecrets } from './call-log.ts'
import { type Consistency, createConsistency } from './consistency.ts'
import type { Fate, FateMaker } from './faults.ts'
import { noteUse } from './iam/access-keys.ts'
import { type Account, userArn } from './iam/account-state.ts'
import { administratorOf } from './iam/index.ts'
import { type Answer, type Caller, type PastCall, perform } from './operation.ts'
import type { Service } from './services.ts'

export interface IncomingCall {
  readonly service: Service
  readonly action: string
  readonly params: Readonly<Record<string, unknown>>
  readonly accessKeyId: string
  readonly region: string
}
/** `lost`: the caller must not get an answer. */
export interface Outcome {
  readonly requestId: string
  readonly answer: Answer
  readonly lost?: 'before' | 'after' | undefined
}
export interface Exchange {
  take(call: IncomingCall): Outcome | Promise<Outcome>
}

export interface ExchangeParts {
  readonly account: Account
  readonly faults: FateMaker
  readonly calls: WritableCallLog
  readonly now: () => Date
  readonly changed: () => void
}

export function createExchange(parts: ExchangeParts): Exchange {
  const { account, faults, now } = parts
  const consistency = createConsistency(account, () => faults.plan)
  const settle = (call: IncomingCall, fate: Fate): Outcome => {
    const at = now()
    const requestId = randomUUID()
    const caller = callerOf(account, call.accessKeyId)
    const answer =
      fate.lost === 'before' ? unanswered : safely(() => answerTo(parts, consistency, call, fate, caller, at))
    log(parts, call, caller, at, requestId, answer, fate.lost)
    return { requestId, answer, lost: fate.lost }
  }
  return {
    take(call) {
      const { name: service } = call.service
      const fate = faults.decide({ service, action: call.action, params: call.params }, performance.now())
      if (fate.delayMs <= 0) return settle(call, fate)
      return new Promise((resolve) => {
        setTimeout(() => resolve(settle(call, fate)), fate.delayMs)
      })
    },
  }
}

/** A call we did not think of must not take the process with it. */
function safely(answer: () => Answer): Answer {
  try {
    return answer()
  } catch (error) {
    return refused('InternalFailure', `The sandbox failed: ${String(error)}`, 500)
  }
}

const unanswered = refused('InternalFailure', 'lost', 500)

function answerTo(
  { account, calls, changed }: ExchangeParts,
  consistency: Consistency,
  { service, action, params, region }: IncomingCall,
  fate: Fate,
  caller: Caller | undefined,
  now: Date,
): Answer {
  if (fate.error) return { ok: false, error: fate.error }
  if (!caller) {
    return refused('InvalidClientTokenId', 'The security token included in the request is invalid.', 403)
  }
  if (caller.type === 'IAMUser') noteUse(account, caller.accessKeyId, service.name, region, now)
  const nowMs = performance.now()
  const operation = Object.hasOwn(service.operations, action) ? service.operations[action] : undefined
  const context = { now, caller, region, pastCalls: () => historyOf(calls) }
  if (operation?.readOnly)
    return perform(service.operations, consistency.readable(nowMs), action, params, context)
  if (action !== 'CreateUser' && consistency.isTooFresh(params.UserName, nowMs)) {
    return refused('NoSuchEntity', `The user with name ${params.UserName} cannot be found.`, 404)
  }
  consistency.beforeWrite()
  const drawnBefore = account.drawn
  const answer = perform(service.operations, account, action, params, context)
  if (answer.ok) {
    consistency.wrote({ atMs: nowMs, table: service.operations, action, params, context, drawnBefore })
    changed()
  }
  return answer
}

/**
 * A user's own key is that user; a key that was switched off or deleted is nobody; every other one, whatever
 * it is, is the administrator. Permissions are not evaluated.
 */
function callerOf(account: Account, accessKeyId: string): Caller | undefined {
  const owner = account.accessKeyOwners.get(accessKeyId)
  if (owner === undefined) return administratorOf(account, accessKeyId)
  const user = owner === null ? undefined : account.users.get(owner)
  const key = user?.accessKeys.find((each) => each.accessKeyId === accessKeyId)
  if (!user || key?.status !== 'Active') return undefined
  const { userName, userId: principalId } = user
  return { type: 'IAMUser', arn: userArn(account, user), principalId, accessKeyId, userName }
}

function log(
  { account, calls }: ExchangeParts,
  { service, action, params, region, accessKeyId }: IncomingCall,
  caller: Caller | undefined,
  at: Date,
  requestId: string,
  answer: Answer,
  lost: Fate['lost'],
): void {
  const operation = Object.hasOwn(service.operations, action) ? service.operations[action] : undefined
  calls.add({
    at,
    service: service.name,
    action,
    params: withoutSecrets(operation, params),
    requestId,
    readOnly: operation?.readOnly ?? true,
    status: lost ? 0 : answer.ok ? 200 : answer.error.status,
    errorCode: answer.ok || lost === 'before' ? undefined : answer.error.code,
    region,
    caller: caller ?? administratorOf(account, accessKeyId),
    lost,
  })
}

/** Newest first; what never reached AWS is not in its history. */
function* historyOf({ entries }: WritableCallLog): Iterable<PastCall> {
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const call = entries[index]
    if (call && call.lost !== 'before') yield call
  }
}

function refused(code: string, message: string, status: number): Answer {
  return { ok: false, error: { code, message, status } }
}
