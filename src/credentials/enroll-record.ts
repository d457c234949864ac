/** What becomes of a link, written down: each in one transaction with its audit record and its announcement. */
import { sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { RoleAccess } from '../identity/desired.ts'
import { requestReconcile } from '../identity/request.ts'
import { rowsOf, type Transaction } from '../store/open.ts'
import type { EnrollmentCase } from './enrollment.ts'
import { countWrongCodes, endEnrollments, forgetDevices } from './enrollment-store.ts'
import { type EnrollmentsContext, makeEnrollments } from './enrollments.ts'

/**
 * A device is active. Reads of IAM may not show it yet, so the moment is kept; and a run that looked before it must
 * not take the password that is about to be made, so the generation is raised. Returns the link as it is then;
 * undefined when it was ended, or the identity changed, while AWS was asked: then the device may not stay.
 */
export async function noteEnabled(
  { store, jobs, clock }: EnrollmentsContext,
  link: EnrollmentCase,
  serial: string,
  requestId: string | undefined,
): Promise<EnrollmentCase | undefined> {
  const now = clock()
  return await store.db.transaction(async (tx) => {
    const [row] = await rowsOf<{ generation: number }>(
      tx,
      sql`
        update identities set mfa_enabled_at = ${now.toISOString()}::timestamptz, mfa_enrolled = true,
          mfa_serials = array_append(mfa_serials, ${serial}), mfa_deadline_at = null
        where id = ${link.identityId} and generation = ${link.generation}
          and exists (select 1 from enrollments where enrollments.id = ${link.id} and status = 'open')
        returning generation`,
    )
    if (!row) return undefined
    await forgetDevices(tx, link.id, [serial])
    await recordAudit(tx, [
      entryOf(link, now, 'mfa.enabled', { serial, ...(requestId ? { requestId } : {}) }),
    ])
    await requestReconcile(tx, jobs, [{ id: link.identityId, cause: 'enrollment' }])
    return { ...link, generation: Number(row.generation) + 1 }
  })
}

export async function lookAgain({ store, jobs }: EnrollmentsContext, link: EnrollmentCase): Promise<void> {
  await store.db.transaction((tx) =>
    requestReconcile(tx, jobs, [{ id: link.identityId, cause: 'enrollment' }]),
  )
}

/** Password and devices go, as if the device were lost: who may have them is found out anew. */
export async function startOver(
  { store, jobs }: EnrollmentsContext,
  link: EnrollmentCase,
  serial: string | null,
): Promise<void> {
  await store.db.transaction(async (tx) => {
    await tx.execute(sql`
      update identities set mfa_reset = true, mfa_serials = array_cat(mfa_serials, ${sql.param(serial === null ? [] : [serial])}::text[])
      where id = ${link.identityId}`)
    await requestReconcile(tx, jobs, [{ id: link.identityId, cause: 'enrollment', urgent: true }])
  })
}

export async function noteWrongCodes(
  { store, clock, announce }: EnrollmentsContext,
  link: EnrollmentCase,
): Promise<{ readonly wrongCodes: number; readonly locked: boolean }> {
  const now = clock()
  return await store.db.transaction(async (tx) => {
    const counted = await countWrongCodes(tx, link.id, now)
    if (counted.locked) {
      await recordAudit(tx, [entryOf(link, now, 'enrollment.locked', { wrongCodes: counted.wrongCodes })])
      await announce(tx, [
        {
          type: 'enrollment.locked',
          at: now,
          employeeId: link.employeeId,
          data: { enrollmentId: link.id, purpose: link.purpose, wrongCodes: counted.wrongCodes },
        },
      ])
    }
    return counted
  })
}

/**
 * The link is used. False, and nothing is written, when it was ended or the employee changed meanwhile: then
 * what was just made has to be taken back.
 */
export async function concludeSignIn(
  context: EnrollmentsContext,
  link: EnrollmentCase,
  access: RoleAccess,
  requestId: string | undefined,
): Promise<boolean> {
  const { store, jobs, clock, announce } = context
  const now = clock()
  return await store.db.transaction(async (tx) => {
    if (!(await complete(tx, link, now))) return false
    await tx.execute(sql`
      update identities set mfa_enrolled = true, console_access = ${access.console}, lacks = null,
        enrollment_wanted = false, state = case when state = 'awaiting_mfa' then 'active' else state end
      where id = ${link.identityId}`)
    const details = { enrollmentId: link.id, consoleAccess: access.console }
    await recordAudit(tx, [
      entryOf(link, now, 'enrollment.completed', { ...details, ...(requestId ? { requestId } : {}) }),
    ])
    await announce(tx, [
      { type: 'enrollment.completed', at: now, employeeId: link.employeeId, data: details },
    ])
    if (access.accessKeys === 'self-service') {
      const { identityId, employeeId, email, givenName } = link
      const wanted = {
        identityId,
        employeeId,
        email,
        givenName,
        purpose: 'access-key' as const,
        createdBy: 'muster',
      }
      await makeEnrollments(tx, context, [wanted], now)
    }
    await requestReconcile(tx, jobs, [{ id: link.identityId, cause: 'enrollment' }])
    return true
  })
}

/** As `concludeSignIn`, for a link that gave an access key. */
export async function concludeKey(
  { store, jobs, clock, announce }: EnrollmentsContext,
  link: EnrollmentCase,
  accessKeyId: string,
  requestId: string | undefined,
): Promise<boolean> {
  const now = clock()
  return await store.db.transaction(async (tx) => {
    if (!(await complete(tx, link, now))) return false
    const details = { enrollmentId: link.id, accessKeyId }
    await recordAudit(tx, [
      entryOf(link, now, 'access_key.created', { ...details, ...(requestId ? { requestId } : {}) }),
    ])
    await announce(tx, [{ type: 'access_key.created', at: now, employeeId: link.employeeId, data: details }])
    await requestReconcile(tx, jobs, [{ id: link.identityId, cause: 'enrollment' }])
    return true
  })
}

/** Identities before links, as everybody locks them. */
async function complete(tx: Transaction, link: EnrollmentCase, now: Date): Promise<boolean> {
  const { identityId, generation } = link
  await tx.execute(sql`select 1 from identities where id = ${identityId} for update`)
  const ended = await endEnrollments(
    tx,
    sql`id = ${link.id} and exists (
      select 1 from identities where identities.id = ${identityId} and identities.generation = ${generation})`,
    { status: 'completed', reason: null, now },
  )
  return ended.length > 0
}

function entryOf(link: EnrollmentCase, at: Date, action: string, details: Readonly<Record<string, unknown>>) {
  const { employeeId, identityId } = link
  return { at, actor: 'enrollment link', action, employeeId, identityId, details }
}
