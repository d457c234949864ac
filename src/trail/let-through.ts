/** Whoever waited for the trail gate goes on. */
import { sql } from 'drizzle-orm'
import type { Account } from '../aws/account.ts'
import { requestReconcile } from '../identity/request.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { rowsOf, type Store } from '../store/open.ts'

export interface LetThroughContext {
  readonly store: Store
  readonly jobs: Jobs
  readonly account: Account
}

/** Small, so that no transaction lasts long or holds many rows, however many waited. */
const batchSize = 500

/**
 * Lets a batch through. Several replicas may do so at once: each takes rows that no other has.
 *
 * @returns whether there may be more
 */
export async function letThrough({ store, jobs, account }: LetThroughContext): Promise<boolean> {
  return await store.db.transaction(async (tx) => {
    const waiting = await rowsOf<{ id: string }>(
      tx,
      sql`
        with waiting as (
          select id from identities where account_id = ${account.accountId} and waits_for_trail
          order by id limit ${batchSize} for update skip locked
        )
        update identities set waits_for_trail = false from waiting where identities.id = waiting.id
        returning identities.id`,
    )
    await requestReconcile(
      tx,
      jobs,
      waiting.map(({ id }) => ({ id, cause: 'trail gate' })),
    )
    return waiting.length === batchSize
  })
}
