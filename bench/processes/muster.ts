/** The whole service in a process of its own, as `src/main.ts` opens it, with its statements counted. */
import pg from 'pg'
import { pino } from 'pino'
import { BASELINE, QUARANTINE } from '../../src/catalog/catalog.ts'
import { loadCatalog } from '../../src/catalog/load.ts'
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config.ts'
import { createChanges } from '../../src/identity/changes.ts'
import { openService, type Service } from '../../src/service.ts'
import { newId } from '../../src/store/ids.ts'
import { answerParent } from './children.ts'
import { adminToken, hrSecret, type MusterSettings } from './settings.ts'

let service: Service | undefined
let settings: MusterSettings | undefined
const statements = countStatements()

const handlers = {
  /** Resolves when workers run; the catalog may still be on its way into the account. */
  async open(given: MusterSettings) {
    settings = given
    service = await openService(configOf(given), {
      log: pino({ level: 'error' }),
      credentials: given.sandbox.credentials,
    })
    const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
    await service.working
    return { address }
  },
  /**
   * Employs people in one transaction, so that all reconciles are requested at one moment.
   * Returns that moment, in milliseconds since the epoch.
   */
  async hire(employeeIds: readonly string[], role: string): Promise<number> {
    const { store, jobs } = opened()
    const changes = createChanges(store, await evaluation(jobs), systemClock)
    const now = new Date()
    await store.db.transaction(async (tx) => {
      for (let from = 0; from < employeeIds.length; from += 500) {
        const events = employeeIds.slice(from, from + 500).map((employeeId) => ({
          employeeId,
          kind: 'employee.hired' as const,
          timestamp: now,
          receivedAt: now,
          source: 'hr',
          senderId: `bench-${employeeId}`,
          place: 0,
          deliveryId: newId(),
          data: { givenName: 'Ada', familyName: employeeId, email: `${employeeId}@example.com`, role },
        }))
        await changes.applyEvents(tx, events)
      }
    })
    return Date.now()
  },
  /** Statements sent to the database since the last time this was asked, by their first words. */
  statements(): ReadonlyMap<string, number> {
    const counted = new Map(statements)
    statements.clear()
    return counted
  },
  /** The most memory that this process ever had resident, in bytes. */
  peakMemory(): number {
    return process.resourceUsage().maxRSS * 1024
  },
  async close() {
    await service?.close()
  },
}

export type MusterProcess = typeof handlers

function configOf({ databaseUrl, iamRate, sandbox }: MusterSettings) {
  return readConfig({
    MUSTER_DATABASE_URL: databaseUrl,
    MUSTER_IAM_RATE: String(iamRate),
    MUSTER_ADMIN_TOKEN: adminToken,
    MUSTER_HR_SECRETS: hrSecret,
    MUSTER_SECRET_KEY: 'the-secret-key-of-the-benchmarks',
    MUSTER_USER_NAME_TEMPLATE: '{employeeId}',
    AWS_ENDPOINT_URL: sandbox.url,
  })
}

async function evaluation(jobs: Service['jobs']) {
  if (!settings) throw new Error('Muster is not open')
  const { iamPath: path, catalogFile, userNameTemplate } = configOf(settings)
  const { accountId } = settings.sandbox
  const catalog = await loadCatalog(catalogFile)
  return () => ({
    jobs,
    catalog,
    alsoFollow: async () => {},
    registration: { accountId, path, quarantineGroup: QUARANTINE, baselineGroup: BASELINE, userNameTemplate },
  })
}

/** Counted where every query of drizzle and of pg-boss passes. */
function countStatements(): Map<string, number> {
  const counts = new Map<string, number>()
  const query = pg.Client.prototype.query as (...given: unknown[]) => unknown
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [statement] = given as [string | { text?: string }]
    const text = typeof statement === 'string' ? statement : (statement.text ?? '')
    const words = text.replace(/\s+/g, ' ').trim().slice(0, 60)
    counts.set(words, (counts.get(words) ?? 0) + 1)
    return query.apply(this, given)
  } as never
  return counts
}

function opened(): Service {
  if (!service) throw new Error('Muster is not open')
  return service
}

answerParent(handlers)
