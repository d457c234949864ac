/** Counters of every AWS call. */
import { Counter, Histogram, type Registry } from 'prom-client'

export interface Metering {
  call(action: string, outcome: string, durationMs: number): void
}

export function meterCalls(registry: Registry): Metering {
  const calls = new Counter({
    name: 'muster_aws_calls_total',
    help: 'AWS calls made, by action and outcome (ok, or the error code)',
    labelNames: ['action', 'outcome'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'muster_aws_call_seconds',
    help: 'Duration of AWS calls',
    labelNames: ['action'],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers: [registry],
  })
  return {
    call(action, outcome, durationMs) {
      calls.inc({ action, outcome })
      seconds.observe({ action }, durationMs / 1000)
    },
  }
}
