/** Bad days on demand: what goes wrong with a call, decided by a seeded plan. */
import { statusOfCode } from './refusal.ts'

export interface FaultPlan {
  /** A token bucket for IAM: beyond it calls answer `Throttling`. `burst` defaults to one second's worth. */
  readonly rateLimit?: RateLimit | undefined
  /** The same for `LookupEvents`, in each Region: AWS allows two calls a second. */
  readonly lookupRateLimit?: RateLimit | undefined
  /** Before each call is performed; a pair is a range. */
  readonly latencyMs?: number | readonly [number, number] | undefined
  /** Probability, 0 to 1, of a 500 or 503 instead of performing the call. */
  readonly serverErrors?: number | undefined
  /** Probability that the connection breaks before the call is performed. */
  readonly lostBefore?: number | undefined
  /** Probability that the connection breaks after the call has been performed. */
  readonly lostAfter?: number | undefined
  /** Reads see the state as it was this long ago. */
  readonly readLagMs?: number | undefined
  /** For this long after its creation, writes to a user answer `NoSuchEntity`. */
  readonly newUserLagMs?: number | undefined
}

export interface RateLimit {
  readonly perSecond: number
  readonly burst?: number
}

/** A fault for particular calls; rules are tried in the order in which they were added. */
export interface FaultRule {
  readonly action?: string | readonly string[]
  /** Values the call must have, or a test of its parameters. */
  readonly params?:
    | Readonly<Record<string, string>>
    | ((params: Readonly<Record<string, unknown>>) => boolean)
  /** How many calls it hits; 1 by default, `Infinity` for all. */
  readonly times?: number
  readonly outcome: FaultOutcome
}
export type FaultOutcome =
  | { readonly code: string; readonly message?: string; readonly status?: number }
  | { readonly lost: 'before' | 'after' }
  | { readonly delayMs: number }

export interface Faults {
  readonly plan: FaultPlan
  /** Replaces the plan; rules stay. */
  set(plan: FaultPlan): void
  /** Adds a rule; the function that is returned takes it back. */
  add(rule: FaultRule): () => void
  /** No plan, no rules. */
  clear(): void
}

/** What is to happen to one call. */
export interface Fate {
  readonly delayMs: number
  readonly lost?: 'before' | 'after'
  readonly error?: { readonly code: string; readonly message: string; readonly status: number }
}
export interface FaultyCall {
  readonly service: string
  readonly action: string
  readonly params: Readonly<Record<string, unknown>>
  readonly region?: string
}
export interface FateMaker extends Faults {
  /** `nowMs`: a monotonic clock, in milliseconds. */
  decide(call: FaultyCall, nowMs: number): Fate
}

const untroubled: Fate = { delayMs: 0 }

export function createFaults(initial: FaultPlan, seed: number): FateMaker {
  let plan = initial
  let rules: { rule: FaultRule; left: number }[] = []
  let bucket = bucketOf(plan.rateLimit)
  let lookupBuckets = new Map<string, ReturnType<typeof bucketOf>>()
  const random = seeded(seed)
  const isOneTooMany = ({ service, action, region = '' }: FaultyCall, nowMs: number) => {
    if (service === 'iam') return bucket?.take(nowMs) === false
    if (action !== 'LookupEvents' || !plan.lookupRateLimit) return false
    const regional = lookupBuckets.get(region) ?? bucketOf(plan.lookupRateLimit)
    lookupBuckets.set(region, regional)
    return regional?.take(nowMs) === false
  }
  const set = (next: FaultPlan) => {
    if (next.rateLimit !== plan.rateLimit) bucket = bucketOf(next.rateLimit)
    if (next.lookupRateLimit !== plan.lookupRateLimit) lookupBuckets = new Map()
    plan = next
  }
  return {
    get plan() {
      return plan
    },
    set,
    add(rule) {
      const entry = { rule, left: rule.times ?? 1 }
      rules = [...rules, entry]
      return () => {
        rules = rules.filter((other) => other !== entry)
      }
    },
    clear() {
      set({})
      rules = []
    },
    decide(call, nowMs) {
      if (rules.length > 0) {
        const hit = rules.find(({ rule }) => applies(rule, call))
        if (hit) {
          hit.left -= 1
          if (hit.left <= 0) rules = rules.filter((other) => other !== hit)
          return fateOf(hit.rule.outcome, plan, random)
        }
      }
      if (plan === noPlan) return untroubled
      const delayMs = latency(plan, random)
      if (isOneTooMany(call, nowMs)) return { delayMs, error: throttlingOf(call) }
      if (happens(plan.serverErrors, random)) {
        return { delayMs, error: random() < 0.5 ? serviceFailure : serviceUnavailable }
      }
      if (happens(plan.lostBefore, random)) return { delayMs, lost: 'before' }
      if (happens(plan.lostAfter, random)) return { delayMs, lost: 'after' }
      return delayMs === 0 ? untroubled : { delayMs }
    },
  }
}

/** A plan in which nothing goes wrong. */
export const noPlan: FaultPlan = {}

const throttlingOf = ({ service }: FaultyCall) => ({
  code: service === 'iam' ? 'Throttling' : 'ThrottlingException',
  message: 'Rate exceeded',
  status: 400,
})
const serviceFailure = {
  code: 'ServiceFailure',
  message: 'The request processing has failed because of an unknown error, exception or failure.',
  status: 500,
}
const serviceUnavailable = {
  code: 'ServiceUnavailable',
  message: 'The request has failed due to a temporary failure of the server.',
  status: 503,
}

function applies({ action, params }: FaultRule, call: FaultyCall): boolean {
  if (action !== undefined && !(typeof action === 'string' ? [action] : action).includes(call.action))
    return false
  if (params === undefined) return true
  if (typeof params === 'function') return params(call.params)
  return Object.entries(params).every(([name, value]) => call.params[name] === value)
}

function fateOf(outcome: FaultOutcome, plan: FaultPlan, random: () => number): Fate {
  const delayMs = latency(plan, random)
  if ('delayMs' in outcome) return { delayMs: delayMs + outcome.delayMs }
  if ('lost' in outcome) return { delayMs, lost: outcome.lost }
  const { code, message = `Injected fault: ${code}`, status = statusOfCode(code) } = outcome
  return { delayMs, error: { code, message, status } }
}

function latency({ latencyMs = 0 }: FaultPlan, random: () => number): number {
  if (typeof latencyMs === 'number') return latencyMs
  const [least, most] = latencyMs
  return least + random() * (most - least)
}

const happens = (probability: number | undefined, random: () => number) =>
  probability !== undefined && probability > 0 && random() < probability

function bucketOf(rateLimit: RateLimit | undefined) {
  if (!rateLimit) return undefined
  const { perSecond, burst = Math.max(1, perSecond) } = rateLimit
  let tokens = burst
  let filledAt: number | undefined
  return {
    take(nowMs: number): boolean {
      tokens = Math.min(burst, tokens + ((nowMs - (filledAt ?? nowMs)) / 1000) * perSecond)
      filledAt = nowMs
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
