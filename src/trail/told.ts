/**
 * What AWS's events tell of a user, or of the account. They are hints, and never the truth; but where a read shows
 * something that Muster has just set right, an event of somebody else's call since then tells a new deed from a read
 * that lags behind.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Account } from '../aws/account.ts'
import type { Told } from '../drift/drift.ts'
import { type Database, rowsOf } from '../store/open.ts'
import type { AwsEventHint } from './aws-event.ts'

/** Of very many the last ones. */
const mostTold = 200

/** @param names by which the user may be called: names and the `UserId` */
export function toldSince(
  db: Database,
  account: Called,
  names: readonly string[],
  since: Date,
): Promise<readonly Told[]> {
  const lowered = names.map((name) => name.toLowerCase())
  const isNamed = sql`exists (
    select from jsonb_array_elements_text(event->'users') as named(name)
    where lower(name) = any(${sql.param(lowered)}::text[]))`
  return othersCalls(db, account, isNamed, since)
}

/** @param eventNames of calls that are about no user: about groups, policies, or the password policy */
export function toldOfCalls(
  db: Database,
  account: Called,
  eventNames: readonly string[],
  since: Date,
): Promise<readonly Told[]> {
  return othersCalls(db, account, sql`event->>'eventName' = any(${sql.param(eventNames)}::text[])`, since)
}

type Called = Pick<Account, 'accountId' | 'principalId'>

async function othersCalls(
  db: Database,
  { accountId, principalId }: Called,
  isAboutIt: SQL,
  since: Date,
): Promise<readonly Told[]> {
  const rows = await rowsOf<{ event: AwsEventHint }>(
    db,
    sql`
      select event from aws_events
      where account_id = ${accountId} and received_at >= ${since.toISOString()}::timestamptz
        and event->>'errorCode' is null and event->>'principalId' is distinct from ${principalId}
        and ${isAboutIt}
      order by received_at desc limit ${mostTold}`,
  )
  return rows.flatMap(({ event: { eventName, occurredAt, groupName, policyArn } }) =>
    occurredAt === null ? [] : [{ eventName, at: new Date(occurredAt), groupName, policyArn }],
  )
}
