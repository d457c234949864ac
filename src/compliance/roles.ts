/**
 * Inline policies of roles. Most accounts have more roles than users, and of each all that matters is whether one of
 * its inline policies allows everything: nothing else is kept.
 *
 * A scan reads them on the pages that it asks for anyway. Where they do not fit into its budget of calls, they are
 * read once a day, and the scan goes by that.
 */
import { GetAccountAuthorizationDetailsCommand, type RoleDetail } from '@aws-sdk/client-iam'
import { sql } from 'drizzle-orm'
import { type Ask, eachPage } from '../aws/ask.ts'
import { type Fact, known, unknown } from '../aws/fact.ts'
import { isAhead } from '../clock.ts'
import type { RolesFound } from '../store/compliance-tables.ts'
import { type Database, rowsOf } from '../store/open.ts'
import { parseDocument } from './encoded-document.ts'
import { isAdministrative } from './policies.ts'
import type { RolesRead } from './snapshot.ts'

export interface RoleCollection {
  take(roles: readonly RoleDetail[] | undefined): void
  found(): RolesFound
}

export function collectRoles(): RoleCollection {
  let count = 0
  const administrators: RolesFound['administrators'][number][] = []
  const unreadable: string[] = []
  return {
    take(page = []) {
      count += page.length
      for (const { Arn: arn = '', RolePolicyList } of page) {
        const inline = (RolePolicyList ?? []).map(({ PolicyName, PolicyDocument }) => ({
          name: PolicyName ?? '',
          document: parseDocument(PolicyDocument),
        }))
        const bad = inline.filter(({ document }) => document && isAdministrative([document]))
        if (bad.length > 0) administrators.push({ arn, policies: bad.map(({ name }) => name) })
        if (inline.some(({ document }) => document === undefined)) unreadable.push(arn)
      }
    },
    found: () => ({ count, administrators, unreadable }),
  }
}

/** Roles alone. @throws AwsCallError when IAM refuses */
export async function readRoles(ask: Ask): Promise<RolesFound> {
  const collection = collectRoles()
  await eachPage(
    ask,
    (page) => new GetAccountAuthorizationDetailsCommand({ Filter: ['Role'], ...page }),
    ({ RoleDetailList }) => collection.take(RoleDetailList),
  )
  return collection.found()
}

export interface RolesRecord {
  /** Of the last time that they were read; null before the first. */
  readonly readAt: Date | null
  readonly triedAt: Date
  readonly found: RolesFound | null
  readonly problem: string | null
}

export async function rolesOnRecord(db: Database, accountId: string): Promise<RolesRecord | undefined> {
  const [row] = await rowsOf<{
    read_at: string | Date | null
    tried_at: string | Date
    found: RolesFound | null
    problem: string | null
  }>(db, sql`select read_at, tried_at, found, problem from account_roles where account_id = ${accountId}`)
  return (
    row && {
      readAt: row.read_at === null ? null : new Date(row.read_at),
      triedAt: new Date(row.tried_at),
      found: row.found,
      problem: row.problem,
    }
  )
}

/** Read every day; with a day missed, it still tells how things stand. */
const validMs = 2 * 86_400_000

/** For a scan that may not read them itself. */
export async function rolesReadBefore(db: Database, accountId: string, now: Date): Promise<Fact<RolesRead>> {
  const record = await rolesOnRecord(db, accountId)
  const why = record?.problem ? `: ${record.problem}` : ''
  if (!record?.readAt || !record.found)
    return unknown(
      `There are more roles than a scan may read: they are read once a day, and have not been yet${why}`,
    )
  const { readAt, found } = record
  if (isAhead(readAt, now))
    return unknown(`The roles were last read ${readAt.toISOString()}, which is yet to come${why}`)
  return now.getTime() - readAt.getTime() <= validMs
    ? known({ ...found, readAt })
    : unknown(`The roles were last read ${readAt.toISOString()}${why}`)
}

export async function keepRoles(db: Database, accountId: string, found: RolesFound, at: Date): Promise<void> {
  const moment = sql`${at.toISOString()}::timestamptz`
  await db.execute(sql`
    insert into account_roles (account_id, read_at, tried_at, found)
    values (${accountId}, ${moment}, ${moment}, ${JSON.stringify(found)}::jsonb)
    on conflict (account_id) do update set
      read_at = excluded.read_at, tried_at = excluded.tried_at, found = excluded.found, problem = null`)
}

/** A try that came to nothing: what is known from before stays. */
export async function keepRolesProblem(
  db: Database,
  accountId: string,
  problem: string,
  at: Date,
): Promise<void> {
  await db.execute(sql`
    insert into account_roles (account_id, tried_at, problem)
    values (${accountId}, ${at.toISOString()}::timestamptz, ${problem})
    on conflict (account_id) do update set tried_at = excluded.tried_at, problem = excluded.problem`)
}
