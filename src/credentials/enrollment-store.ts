/** One-time links in the database: made, found, leased, ended. Tokens are not in it. */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import type { EnrollmentPurpose, EnrollmentStatus, Hold, IdentityState, Lack } from '../store/schema.ts'
import { type EnrollmentCase, wrongCodesAllowed } from './enrollment.ts'
import { newLinkId } from './link.ts'

export interface NewEnrollment {
  readonly identityId: string
  readonly employeeId: string
  readonly email: string
  readonly purpose: EnrollmentPurpose
  readonly createdBy: string
}

export interface MadeEnrollment extends NewEnrollment {
  readonly id: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** Makes the links that are not open already: an identity has one of each purpose at most. Returns the new ones. */
export async function insertEnrollments(
  tx: Transaction,
  wanted: readonly NewEnrollment[],
  { now, validMs }: { readonly now: Date; readonly validMs: number },
): Promise<MadeEnrollment[]> {
  if (wanted.length === 0) return []
  const expiresAt = new Date(now.getTime() + validMs)
  const rows = wanted.map((each) => ({ ...each, id: newLinkId(), createdAt: now, expiresAt }))
  const made = await rowsOf<{ id: string }>(
    tx,
    sql`
      insert into enrollments (id, identity_id, employee_id, email, purpose, created_by, created_at, expires_at)
      select id, identity_id, employee_id, email, purpose, created_by,
        ${now.toISOString()}::timestamptz, ${expiresAt.toISOString()}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(
        rows.map((row) => ({
          id: row.id,
          identity_id: row.identityId,
          employee_id: row.employeeId,
          email: row.email,
          purpose: row.purpose,
          created_by: row.createdBy,
        })),
      )}::jsonb) as r(id uuid, identity_id uuid, employee_id text, email text, purpose text, created_by text)
      on conflict do nothing
      returning id`,
  )
  const ids = new Set(made.map(({ id }) => id))
  return rows.filter(({ id }) => ids.has(id))
}

export async function findEnrollment(db: Database, id: string): Promise<EnrollmentCase | undefined> {
  const [row] = await rowsOf<Record<string, unknown>>(
    db,
    sql`
      select l.*, e.given_name, e.family_name, e.role, e.status as employee_status, e.hold,
        i.account_id, coalesce(i.last_seen_name, i.user_name) as user_name, i.aws_user_id, i.state, i.lacks,
        i.mfa_reset, i.generation, i.reconciled_generation
      from enrollments l
      join identities i on i.id = l.identity_id
      join employees e on e.employee_id = l.employee_id
      where l.id = ${id}`,
  )
  return row && caseOf(row)
}

function caseOf(row: Record<string, unknown>): EnrollmentCase {
  return {
    id: row.id as string,
    identityId: row.identity_id as string,
    employeeId: row.employee_id as string,
    purpose: row.purpose as EnrollmentPurpose,
    status: row.status as EnrollmentStatus,
    createdAt: new Date(row.created_at as string),
    expiresAt: new Date(row.expires_at as string),
    wrongCodes: Number(row.wrong_codes),
    deviceSerials: row.device_serials as string[],
    givenName: row.given_name as string,
    familyName: row.family_name as string,
    email: row.email as string,
    accountId: row.account_id as string,
    userName: row.user_name as string,
    awsUserId: row.aws_user_id as string | null,
    state: row.state as IdentityState,
    lacks: row.lacks as Lack | null,
    mfaReset: row.mfa_reset as boolean,
    generation: Number(row.generation),
    reconciledGeneration: Number(row.reconciled_generation),
    role: row.role as string,
    employeeStatus: row.employee_status as EnrollmentCase['employeeStatus'],
    hold: row.hold as Hold | null,
  }
}

export interface Lease {
  readonly id: string
  readonly until: string
}

const leaseMs = 60_000

/** One request at a time: undefined when another is at it, or the link is over. To be given back by `giveBack`. */
export async function leaseEnrollment(db: Database, id: string, now: Date): Promise<Lease | undefined> {
  const until = new Date(now.getTime() + leaseMs).toISOString()
  const rows = await rowsOf(
    db,
    sql`
      update enrollments set
        leased_until = ${until}::timestamptz, started_at = coalesce(started_at, ${now.toISOString()}::timestamptz)
      where id = ${id} and status = 'open' and expires_at > ${now.toISOString()}::timestamptz
        and (leased_until is null or leased_until <= ${now.toISOString()}::timestamptz)
      returning id`,
  )
  return rows.length > 0 ? { id, until } : undefined
}

/** Nothing happens to a lease that ran out and is another's now. */
export async function giveBack(db: Database, { id, until }: Lease): Promise<void> {
  await db.execute(sql`
    update enrollments set leased_until = null where id = ${id} and leased_until = ${until}::timestamptz`)
}

/** Notes a device before it is made: after a crash, this is what may stand unassigned in the account. */
export async function noteDevice(db: Database, id: string, serial: string): Promise<void> {
  await db.execute(
    sql`update enrollments set device_serials = array_append(device_serials, ${serial}) where id = ${id}`,
  )
}

/** Devices that are gone, or somebody's now. */
export async function forgetDevices(
  db: Database | Transaction,
  id: string,
  serials: readonly string[],
): Promise<void> {
  if (serials.length === 0) return
  await db.execute(sql`
    update enrollments set device_serials = array(
      select serial from unnest(device_serials) with ordinality as device(serial, place)
      where not serial = any(${sql.param(serials)}::text[]) order by place)
    where id = ${id}`)
}

/** Counts a wrong pair of codes; the tenth locks the link. Returns how many there were, and whether this one locked it. */
export async function countWrongCodes(
  tx: Transaction,
  id: string,
  now: Date,
): Promise<{ readonly wrongCodes: number; readonly locked: boolean }> {
  const [row] = await rowsOf<{ wrong_codes: number; status: string }>(
    tx,
    sql`
      update enrollments set
        wrong_codes = wrong_codes + 1,
        status = case when wrong_codes + 1 >= ${wrongCodesAllowed} then 'locked' else status end,
        reason = case when wrong_codes + 1 >= ${wrongCodesAllowed} then 'too many wrong codes' else reason end,
        ended_at = case when wrong_codes + 1 >= ${wrongCodesAllowed} then ${now.toISOString()}::timestamptz end
      where id = ${id} and status = 'open'
      returning wrong_codes, status`,
  )
  return { wrongCodes: Number(row?.wrong_codes ?? wrongCodesAllowed), locked: row?.status === 'locked' }
}

export interface EndedEnrollment {
  readonly id: string
  readonly employeeId: string
  readonly purpose: EnrollmentPurpose
}

/** Ends open links that `which` names (a condition on `enrollments`); returns those that were open. */
export async function endEnrollments(
  tx: Transaction,
  which: ReturnType<typeof sql>,
  end: {
    readonly status: Exclude<EnrollmentStatus, 'open'>
    readonly reason: string | null
    readonly now: Date
  },
): Promise<EndedEnrollment[]> {
  const rows = await rowsOf<{ id: string; employee_id: string; purpose: EnrollmentPurpose }>(
    tx,
    sql`
      update enrollments set status = ${end.status}, reason = ${end.reason},
        ended_at = ${end.now.toISOString()}::timestamptz
      where status = 'open' and ${which}
      returning id, employee_id, purpose`,
  )
  return rows.map(({ id, employee_id, purpose }) => ({ id, employeeId: employee_id, purpose }))
}
