/** One-time links as administrators and the employee's life make and end them. */
import { inArray, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Clock } from '../clock.ts'
import { requestReconcile } from '../identity/request.ts'
import type { RoleAccessOf } from '../identity/role-access.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Announce, Notice } from '../notify/announce.ts'
import { Problem } from '../problem.ts'
import { rowsOf, type Store, type Transaction } from '../store/open.ts'
import { type EnrollmentPurpose, identities } from '../store/schema.ts'
import {
  endEnrollments,
  insertEnrollments,
  type MadeEnrollment,
  type NewEnrollment,
} from './enrollment-store.ts'

export interface EnrollmentsContext {
  readonly store: Store
  readonly jobs: Jobs
  readonly roleAccess: RoleAccessOf
  readonly announce: Announce
  readonly clock: Clock
  readonly validHours: number
  /** In observe mode nothing is written to AWS, so no link can be used. */
  readonly mode: 'enforce' | 'observe'
}

export interface IssueInput {
  readonly purpose: EnrollmentPurpose
  /** The devices are lost: password and devices go before the new enrollment. */
  readonly replaceDevice?: boolean
}

type Identity = Pick<
  typeof identities.$inferSelect,
  'id' | 'employeeId' | 'state' | 'mfaEnrolled' | 'accountId' | 'awsUserId'
>

/** A new link in the place of any that is open. @throws Problem 404, 409 */
export async function issueEnrollment(
  context: EnrollmentsContext,
  employeeId: string,
  { purpose, replaceDevice = false }: IssueInput,
  actor: string,
): Promise<MadeEnrollment> {
  const { store, jobs, clock, roleAccess, mode } = context
  if (mode === 'observe') {
    throw new Problem(409, 'observe-mode', 'Muster only observes (MUSTER_MODE): nobody can enroll')
  }
  return await store.db.transaction(async (tx) => {
    const now = clock()
    const { identity, employee } = await lockIdentity(tx, employeeId)
    demandThatLinksHelp(identity, employee, purpose, roleAccess)
    await endEnrollments(tx, sql`identity_id = ${identity.id} and purpose = ${purpose}`, {
      status: 'revoked',
      reason: 'replaced by a newer link',
      now,
    })
    await tx.execute(sql`update identities set links_held_since = null where id = ${identity.id}`)
    if (replaceDevice) {
      await tx.execute(sql`update identities set mfa_reset = true where id = ${identity.id}`)
      await requestReconcile(tx, jobs, [{ id: identity.id, cause: actor, urgent: true }])
    }
    const wanted = { identityId: identity.id, employeeId, email: employee.email, purpose, createdBy: actor }
    const [made] = await makeEnrollments(
      tx,
      context,
      [{ ...wanted, givenName: employee.givenName, replaceDevice }],
      now,
    )
    if (!made) throw new Error('the link that was open has been ended in this transaction')
    return made
  })
}

/** Ends every open link of the employee. @throws Problem 404 */
export async function revokeEnrollments(
  context: EnrollmentsContext,
  employeeId: string,
  actor: string,
): Promise<number> {
  const { store, clock } = context
  return await store.db.transaction(async (tx) => {
    await lockIdentity(tx, employeeId)
    const ended = await revoke(tx, context, sql`employee_id = ${employeeId}`, 'revoked by an administrator', {
      actor,
      now: clock(),
    })
    return ended
  })
}

/** What an employee's change means for their open links; in the transaction of the change. */
export async function followChanges(
  tx: Transaction,
  context: EnrollmentsContext,
  changes: readonly { readonly before: EmployeeState; readonly after: EmployeeState }[],
  now: Date,
): Promise<void> {
  const out = changes.filter(({ before, after }) => hasAccess(before) && !hasAccess(after))
  const moved = changes.filter(
    ({ before, after }) =>
      before.email !== '' && before.email !== after.email && !out.some((each) => each.after === after),
  )
  const idsOf = (list: typeof changes) => sql.param(list.map(({ after }) => after.employeeId))
  if (out.length > 0) {
    const which = sql`employee_id = any(${idsOf(out)}::text[])`
    await revoke(tx, context, which, 'the employee has no access now', { actor: 'muster', now })
  }
  if (moved.length > 0) {
    const which = sql`employee_id = any(${idsOf(moved)}::text[])`
    const reason =
      'the e-mail address changed while the link was open: make sure it was meant, then send a new link'
    // Identities before links, and in the order of their ids, as everybody locks them.
    await tx.execute(sql`
      with holding as (
        select id from identities where ${which} and exists (
          select 1 from enrollments where enrollments.identity_id = identities.id and enrollments.status = 'open')
        order by id for update
      )
      update identities set links_held_since = ${now.toISOString()}::timestamptz
      from holding where identities.id = holding.id`)
    await revoke(tx, context, which, reason, { actor: 'muster', now })
  }
}

const hasAccess = ({ status, hold }: EmployeeState) => status === 'active' && hold === null

interface EmployeeState {
  readonly employeeId: string
  readonly email: string
  readonly status: string | null
  readonly hold: unknown
}

/** Makes links, and tells their owners. */
export async function makeEnrollments(
  tx: Transaction,
  { announce, clock, validHours }: Pick<EnrollmentsContext, 'announce' | 'clock' | 'validHours'>,
  wanted: readonly (NewEnrollment & { readonly givenName: string; readonly replaceDevice?: boolean })[],
  now: Date = clock(),
): Promise<MadeEnrollment[]> {
  const made = await insertEnrollments(tx, wanted, { now, validMs: validHours * 3_600_000 })
  const nameOf = new Map(wanted.map(({ identityId, givenName }) => [identityId, givenName]))
  await recordAudit(
    tx,
    made.map((link) => ({
      at: now,
      actor: link.createdBy,
      action: 'enrollment.created',
      employeeId: link.employeeId,
      identityId: link.identityId,
      details: {
        ...dataOf(link),
        ...(wanted.find((each) => each.identityId === link.identityId)?.replaceDevice
          ? { replaceDevice: true }
          : {}),
      },
    })),
  )
  await announce(
    tx,
    made.map(
      (link): Notice => ({
        type: 'enrollment.created',
        at: now,
        employeeId: link.employeeId,
        data: dataOf(link),
        link: { enrollmentId: link.id, email: link.email, givenName: nameOf.get(link.identityId) ?? '' },
      }),
    ),
  )
  return made
}

function dataOf({ id, purpose, expiresAt }: MadeEnrollment) {
  return { enrollmentId: id, purpose, expiresAt: expiresAt.toISOString() }
}

async function revoke(
  tx: Transaction,
  { announce }: EnrollmentsContext,
  which: ReturnType<typeof sql>,
  reason: string,
  { actor, now }: { readonly actor: string; readonly now: Date },
): Promise<number> {
  const ended = await endEnrollments(tx, which, { status: 'revoked', reason, now })
  await recordAudit(
    tx,
    ended.map(({ id, employeeId, purpose }) => ({
      at: now,
      actor,
      action: 'enrollment.revoked',
      employeeId,
      details: { enrollmentId: id, purpose, reason },
    })),
  )
  await announce(
    tx,
    ended.map(({ id, employeeId, purpose }) => ({
      type: 'enrollment.revoked' as const,
      at: now,
      employeeId,
      data: { enrollmentId: id, purpose, reason },
    })),
  )
  return ended.length
}

interface Owner {
  readonly email: string
  readonly givenName: string
  readonly role: string
  readonly status: string | null
  readonly hold: unknown
}

/** The employee's identity, locked: identities before links, as everybody locks them. @throws Problem 404 */
async function lockIdentity(
  tx: Transaction,
  employeeId: string,
): Promise<{ identity: Identity; employee: Owner }> {
  const [identity] = await tx
    .select({
      id: identities.id,
      employeeId: identities.employeeId,
      state: identities.state,
      mfaEnrolled: identities.mfaEnrolled,
      accountId: identities.accountId,
      awsUserId: identities.awsUserId,
    })
    .from(identities)
    .where(inArray(identities.employeeId, [employeeId]))
    .for('update')
  const [employee] = await rowsOf<Owner & { given_name: string }>(
    tx,
    sql`select email, given_name, role, status, hold from employees where employee_id = ${employeeId}`,
  )
  if (!identity || !employee || employee.status === null) {
    throw new Problem(404, 'no-such-employee', `there is no employee "${employeeId}"`)
  }
  return { identity, employee: { ...employee, givenName: employee.given_name } }
}

function demandThatLinksHelp(
  { state }: Identity,
  { status, hold, role }: Owner,
  purpose: EnrollmentPurpose,
  roleAccess: RoleAccessOf,
): void {
  const refuse = (slug: string, detail: string) => {
    throw new Problem(409, slug, detail)
  }
  if (status !== 'active' || hold !== null) {
    refuse('no-access', `the employee is ${hold === null ? status : 'held'}: there is nothing to enroll for`)
  }
  if (state === 'conflict' || state === 'blocked') {
    refuse(
      'not-possible',
      `the identity is ${state === 'conflict' ? 'in conflict' : state}: its reason in GET /v1/employees/{id} says what has to be done first`,
    )
  }
  const access = roleAccess(role)
  if (!access) refuse('unknown-role', `role "${role}" is not in the catalog`)
  if (purpose === 'access-key' && access?.accessKeys !== 'self-service') {
    refuse('no-access-keys', `role "${role}" has no access keys (accessKeys: self-service in the catalog)`)
  }
  if (purpose === 'sign-in' && access?.accessKeys === 'none' && !access.console) {
    refuse('nothing-to-enroll', `role "${role}" has neither console access nor access keys`)
  }
}
