/** What HR's deliveries and administrators change: recorded, evaluated and requested in one transaction. */
import { asc, eq } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Clock } from '../clock.ts'
import type { LifecycleEvent, LifecycleKind, Moment, ProfileField, Statement } from '../lifecycle/events.ts'
import { type Employee, fold, nextAdminMoment } from '../lifecycle/index.ts'
import { Problem } from '../problem.ts'
import { newId } from '../store/ids.ts'
import type { Store, Transaction } from '../store/open.ts'
import { type employees, identities, lifecycleEvents } from '../store/schema.ts'
import { type ConflictResolution, resolve } from './conflict.ts'
import { type EvaluateContext, evaluate, lockEmployees, type PendingDeliveries } from './evaluate.ts'
import { requestReconcile } from './request.ts'
import { recordSaid } from './said.ts'

/** Who asks: `admin`, later the name of a token. */
export type Actor = string

export interface HireInput extends Statement {
  readonly employeeId: string
  readonly givenName: string
  readonly familyName: string
  readonly email: string
  readonly role: string
}

/** Takes every `employeeId` in the one spelling that is kept (`oneSpelling`, src/intake/fields.ts). */
export interface Changes {
  /** Records what deliveries say; tells which of them cannot be applied yet, and why. */
  applyEvents(tx: Transaction, events: readonly DeliveredEvent[]): Promise<PendingDeliveries>
  /** @throws Problem 409 when the employee is employed or about to be, 422 for a role that the catalog lacks */
  hire(input: HireInput, actor: Actor): Promise<void>
  /** Sets overrides; `null` lifts one. @throws Problem 404, 422 for a role that the catalog lacks */
  patch(
    employeeId: string,
    overrides: Readonly<Partial<Record<ProfileField, string | null>>>,
    actor: Actor,
  ): Promise<void>
  /** @throws Problem 404, 409 when the employee is not employed */
  terminate(
    employeeId: string,
    input: { readonly effectiveAt?: Moment; readonly urgent?: boolean },
    actor: Actor,
  ): Promise<void>
  /** Locks now, whatever HR says. Held already: only the reason is replaced. @throws Problem 404 */
  hold(employeeId: string, reason: string, actor: Actor): Promise<void>
  /** @throws Problem 404 */
  liftHold(employeeId: string, actor: Actor): Promise<void>
  /** Looks at AWS again and sets right what differs. @throws Problem 404 */
  reconcile(employeeId: string, actor: Actor): Promise<{ readonly identityIds: readonly string[] }>
  /** An administrator's word on a user name that belongs to somebody else. @throws Problem 404, 409, 422 */
  resolveConflict(employeeId: string, input: ConflictResolution, actor: Actor): Promise<void>
}

/** `contextNow` throws a Problem 503 for as long as the account is not known. */
export function createChanges(store: Store, contextNow: () => EvaluateContext, clock: Clock): Changes {
  /** One administrator's event, in a transaction of its own. */
  function say(
    employeeId: string,
    actor: Actor,
    make: (employee: typeof employees.$inferSelect) => {
      kind: LifecycleKind
      data: Statement
      override?: boolean
    },
  ): Promise<void> {
    return store.db.transaction(async (tx) => {
      const now = clock()
      const locked = await lockEmployees(tx, [employeeId], now)
      const [employee] = locked
      if (!employee) throw new Error('the row that was just made is gone')
      const said = make(employee)
      const earlier = await tx
        .select()
        .from(lifecycleEvents)
        .where(eq(lifecycleEvents.employeeId, employeeId))
      const event: LifecycleEvent = {
        employeeId,
        ...said,
        timestamp: nextAdminMoment(earlier as LifecycleEvent[], now),
        receivedAt: now,
        source: 'admin',
        senderId: newId(),
        place: 0,
      }
      demandEffect(earlier as LifecycleEvent[], event)
      await recordSaid(tx, [{ ...event, deliveryId: null }], () => actor)
      await evaluate(tx, contextNow(), { employeeIds: [employeeId], now, causeOf: () => actor }, locked)
    })
  }

  async function setHold(employeeId: string, reason: string | null, actor: Actor): Promise<void> {
    await store.db.transaction(async (tx) => {
      const now = clock()
      const locked = await lockExisting(tx, employeeId, now)
      const before = locked[0]?.hold ?? null
      if (reason === null && before === null) return
      // Who holds somebody that is held already replaces the reason; since when and by whom stays.
      const hold = reason === null ? null : { since: now.toISOString(), by: actor, ...before, reason }
      await recordAudit(tx, [
        {
          at: now,
          actor,
          action: reason === null ? 'hold.lifted' : 'hold.set',
          employeeId,
          details: { before: before?.reason ?? null, after: reason },
        },
      ])
      await evaluate(tx, contextNow(), { employeeIds: [employeeId], now, causeOf: () => actor, hold }, locked)
    })
  }

  return {
    async applyEvents(tx, events) {
      const now = clock()
      const employeeIds = [...new Set(events.map(({ employeeId }) => employeeId))].sort()
      const locked = await lockEmployees(tx, employeeIds, now)
      await recordSaid(tx, events, ({ source }) => source)
      return await evaluate(tx, contextNow(), { employeeIds, now, causeOf: deliveryOf(events) }, locked)
    },
    hire: ({ employeeId, ...data }, actor) =>
      say(employeeId, actor, ({ status }) => {
        if (status !== null && status !== 'terminated') {
          throw new Problem(
            409,
            'already-employed',
            `employee "${employeeId}" is ${status}: PATCH changes what is known of them`,
          )
        }
        demandRole(contextNow().catalog, data.role)
        return { kind: 'employee.hired', data }
      }),
    patch: (employeeId, data, actor) =>
      say(employeeId, actor, (employee) => {
        demandHired(employee)
        demandRole(contextNow().catalog, data.role)
        return { kind: 'employee.updated', data, override: true }
      }),
    terminate: (employeeId, data, actor) =>
      say(employeeId, actor, (employee) => {
        demandHired(employee)
        // A rehire that is agreed already can still be called off.
        if (employee.status === 'terminated' && employee.nextChangeAt === null) {
          throw new Problem(409, 'not-employed', `employee "${employeeId}" is terminated already`)
        }
        return { kind: 'employee.terminated', data }
      }),
    hold: (employeeId, reason, actor) => setHold(employeeId, reason, actor),
    liftHold: (employeeId, actor) => setHold(employeeId, null, actor),
    reconcile: (employeeId, actor) =>
      store.db.transaction(async (tx) => {
        const found = await identitiesOf(tx, employeeId)
        const identityIds = found.map(({ id }) => id)
        await requestReconcile(
          tx,
          contextNow().jobs,
          identityIds.map((id) => ({ id, cause: actor })),
        )
        await recordAudit(
          tx,
          identityIds.map((identityId) => ({
            at: clock(),
            actor,
            action: 'identity.reconcile_requested',
            employeeId,
            identityId,
            details: {},
          })),
        )
        return { identityIds }
      }),
    resolveConflict: (employeeId, input, actor) =>
      store.db.transaction(async (tx) => {
        const found = await identitiesOf(tx, employeeId)
        const identity = found.find(
          ({ accountId }) => input.accountId === undefined || accountId === input.accountId,
        )
        if (!identity)
          throw new Problem(
            404,
            'no-such-identity',
            `employee "${employeeId}" has no identity in that account`,
          )
        if (identity.state !== 'conflict') {
          throw new Problem(
            409,
            'no-conflict',
            `the identity of employee "${employeeId}" is ${identity.state}, not in conflict`,
          )
        }
        await resolve(tx, identity, input, clock())
        await recordAudit(tx, [
          {
            at: clock(),
            actor,
            action: 'identity.conflict_resolved',
            employeeId,
            identityId: identity.id,
            details: JSON.parse(JSON.stringify(input)),
          },
        ])
        await requestReconcile(tx, contextNow().jobs, [{ id: identity.id, cause: actor }])
      }),
  }
}

type DeliveredEvent = LifecycleEvent & { readonly deliveryId: string }

/** The newest delivery about each employee is what caused the change. */
function deliveryOf(events: readonly DeliveredEvent[]): (employeeId: string) => string {
  const causes = new Map(
    events.map(({ employeeId, source, deliveryId }) => [employeeId, `${source} delivery ${deliveryId}`]),
  )
  return (employeeId) => causes.get(employeeId) ?? 'hr'
}

function demandHired({ status, employeeId }: typeof employees.$inferSelect): void {
  if (status === null) throw noSuchEmployee(employeeId)
}

function noSuchEmployee(employeeId: string): Problem {
  return new Problem(404, 'no-such-employee', `there is no employee "${employeeId}"`)
}

/** HR may know a role before the catalog does, and is kept waiting; an administrator sees both. */
function demandRole({ roles }: Catalog, role: string | null | undefined): void {
  if (role === null || role === undefined || role in roles) return
  const known = Object.keys(roles).sort().join(', ')
  throw new Problem(422, 'unknown-role', `role "${role}" is not in the catalog: it has ${known || 'none'}`)
}

/** What a delivery says may wait for what explains it; an administrator is told at once that it makes no sense. */
function demandEffect(earlier: readonly LifecycleEvent[], event: LifecycleEvent): void {
  const employee = fold([...earlier, event])
  const refused = employee.pending.find(({ event: { senderId } }) => senderId === event.senderId)
  if (refused) throw new Problem(409, 'without-effect', `${event.kind} cannot be applied: ${refused.reason}`)
  const employments = ({ employments }: Employee) => JSON.stringify(employments)
  if (event.kind === 'employee.hired' && employments(employee) === employments(fold(earlier))) {
    throw new Problem(
      409,
      'without-effect',
      'that employment is known already: name a later startAt to rehire',
    )
  }
}

async function lockExisting(tx: Transaction, employeeId: string, now: Date) {
  const locked = await lockEmployees(tx, [employeeId], now)
  for (const employee of locked) demandHired(employee)
  return locked
}

async function identitiesOf(tx: Transaction, employeeId: string) {
  const found = await tx
    .select()
    .from(identities)
    .where(eq(identities.employeeId, employeeId))
    .orderBy(asc(identities.accountId))
  if (found.length === 0) throw noSuchEmployee(employeeId)
  return found
}
