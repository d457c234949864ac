/** HR's side of it: signed webhooks over real HTTP. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { documentedFetch } from '../harness/api.ts'
import type { Settings } from '../harness/process.ts'
import { signed } from '../harness/webhooks.ts'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** What HR tells of somebody; `timestamp` is when it happened. */
export interface HrEvent {
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

/** @param happenedAt when it happened; now without */
export function hrEvent(
  type: string,
  employeeId: string,
  data: HrEvent['data'] = {},
  happenedAt = new Date(),
): HrEvent {
  return { type, timestamp: happenedAt.toISOString(), data: { employeeId, ...data } }
}

/**
 * Sends it once. @throws Error when there is no answer
 *
 * @param id of the message: the same one again is a repeat
 */
export async function send(
  url: string,
  settings: Settings,
  event: HrEvent,
  id: string = randomUUID(),
): Promise<Answered> {
  const { headers, payload } = signed(settings.MUSTER_HR_SECRETS ?? '', event, { id })
  const response = await fetch(`${url}/webhooks/hr`, {
    method: 'POST',
    headers,
    body: new Uint8Array(payload),
    signal: AbortSignal.timeout(20_000),
  })
  return documentedFetch('POST', response)
}

/** Sends it once, and it must be taken. @returns the delivery's id */
export async function tell(url: string, settings: Settings, event: HrEvent): Promise<string> {
  const { status, body } = await send(url, settings, event)
  assert.equal(status, 202, JSON.stringify(body))
  assert.equal(body.status, 'accepted')
  return String(body.deliveryId)
}
