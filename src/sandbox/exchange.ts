/** One call from the wire to the state machine and back: fate, caller, log. */
import { randomUUID } from 'node:crypto'
import { type LoggedCall, type WritableCallLog, withoutSecrets } from './call-log.ts'
import type { Recorder } from './cloudtrail/recorder.ts'
import { type Consistency, createConsistency } from './consistency.ts'
import type { Fate, FateMaker } from './faults.ts'
import { noteUse } from './iam/access-keys.ts'
import type { Account } from './iam/account-data.ts'
import { administratorOf, callerOf } from './identities.ts'
import { type Answer, type Caller, perform } from './operation.ts'
import type { Buckets } from './s3/buckets.ts'
import type { Service } from './services.ts'

export interface IncomingCall {
  readonly service: Service
  readonly action: string
  readonly params: Readonly<Record<string, unknown>>
  readonly accessKeyId: string
  readonly region: string
  readonly sourceIp?: string | undefined
  readonly userAgent?: string | undefined
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
  readonly buckets: Buckets
  readonly recorder: Recorder
  /** How long an event takes to appear in the Event history. */
  readonly eventLagMs: number
  readonly faults: FateMaker
  readonly calls: WritableCallLog
  readonly now: () => Date
  readonly changed: () => void
}

export function createExchange(parts: ExchangeParts): Exchange {
  const { account, faults, now, recorder } = parts
  const consistency = createConsistency(account, () => faults.plan)
  const settle = (call: IncomingCall, fate: Fate): Outcome => {
    const at = now()
    const requestId = randomUUID()
    const caller = callerOf(account, call.accessKeyId)
    const { name, operations } = call.service
    const isReadOnly = operations[call.action]?.readOnly ?? true
    if (fate.lost !== 'before') recorder.before(name, call.action, isReadOnly, at)
    const loggedBefore = recorder.logging()
    const answer =
      fate.lost === 'before' ? unanswered : safely(() => answerTo(parts, consistency, call, fate, caller, at))
    const logged = log(parts, call, caller, at, requestId, answer, fate.lost)
    // Data events are not told of; what never reached AWS, or was nobody's, is no event.
    if (name !== 's3' && caller && fate.lost !== 'before') recorder.record(logged, loggedBefore)
    return { requestId, answer, lost: fate.lost }
  }
  return {
    take(call) {
      const { name: service } = call.service
      const { action, params, region } = call
      const fate = faults.decide({ service, action, params, region }, performance.now())
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
  { account, buckets, recorder, eventLagMs, changed }: ExchangeParts,
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
  const context = { now, caller, region, buckets, history: () => recorder.history(), eventLagMs }
  if (operation?.readOnly) {
    const seen = service.isEventuallyConsistent ? consistency.readable(nowMs) : account
    return perform(service.operations, seen, action, params, context)
  }
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

function log(
  { account, calls }: ExchangeParts,
  { service, action, params, region, accessKeyId, sourceIp, userAgent }: IncomingCall,
  caller: Caller | undefined,
  at: Date,
  requestId: string,
  answer: Answer,
  lost: Fate['lost'],
): LoggedCall {
  const operation = Object.hasOwn(service.operations, action) ? service.operations[action] : undefined
  const refusal = answer.ok || lost === 'before' ? undefined : answer.error
  const logged = {
    at,
    service: service.name,
    action,
    params: withoutSecrets(operation, params),
    requestId,
    readOnly: operation?.readOnly ?? true,
    status: lost ? 0 : answer.ok ? 200 : answer.error.status,
    errorCode: refusal?.code,
    errorMessage: refusal?.message,
    region: service.region ?? region,
    sourceIp,
    userAgent,
    caller: caller ?? administratorOf(account, accessKeyId),
    lost,
  }
  calls.add(logged)
  return logged
}

function refused(code: string, message: string, status: number): Answer {
  return { ok: false, error: { code, message, status } }
}
