/** The room of notifications on a real database and real queues, with receivers that listen. */
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { linkToken, linkUrl, newLinkId } from '../../src/credentials/link.ts'
import { type Jobs, openJobs } from '../../src/jobs/jobs.ts'
import { deriveKeys } from '../../src/keys.ts'
import type { Announce, Notice } from '../../src/notify/announce.ts'
import { startDelivery } from '../../src/notify/deliver.ts'
import { createAnnounce } from '../../src/notify/outbox.ts'
import type { NotifySettings } from '../../src/notify/settings.ts'
import { newId } from '../../src/store/ids.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { enrollments, notifications } from '../../src/store/schema.ts'
import { emptyStore, type OpenTestStore, silentLog } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { newSecret } from '../harness/webhooks.ts'

export interface Room {
  readonly store: Store
  readonly jobs: Jobs
  readonly announce: Announce
  /** In a transaction of its own. */
  tell(...notices: readonly Notice[]): Promise<void>
  startDelivery(): Promise<void>
  rows(): Promise<(typeof notifications.$inferSelect)[]>
  /** Waits until no message waits, and gives all of them. */
  settled(): Promise<(typeof notifications.$inferSelect)[]>
  queued(): Promise<number>
  /** A try that failed is made again at once. */
  tryAgain(): Promise<void>
  /** What waits has this many tries left: the next failure is the last. */
  allowNoMoreTries(): Promise<void>
  linkOf(enrollmentId: string): string
  /** All that was logged. */
  log(): string
}

export const secret = newSecret()

export const nobody: NotifySettings = { endpoints: [], secrets: [], linksToEndpoints: false, mail: undefined }

export async function withRoom(
  openStore: OpenTestStore,
  settings: Partial<NotifySettings>,
  test: (room: Room) => Promise<void>,
): Promise<void> {
  const store = await openStore()
  const jobs = await store.withStartLock(() => openJobs(store, silentLog))
  let logged = ''
  const log = pino(
    { level: 'trace' },
    {
      write(line) {
        logged += line
      },
    },
  )
  const keyring = deriveKeys(['k'.repeat(32)])
  const linkOf = (id: string) => linkUrl('https://muster.example.com', linkToken(keyring, id))
  const whole = { ...nobody, secrets: [secret], ...settings }
  const announce = createAnnounce(jobs, whole)
  const rows = () => store.db.select().from(notifications).orderBy(notifications.id)
  try {
    await emptyStore(store)
    await store.db.execute(sql`delete from jobs.job`)
    await test({
      store,
      jobs,
      announce,
      tell: (...notices) => store.db.transaction((tx) => announce(tx, notices)),
      startDelivery: () =>
        startDelivery({ store, jobs, settings: whole, linkOf, clock: () => new Date(), log }),
      rows,
      settled: () =>
        eventually(async () => {
          const all = await rows()
          return all.every(({ status }) => status !== 'waiting') && all
        }),
      async queued() {
        const [row] = await rowsOf<{ n: number }>(
          store.db,
          sql`select count(*)::int as n from jobs.job where name = 'notify' and state < 'completed'`,
        )
        return row?.n ?? 0
      },
      tryAgain: async () => {
        await store.db.execute(
          sql`update jobs.job set start_after = now() where name = 'notify' and state = 'retry'`,
        )
      },
      allowNoMoreTries: async () => {
        await store.db.execute(sql`update jobs.job set retry_limit = 0 where name = 'notify'`)
      },
      linkOf,
      log: () => logged,
    })
  } finally {
    await jobs.stop(2000)
  }
}

export async function makeEnrollment(
  store: Store,
  values: Partial<typeof enrollments.$inferInsert> = {},
): Promise<typeof enrollments.$inferSelect> {
  const now = Date.now()
  const [row] = await store.db
    .insert(enrollments)
    .values({
      id: newLinkId(),
      identityId: newId(),
      employeeId: 'E1001',
      purpose: 'sign-in',
      createdBy: 'muster',
      createdAt: new Date(now),
      expiresAt: new Date(now + 72 * 3_600_000),
      email: 'ada@example.com',
      ...values,
    })
    .returning()
  if (!row) throw new Error('no enrollment was made')
  return row
}

export function created(
  { id, employeeId, email, purpose, expiresAt }: typeof enrollments.$inferSelect,
  givenName = 'Ada',
): Notice {
  return {
    type: 'enrollment.created',
    at: new Date(),
    employeeId,
    data: { enrollmentId: id, purpose, expiresAt: expiresAt.toISOString() },
    link: { enrollmentId: id, email, givenName },
  }
}

export const blocked: Notice = {
  type: 'identity.blocked',
  at: new Date('2026-12-01T09:00:00Z'),
  employeeId: 'E1002',
  data: { userName: 'grace.hopper', reason: 'role "astronaut" is not in the catalog' },
}
