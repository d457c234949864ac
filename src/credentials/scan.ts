/**
 * Looking for what was done by hand: devices, passwords and keys of all users, from bulk calls alone.
 *
 * Nothing is taken from anybody on what is found here: whoever differs from the record is reconciled, which asks
 * IAM about that one user.
 */
import { ListVirtualMFADevicesCommand } from '@aws-sdk/client-iam'
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'
import type { Clock } from '../clock.ts'
import { requestReconcile } from '../identity/request.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { rowsOf, type Store } from '../store/open.ts'
import { activeKeysOf, readCredentialReport } from './credential-report.ts'

export interface ScanContext {
  readonly store: Store
  readonly jobs: Jobs
  readonly account: Account
  /** IAM path, `/muster/`. */
  readonly path: string
  readonly clock: Clock
  readonly log: Logger
}

const everySeconds = 600
const leaseSeconds = 300

export function startCredentialScan(context: ScanContext): Loop {
  return startLoop({
    name: 'credential scan',
    everyMs: 15_000,
    log: context.log,
    async look() {
      if (!(await takeLease(context))) return false
      try {
        await scanCredentials(context)
      } catch (error) {
        if (!(error instanceof AwsCallError)) throw error
        context.log.warn({ err: error }, 'credentials could not be scanned')
      } finally {
        await conclude(context)
      }
      return false
    },
  })
}

/** One scan. Returns the ids of the identities that are looked at because of it. */
export async function scanCredentials(context: ScanContext): Promise<readonly string[]> {
  const { store, jobs } = context
  const suspects = new Set([...(await withoutTheirDevice(context)), ...(await differingFromReport(context))])
  const ids = [...suspects]
  await store.db.transaction((tx) =>
    requestReconcile(
      tx,
      jobs,
      ids.map((id) => ({ id, cause: 'scan' })),
    ),
  )
  return ids
}

/** Devices that were enabled a moment ago may not be in the list yet. */
const settlingSeconds = 300

/** Live, and all at once: who had a virtual device and has it no more. */
async function withoutTheirDevice({ store, account, clock }: ScanContext): Promise<string[]> {
  const assigned: string[] = []
  let Marker: string | undefined
  do {
    const { output } = await account.call(
      new ListVirtualMFADevicesCommand({
        AssignmentStatus: 'Assigned',
        MaxItems: 1000,
        ...(Marker ? { Marker } : {}),
      }),
      { priority: priorities.bulk },
    )
    assigned.push(...(output.VirtualMFADevices ?? []).map(({ SerialNumber }) => SerialNumber ?? ''))
    Marker = output.IsTruncated ? output.Marker : undefined
  } while (Marker)
  const rows = await rowsOf<{ id: string }>(
    store.db,
    sql`
      select id from identities
      where account_id = ${account.accountId} and state in ('active', 'awaiting_mfa')
        and (mfa_enabled_at is null
          or mfa_enabled_at < ${clock().toISOString()}::timestamptz - make_interval(secs => ${settlingSeconds}))
        and exists (
          select 1 from unnest(mfa_serials) as serial
          where serial like 'arn:%:mfa/%' and not serial = any(${sql.param(assigned)}::text[]))`,
  )
  return rows.map(({ id }) => id)
}

/** Up to four hours old: what a later look at the user has judged already is no news. */
async function differingFromReport({ store, account, path }: ScanContext): Promise<string[]> {
  const { madeAt, users } = await readCredentialReport(account)
  const reported = users.map((user) => ({
    name: user.userName.toLowerCase(),
    arn: user.arn,
    password: user.hasPassword,
    mfa: user.hasMfa,
    keys: activeKeysOf(user),
  }))
  const rows = await rowsOf<{ id: string }>(
    store.db,
    sql`
      select identities.id from identities
      left join jsonb_to_recordset(${JSON.stringify(reported)}::jsonb)
        as r(name text, arn text, password boolean, mfa boolean, keys int)
        on r.name = lower(coalesce(last_seen_name, user_name))
      where account_id = ${account.accountId} and state in ('active', 'awaiting_mfa')
        and last_reconciled_at < ${madeAt.toISOString()}::timestamptz
        -- Renamed or moved by hand, or gone.
        and (r.name is null or r.arn not like '%:user' || ${path} || user_name or r.password <> console_access or r.mfa <> mfa_enrolled
          or (not r.mfa and (r.password or r.keys > 0))
          or r.keys <> (select count(*) from jsonb_array_elements(access_keys) as key where (key->>'active')::boolean))`,
  )
  return rows.map(({ id }) => id)
}

async function takeLease({ store, account, clock }: ScanContext): Promise<boolean> {
  const now = clock().toISOString()
  const rows = await rowsOf(
    store.db,
    sql`
      update accounts set
        credentials_leased_until = ${now}::timestamptz + make_interval(secs => ${leaseSeconds})
      where account_id = ${account.accountId}
        and (credentials_leased_until is null or credentials_leased_until <= ${now}::timestamptz)
        and (credentials_scanned_at is null
          or credentials_scanned_at <= ${now}::timestamptz - make_interval(secs => ${everySeconds}))
      returning account_id`,
  )
  return rows.length > 0
}

async function conclude({ store, account, clock }: ScanContext): Promise<void> {
  await store.db.execute(sql`
    update accounts set
      credentials_scanned_at = ${clock().toISOString()}::timestamptz, credentials_leased_until = null
    where account_id = ${account.accountId}`)
}
