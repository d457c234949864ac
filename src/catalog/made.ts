/**
 * The record of what the catalog brought into an account. Only what is on it may be taken away: a path proves nothing,
 * and a name that Muster has given up is anybody's.
 */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../store/open.ts'
import {
  type AccountPlace,
  type DesiredAccount,
  groupArn,
  type ObservedAccount,
  policyArn,
} from './account.ts'
import type { AccountStep } from './account-plan.ts'

/** ARNs of groups and policies. */
export async function readMade(db: Database, accountId: string): Promise<ReadonlySet<string>> {
  const rows = await rowsOf<{ arn: string }>(
    db,
    sql`select arn from catalog_made where account_id = ${accountId}`,
  )
  return new Set(rows.map(({ arn }) => arn))
}

/** To be called before what makes it: after a crash in between, Muster still knows it for its own. */
export async function noteMade(db: Database, accountId: string, arns: readonly string[]): Promise<void> {
  if (arns.length === 0) return
  await db.execute(sql`
    insert into catalog_made (account_id, arn)
    select ${accountId}, arn from unnest(${sql.param(arns)}::text[]) as made(arn)
    on conflict do nothing`)
}

export async function forgetMade(db: Database, accountId: string, arns: readonly string[]): Promise<void> {
  if (arns.length === 0) return
  await db.execute(
    sql`delete from catalog_made where account_id = ${accountId} and arn = any(${sql.param(arns)}::text[])`,
  )
}

/**
 * What is neither wanted nor there any more. Whoever makes something of that name has made it himself. A read that
 * lags behind may cost the record what was made a moment ago by another catalog: then it is left alone, and reported.
 */
export function goneFrom(
  made: ReadonlySet<string>,
  desired: DesiredAccount,
  observed: ObservedAccount,
): string[] {
  const kept = new Set([...arnsOf(desired), ...arnsOf(observed)])
  return [...made].filter((arn) => !kept.has(arn))
}

export function arnsOf({ groups, policies }: DesiredAccount | ObservedAccount): string[] {
  return [...groups, ...policies].map(({ arn }) => arn)
}

/** The ARN of what a step makes, or takes away. */
export function changeOf(
  step: AccountStep,
  place: AccountPlace,
): { readonly makes?: string; readonly removes?: string } {
  switch (step.do) {
    case 'CreateGroup':
      return { makes: groupArn(place, step.groupName) }
    case 'CreatePolicy':
      return { makes: policyArn(place, step.policyName) }
    case 'DeleteGroup':
      return { removes: groupArn(place, step.groupName) }
    case 'DeletePolicy':
      return { removes: step.policyArn }
    default:
      return {}
  }
}
