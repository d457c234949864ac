/** What is on record of the use that groups are made of, and which group is to be asked about next. */
import { sql } from 'drizzle-orm'
import { latestPlausible } from '../clock.ts'
import type { UsedService } from '../store/compliance-tables.ts'
import { type Database, rowsOf } from '../store/open.ts'
import type { GroupUsage } from './snapshot.ts'

/** What nobody tried to use in this time is unused; what was allowed for less cannot be judged yet. */
export const unusedAfterDays = 90
const unusedAfterMs = unusedAfterDays * 86_400_000

export interface UsageRecord {
  readonly groupName: string
  /** Of the last report; null before the first. */
  readonly checkedAt: Date | null
  readonly triedAt: Date
  readonly services: readonly UsedService[]
  readonly problem: string | null
}

export type UseVerdict = 'used' | 'unused' | 'too-early'

/** As of the moment at which AWS was asked. */
export function judgeUse({ usedAt, allowedSince }: UsedService, checkedAt: Date): UseVerdict {
  const since = checkedAt.getTime() - unusedAfterMs
  if (usedAt !== null && Date.parse(usedAt) >= since) return 'used'
  return allowedSince !== null && Date.parse(allowedSince) >= since ? 'too-early' : 'unused'
}

/**
 * For the snapshot: the groups that AWS was asked about, and of each the services that can be judged. One that was
 * allowed too recently to be called unused is left out.
 */
export async function readUsage(db: Database, accountId: string): Promise<GroupUsage[]> {
  const rows = await recordsOf(db, accountId)
  return rows.flatMap(({ groupName, checkedAt, services }) =>
    checkedAt === null
      ? []
      : [
          {
            groupName,
            checkedAt,
            services: services
              .filter((service) => judgeUse(service, checkedAt) !== 'too-early')
              .map(({ namespace, usedAt }) => ({
                namespace,
                usedAt: usedAt === null ? null : new Date(usedAt),
              })),
          },
        ],
  )
}

export async function readGroupUsage(
  db: Database,
  accountId: string,
  groupName: string,
): Promise<UsageRecord | undefined> {
  const [row] = await recordsOf(db, accountId, groupName)
  return row
}

async function recordsOf(db: Database, accountId: string, groupName?: string): Promise<UsageRecord[]> {
  const rows = await rowsOf<{
    group_name: string
    checked_at: string | Date | null
    tried_at: string | Date
    services: readonly UsedService[]
    problem: string | null
  }>(
    db,
    sql`
      select group_name, checked_at, tried_at, services, problem from group_usage
      where account_id = ${accountId} and ${groupName === undefined ? sql`true` : sql`group_name = ${groupName}`}
      order by group_name`,
  )
  return rows.map((row) => ({
    groupName: row.group_name,
    checkedAt: row.checked_at === null ? null : new Date(row.checked_at),
    triedAt: new Date(row.tried_at),
    services: row.services,
    problem: row.problem,
  }))
}

export interface DueGroup {
  readonly groupName: string
  readonly membersSince: Date | null
}

const weekMs = 7 * 86_400_000
const hourMs = 3_600_000

/**
 * The group whose turn it is: with members, and not asked about for a week, or an hour after a try that came to
 * nothing. Whoever waits longest goes first. One that was asked about by a clock that was ahead waits no longer.
 */
export async function nextGroup(
  db: Database,
  accountId: string,
  groupNames: readonly string[],
  now: Date,
): Promise<DueGroup | undefined> {
  const weekAgo = new Date(now.getTime() - weekMs).toISOString()
  const hourAgo = new Date(now.getTime() - hourMs).toISOString()
  const ahead = latestPlausible(now).toISOString()
  const [due] = await rowsOf<{ name: string }>(
    db,
    sql`
      select wanted.name from unnest(${sql.param([...groupNames])}::text[]) as wanted(name)
      left join group_usage as usage on usage.account_id = ${accountId} and usage.group_name = wanted.name
      where (usage.tried_at is null or usage.tried_at <= ${weekAgo}::timestamptz
          or usage.tried_at > ${ahead}::timestamptz
          or (usage.problem is not null and usage.tried_at <= ${hourAgo}::timestamptz))
        and exists (
          select 1 from identities
          where account_id = ${accountId} and state in ('active', 'awaiting_mfa') and wanted.name = any(groups))
      order by usage.tried_at nulls first, wanted.name
      limit 1`,
  )
  return due && { groupName: due.name, membersSince: await membersSince(db, accountId, due.name) }
}

/** When the member who has been in it longest came in. Null if anybody's coming is not on record. */
async function membersSince(db: Database, accountId: string, groupName: string): Promise<Date | null> {
  const joining = JSON.stringify([{ do: 'AddUserToGroup', params: { GroupName: groupName } }])
  const [row] = await rowsOf<{ since: string | Date | null; unrecorded: boolean | null }>(
    db,
    sql`
      select min(joined.at) as since, bool_or(joined.at is null) as unrecorded
      from identities
      cross join lateral (
        select max(started_at) as at from operations
        where employee_id = identities.employee_id and account_id = identities.account_id
          and steps @> ${joining}::jsonb) as joined
      where account_id = ${accountId} and state in ('active', 'awaiting_mfa') and ${groupName} = any(groups)`,
  )
  return row?.since && !row.unrecorded ? new Date(row.since) : null
}

/** A report that came; the problem of an earlier try is over. */
export async function keepUsage(
  db: Database,
  accountId: string,
  groupName: string,
  services: readonly UsedService[],
  at: Date,
): Promise<void> {
  await db.execute(sql`
    insert into group_usage (account_id, group_name, checked_at, tried_at, services)
    values (${accountId}, ${groupName}, ${at.toISOString()}::timestamptz, ${at.toISOString()}::timestamptz,
      ${JSON.stringify(services)}::jsonb)
    on conflict (account_id, group_name) do update set
      checked_at = excluded.checked_at, tried_at = excluded.tried_at, services = excluded.services, problem = null`)
}

/** A try that came to nothing: what is known from before stays. */
export async function keepUsageProblem(
  db: Database,
  accountId: string,
  groupName: string,
  problem: string,
  at: Date,
): Promise<void> {
  await db.execute(sql`
    insert into group_usage (account_id, group_name, tried_at, problem)
    values (${accountId}, ${groupName}, ${at.toISOString()}::timestamptz, ${problem})
    on conflict (account_id, group_name) do update set tried_at = excluded.tried_at, problem = excluded.problem`)
}
