/**
 * A stand-in for an EventBridge rule whose target is an API destination: while a trail logs, each management
 * event that writes is POSTed to it. What only reads is no such event.
 * https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-cloudtrail.html
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */
import { randomUUID } from 'node:crypto'
import type { Account } from '../iam/account-data.ts'
import { moment } from '../iam/account-state.ts'
import type { PastCall } from '../operation.ts'
import { recordOf } from './events.ts'

/** An API destination, and its connection's API key: the header's name is the operator's choice. */
export interface EventTarget {
  readonly url: string
  readonly apiKeyHeader: string
  readonly apiKey: string
}

export interface EventBus {
  /** To be told of each call that a trail records. Returns at once. */
  send(call: PastCall): void
  /** From now on events go there; `undefined`: nowhere. */
  sendTo(target: EventTarget | undefined): void
  /** Waits for nothing: what is under way is broken off. */
  close(): void
}

/** Before each further try; EventBridge itself goes on for a day. */
const pausesMs = [100, 400, 1_600, 6_400]
const answerWithinMs = 5_000

export function createEventBus(account: Account, lagMs: number, initial: EventTarget | undefined): EventBus {
  const closing = new AbortController()
  const timers = new Set<NodeJS.Timeout>()
  let target = initial
  const later = (delayMs: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      act()
    }, delayMs)
    timers.add(timer.unref())
  }
  async function deliver(to: EventTarget, body: string, tried: number): Promise<void> {
    if (closing.signal.aborted || (await isTaken(to, body, closing.signal))) return
    const pauseMs = pausesMs[tried]
    if (pauseMs !== undefined && !closing.signal.aborted) later(pauseMs, () => deliver(to, body, tried + 1))
  }
  return {
    send(call) {
      const to = target
      if (!to || call.readOnly) return
      const body = JSON.stringify(envelopeOf(account, call))
      later(lagMs, () => deliver(to, body, 0))
    },
    sendTo(next) {
      target = next
    },
    close() {
      closing.abort()
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

function envelopeOf(account: Account, call: PastCall) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'AWS API Call via CloudTrail',
    source: `aws.${call.service}`,
    account: account.accountId,
    time: moment(call.at),
    region: call.region,
    resources: [],
    detail: recordOf(account, call),
  }
}

async function isTaken({ url, apiKeyHeader, apiKey }: EventTarget, body: string, closing: AbortSignal) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Amazon/EventBridge/ApiDestinations',
        [apiKeyHeader]: apiKey,
      },
      body,
      signal: AbortSignal.any([closing, AbortSignal.timeout(answerWithinMs)]),
    })
    await response.body?.cancel()
    // What is refused for good is not sent again; EventBridge tries again on these.
    return response.status < 500 && ![401, 407, 409, 429].includes(response.status)
  } catch {
    return false
  }
}
