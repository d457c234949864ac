/** What CloudTrail does with each call: the Event history, log files and digests, and events for EventBridge. */
import type { Account } from '../iam/account-data.ts'
import type { PastCall } from '../operation.ts'
import type { Buckets } from '../s3/buckets.ts'
import { writeDigests } from './digests.ts'
import type { EventBus } from './event-bus.ts'
import { createLogDelivery } from './log-delivery.ts'
import { records } from './selectors.ts'
import type { Trail } from './trail-data.ts'

export interface Recorder {
  /** Before a call is performed: what is due by now is delivered as trails and buckets still are. */
  before(service: string, action: string, isReadOnly: boolean, now: Date): void
  /** Trails that log now. */
  logging(): readonly Trail[]
  /** After a management call was performed. `loggedBefore`: a trail records that it is stopped, too. */
  record(call: PastCall, loggedBefore: readonly Trail[]): void
  /** The Event history, newest first: there with or without a trail. */
  history(): Iterable<PastCall>
  /** Delivers what is not delivered yet. */
  close(now: Date): void
}

export interface RecorderParts {
  readonly account: Account
  readonly buckets: Buckets
  readonly bus: EventBus
  readonly deliverEveryMs: number
  /** How many calls the Event history has at least. */
  readonly historySize: number
}

export function createRecorder({ account, buckets, bus, ...sizes }: RecorderParts): Recorder {
  const delivery = createLogDelivery(account, buckets, sizes.deliverEveryMs)
  let past: PastCall[] = []
  const logging = () => [...account.trails.values()].filter(({ isLogging }) => isLogging)
  return {
    before(service, action, isReadOnly, now) {
      if (service !== 's3' && service !== 'cloudtrail') return
      if (action === 'DeleteTrail') delivery.flush(now)
      else delivery.catchUp(now)
      // Signing takes its time: not for who only asks how a trail is.
      if (service === 's3' || !isReadOnly) writeDigests(account, buckets, now)
    },
    logging,
    record(call, loggedBefore) {
      past.push(call)
      // Trimmed in large pieces, so that adding stays cheap.
      if (past.length > sizes.historySize * 2) past = past.slice(-sizes.historySize)
      const trails = call.service === 'cloudtrail' ? new Set([...loggedBefore, ...logging()]) : loggedBefore
      let isRecorded = false
      for (const trail of trails) {
        if (!records(trail, call)) continue
        isRecorded = true
        if (account.trails.has(trail.arn)) delivery.add(trail, call)
      }
      if (isRecorded) bus.send(call)
    },
    *history() {
      for (let index = past.length - 1; index >= 0; index -= 1) {
        const call = past[index]
        if (call) yield call
      }
    },
    close(now) {
      delivery.flush(now)
    },
  }
}
