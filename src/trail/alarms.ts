/** What people are told about the log files: once when it begins, once when it is over. */
import type { Alarms } from './canary-progress.ts'
import type { CanaryFacts } from './facts.ts'

export type AlarmNotice =
  | 'trail.canary_missing'
  | 'trail.canary_found'
  | 'trail.log_files_tampered'
  | 'trail.log_files_valid'

export interface News {
  readonly type: AlarmNotice
  readonly data: Readonly<Record<string, unknown>>
}

/** What is not known ends no alarm, and begins none. */
export function newsOf(
  before: Alarms,
  facts: CanaryFacts,
): { readonly alarms: Alarms; readonly news: readonly News[] } {
  const canary = canaryNews(before, facts)
  const digest = digestNews(before, facts)
  return {
    alarms: { canary: canary.alarm, faults: digest.alarm },
    news: [...canary.news, ...digest.news],
  }
}

function canaryNews({ canary }: Alarms, { status, reason, waitingSince, latest }: CanaryFacts) {
  if (status === 'found' && canary !== null) {
    return { alarm: null, news: [{ type: 'trail.canary_found', data: { latest } } satisfies News] }
  }
  const isWorse = status === 'missing' ? canary !== 'missing' : status === 'warning' && canary === null
  if (!isWorse) return { alarm: canary, news: [] }
  const news: News = { type: 'trail.canary_missing', data: { status, reason, waitingSince } }
  return { alarm: status as 'warning' | 'missing', news: [news] }
}

function digestNews({ faults }: Alarms, { digest }: CanaryFacts) {
  const { status, reason, validUntil, faultCount } = digest
  if (status === 'valid' && faults > 0) {
    return { alarm: 0, news: [{ type: 'trail.log_files_valid', data: { validUntil } } satisfies News] }
  }
  if (status !== 'broken') return { alarm: faults, news: [] }
  const found = Math.max(faultCount, 1)
  const news: News = { type: 'trail.log_files_tampered', data: { reason, faults: found, validUntil } }
  return { alarm: found, news: found > faults ? [news] : [] }
}
