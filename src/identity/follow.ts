/** What follows in AWS from a change of employees: identities are made, locks and reconciles requested. */
import { inArray } from 'drizzle-orm'
import { type AuditEntry, recordAudit } from '../audit/record.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Transaction } from '../store/open.ts'
import { type employees, identities } from '../store/schema.ts'
import { type RegistrationSettings, registerEmployees } from './registration.ts'
import { requestReconcile } from './request.ts'

export interface FollowContext {
  readonly jobs: Jobs
  /** What else follows from the changes, in their transaction. */
  readonly alsoFollow: (tx: Transaction, changes: readonly Change[], now: Date) => Promise<void>
  readonly registration: RegistrationSettings
}

export type StoredEmployee = typeof employees.$inferSelect

export interface Change {
  readonly before: StoredEmployee
  readonly after: StoredEmployee
}

export interface Following {
  readonly now: Date
  readonly causeOf: (employeeId: string) => string
}

/** The employees' rows are locked by this transaction. */
export async function follow(
  tx: Transaction,
  { jobs, registration, alsoFollow }: FollowContext,
  changes: readonly Change[],
  { now, causeOf }: Following,
): Promise<void> {
  const hired = changes.filter(({ after }) => after.status !== null)
  if (hired.length === 0) return
  const known = await identitiesOf(tx, hired)
  await lockInOrder(tx, known, changes)
  const registered = new Set(known.map(({ employeeId }) => employeeId))
  const newcomers = hired.filter(({ after }) => !registered.has(after.employeeId))
  if (newcomers.length > 0) {
    await registerEmployees(
      tx,
      registration,
      newcomers.map(({ after }) => after),
    )
    known.push(...(await identitiesOf(tx, newcomers)))
  }
  const changed = hired.filter(
    ({ before, after }) => !registered.has(after.employeeId) || accessFacts(before) !== accessFacts(after),
  )
  const isOutNow = new Map(changed.map((change) => [change.after.employeeId, isOut(change)]))
  const newlyOut = new Set(
    changed.filter((change) => isOut(change) && !wasOut(change)).map(({ after }) => after.employeeId),
  )
  const wanted = known
    .filter(({ employeeId }) => isOutNow.has(employeeId))
    .map(({ id, employeeId }) => ({
      id,
      employeeId,
      cause: causeOf(employeeId),
      urgent: isOutNow.get(employeeId) === true,
    }))
  await beginLocks(
    tx,
    wanted.filter(({ employeeId }) => newlyOut.has(employeeId)).map(({ id }) => id),
  )
  await jobs.queueLocks(
    tx,
    wanted.filter(({ urgent }) => urgent).map(({ id }) => id),
  )
  await requestReconcile(tx, jobs, wanted)
  await recordAudit(
    tx,
    changed.map((change) => changeEntry(change, causeOf(change.after.employeeId), now)),
  )
  const notNew = hired.filter(({ after }) => registered.has(after.employeeId))
  if (notNew.length > 0) await alsoFollow(tx, notNew, now)
}

function identitiesOf(tx: Transaction, changes: readonly Change[]) {
  const employeeIds = changes.map(({ after }) => after.employeeId)
  return tx
    .select({ id: identities.id, employeeId: identities.employeeId })
    .from(identities)
    .where(inArray(identities.employeeId, employeeIds))
}

/**
 * Locks the identities that this change may write, all at once and in the order of their ids, as everybody locks them:
 * two who lock the same rows one by one, each in another order, would wait for each other for ever.
 */
async function lockInOrder(
  tx: Transaction,
  known: readonly { readonly id: string; readonly employeeId: string }[],
  changes: readonly Change[],
): Promise<void> {
  const written = new Set(
    changes
      .filter(
        ({ before, after }) => accessFacts(before) !== accessFacts(after) || before.email !== after.email,
      )
      .map(({ after }) => after.employeeId),
  )
  const ids = known.filter(({ employeeId }) => written.has(employeeId)).map(({ id }) => id)
  if (ids.length === 0) return
  await tx
    .select({ id: identities.id })
    .from(identities)
    .where(inArray(identities.id, ids))
    .orderBy(identities.id)
    .for('update')
}

/** What of an employee decides about access; anything else changes nothing in AWS. */
function accessFacts({ status, role, lockedSince, hold }: StoredEmployee): string {
  return JSON.stringify([status, role, lockedSince?.getTime() ?? null, hold !== null])
}

/** Out too is somebody at work whose start was put off. */
function isOut({ before, after }: Change): boolean {
  return hasNoAccess(after) || (after.status === 'scheduled' && before.status === 'active')
}

function wasOut({ before }: Change): boolean {
  return hasNoAccess(before)
}

function hasNoAccess({ status, hold }: StoredEmployee): boolean {
  return hold !== null || status === 'suspended' || status === 'terminated'
}

/** What is left of an earlier lock (an unlock that did not get through) must not stand for the first call of this one. */
async function beginLocks(tx: Transaction, identityIds: readonly string[]): Promise<void> {
  if (identityIds.length === 0) return
  await tx
    .update(identities)
    .set({ lockedAt: null })
    .where(inArray(identities.id, [...identityIds]))
}

function changeEntry({ before, after }: Change, actor: string, at: Date): AuditEntry {
  const facts = ({ status, role, hold, lockedSince }: StoredEmployee) => ({
    status,
    role,
    held: hold !== null,
    lockedSince: lockedSince?.toISOString() ?? null,
  })
  return {
    at,
    actor,
    action: 'employee.changed',
    employeeId: after.employeeId,
    details: { before: facts(before), after: facts(after) },
  }
}
