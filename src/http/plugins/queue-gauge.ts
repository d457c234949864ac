/** How much waits in the queues, read when Prometheus asks. */
import { Gauge, type Registry } from 'prom-client'
import { within } from '../../deadline.ts'
import type { Jobs } from '../../jobs/jobs.ts'

export function gaugeQueues(registry: Registry, jobs: Jobs): void {
  new Gauge({
    name: 'muster_jobs',
    help: 'Jobs that wait or run, by queue; `dead-letter` holds those that were given up',
    labelNames: ['queue'],
    registers: [registry],
    async collect() {
      // All other metrics must be told while the database is away, then above all.
      const depths = await within(2000, jobs.depths(), () => new Error('the database is silent')).catch(
        () => ({}),
      )
      this.reset()
      for (const [queue, depth] of Object.entries(depths)) this.set({ queue }, depth)
    },
  })
}
