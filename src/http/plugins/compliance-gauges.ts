/** Compliance as numbers, read from the last report when Prometheus asks. */
import { Gauge, type Registry } from 'prom-client'
import type { AccountView, ComplianceView } from '../../compliance/view.ts'
import { within } from '../../deadline.ts'

const values = { pass: 1, fail: 0, unknown: -1 } as const

export function gaugeCompliance(registry: Registry, view: ComplianceView): void {
  // All gauges are collected at the same moment, and told from one look.
  let looking: Promise<readonly AccountView[]> | undefined
  const look = () => {
    looking ??= within(2000, view(), () => new Error('the database is silent'))
      // All other metrics must be told while the database is away, then above all.
      .catch((): readonly AccountView[] => [])
      .finally(() => {
        looking = undefined
      })
    return looking
  }
  const labelNames = ['account', 'control', 'practice'] as const
  const ofControls = (name: string, help: string, numberOf: (control: ViewedControl) => number) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const accounts = await look()
        this.reset()
        for (const { accountId: account, practices } of accounts) {
          for (const { id: practice, controls } of practices) {
            for (const control of controls) {
              this.set({ account, control: control.id, practice }, numberOf(control))
            }
          }
        }
      },
    })

  ofControls(
    'muster_control_status',
    'Whether a control passes (1), fails (0), or cannot tell or is out of date (-1)',
    ({ status }) => values[status],
  )
  ofControls(
    'muster_control_findings',
    'Findings of a control that nobody answers for',
    ({ findingCount, exceptedCount }) => findingCount - exceptedCount,
  )
  new Gauge({
    name: 'muster_trail_verified',
    help: 'Whether CloudTrail was verified at the last look (1) or not (0)',
    labelNames: ['account'],
    registers: [registry],
    async collect() {
      const accounts = await look()
      this.reset()
      for (const { accountId: account, trailGate } of accounts)
        this.set({ account }, trailGate.isVerified ? 1 : 0)
    },
  })
  new Gauge({
    name: 'muster_compliance_age_seconds',
    help: 'How old the last scan is; absent before the first',
    labelNames: ['account'],
    registers: [registry],
    async collect() {
      const accounts = await look()
      this.reset()
      for (const { accountId: account, ageSeconds } of accounts) {
        if (ageSeconds !== null) this.set({ account }, ageSeconds)
      }
    },
  })
}

type ViewedControl = AccountView['practices'][number]['controls'][number]
