/** A job queue to test with: identities to queue for, and a clean start. */
import { sql } from 'drizzle-orm'
import { requestReconcile } from '../../src/identity/request.ts'
import { type Jobs, openJobs } from '../../src/jobs/jobs.ts'
import { newId } from '../../src/store/ids.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { emptyStore, type OpenTestStore, silentLog } from '../harness/databases.ts'

export interface Queue {
  readonly store: Store
  readonly jobs: Jobs
  /** Makes as many identities, each of an employee of its own; their ids. */
  identities(count: number): Promise<string[]>
  request(ids: readonly string[], urgent?: boolean): Promise<void>
  /** Another replica on the same database. */
  replica(): Promise<Jobs>
}

export async function withQueue(
  openStore: OpenTestStore,
  test: (queue: Queue) => Promise<void>,
): Promise<void> {
  const store = await openStore()
  const opened: Jobs[] = []
  async function open(on: Store): Promise<Jobs> {
    const jobs = await on.withStartLock(() => openJobs(on, silentLog))
    opened.push(jobs)
    return jobs
  }
  try {
    const jobs = await open(store)
    await emptyStore(store)
    await store.db.execute(sql`delete from jobs.job`)
    await test({
      store,
      jobs,
      identities: (count) => makeIdentities(store, count),
      request: (ids, urgent = false) =>
        store.db.transaction((tx) =>
          requestReconcile(
            tx,
            jobs,
            ids.map((id) => ({ id, cause: 'a test', urgent })),
          ),
        ),
      replica: async () => open(await openStore()),
    })
  } finally {
    // Before the suite closes the stores that these work on.
    for (const jobs of opened) await jobs.stop(2000)
  }
}

async function makeIdentities(store: Store, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId())
  await store.db.execute(sql`
    insert into employees (employee_id, status, role, updated_at)
    select id, 'active', 'finance', now() from unnest(${sql.param(ids)}::text[]) as id`)
  await store.db.execute(sql`
    insert into identities (id, employee_id, account_id, user_name)
    select id::uuid, id, '123456789012', 'user-' || id from unnest(${sql.param(ids)}::text[]) as id`)
  return ids
}

export async function queuedCount(store: Store, queue: string): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(
    store.db,
    sql`select count(*)::int as n from jobs.job where name = ${queue} and state in ('created', 'retry', 'active')`,
  )
  return row?.n ?? 0
}

/** What waits has this many tries left: the next failure is the last. */
export async function allowNoMoreTries(store: Store): Promise<void> {
  await store.db.execute(sql`update jobs.job set retry_limit = 0 where name <> 'dead-letter'`)
}
