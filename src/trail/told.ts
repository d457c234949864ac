/**
 * What AWS's events tell of a user. They are hints, and never the truth; but where a read shows something that Muster
 * has just set right, an event of somebody else's call since then tells a new deed from a read that lags behind.
 */
import { sql } from 'drizzle-orm'
import type { Account } from '../aws/account.ts'
import type { Told } from '../drift/drift.ts'
import { type Database, rowsOf } from '../store/open.ts'
import type { AwsEventHint } from './aws-event.ts'

/** Of very many the last ones. */
const mostTold = 200

/** @param names by which the user may be called: names and the `UserId` */
export async function toldSince(
  db: Database,
  { accountId, principalId }: Pick<Account, 'accountId' | 'principalId'>,
  names: readonly string[],
  since: Date,
): Promise<readonly Told[]> {
  const lowered = names.map((name) => name.toLowerCase())
  const rows = await rowsOf<{ event: AwsEventHint }>(
    db,
    sql`
      select event from aws_events
      where account_id = ${accountId} and received_at >= ${since.toISOString()}::timestamptz
        and event->>'errorCode' is null and event->>'principalId' is distinct from ${principalId}
        and exists (
          select from jsonb_array_elements_text(event->'users') as named(name)
          where lower(name) = any(${sql.param(lowered)}::text[]))
      order by received_at desc limit ${mostTold}`,
  )
  return rows.flatMap(({ event: { eventName, occurredAt, groupName, policyArn } }) =>
    occurredAt === null ? [] : [{ eventName, at: new Date(occurredAt), groupName, policyArn }],
  )
}
