/** What has become due by the passing of time alone: starts, moves, ends, second looks, purges. */
import { and, inArray, isNotNull, lte, sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { hasQueuedReconcile } from '../jobs/jobs.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { rowsOf, type Store } from '../store/open.ts'
import { employees } from '../store/schema.ts'
import { type EvaluateContext, evaluate } from './evaluate.ts'
import { requestReconcile } from './request.ts'

const batchSize = 500

/** Several replicas may sweep at once: each takes rows that no other has. */
export function startDueSweep(store: Store, context: EvaluateContext, clock: Clock, log: Logger): Loop {
  return startLoop({
    name: 'sweep of what is due',
    everyMs: 1000,
    log,
    async look() {
      const employees = await sweepEmployees(store, context, clock())
      const identities = await sweepIdentities(store, context, clock())
      return employees === batchSize || identities === batchSize
    },
  })
}

async function sweepEmployees(store: Store, context: EvaluateContext, now: Date): Promise<number> {
  return await store.db.transaction(async (tx) => {
    const due = await tx
      .select()
      .from(employees)
      .where(and(isNotNull(employees.nextChangeAt), lte(employees.nextChangeAt, now)))
      .orderBy(employees.employeeId)
      .limit(batchSize)
      .for('update', { skipLocked: true })
    if (due.length > 0) {
      const employeeIds = due.map(({ employeeId }) => employeeId)
      await evaluate(tx, context, { employeeIds, now, causeOf: () => 'schedule' }, due)
    }
    return due.length
  })
}

async function sweepIdentities(store: Store, context: EvaluateContext, now: Date): Promise<number> {
  return await store.db.transaction(async (tx) => {
    const due = await rowsOf<{ id: string; urgent: boolean; cause: string }>(
      tx,
      sql`
        with due as (
          select id from identities where next_look_at <= ${now.toISOString()}::timestamptz
          order by id limit ${batchSize} for update skip locked
        )
        update identities set next_look_at = null from due where identities.id = due.id
        returning identities.id,
          -- Whoever is to be locked and could not be found yet goes before joiners, as at the first try.
          identities.state = 'locked' or exists (
            select 1 from employees where employees.employee_id = identities.employee_id
              and (hold is not null or status in ('suspended', 'terminated'))) as urgent,
          -- What nobody got to yet is still done for whoever wanted it.
          case when generation = reconciled_generation or cause = '' then 'schedule' else cause end as cause`,
    )
    await requestReconcile(tx, context.jobs, due)
    return due.length
  })
}

/**
 * Takes up after a start what was left: statements that wait for something of the catalog (a new one may
 * have it, or lack what people hold), and identities whose newest generation nobody got to (their job was
 * given up, or they were only planned in observe mode) or that nobody has looked at yet though it was asked
 * for. Once `signal` is aborted, it ends after the present batch: the next start does it all again.
 */
export async function takeUp(
  store: Store,
  context: EvaluateContext,
  mode: 'enforce' | 'observe',
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  // In observe mode nothing is ever got to: every start would plan everything again.
  const resumes = mode === 'enforce'
  let last: string | undefined = ''
  while (last !== undefined && !signal.aborted) last = await takeUpAfter(last, store, context, resumes, clock)
}

/** One batch, in the order of employee ids. Returns the last id of a full batch. */
async function takeUpAfter(
  after: string,
  store: Store,
  context: EvaluateContext,
  resumes: boolean,
  clock: Clock,
): Promise<string | undefined> {
  const known = Object.keys(context.catalog.roles)
  return await store.db.transaction(async (tx) => {
    const affected = await rowsOf<{ employee_id: string }>(
      tx,
      sql`
        select distinct employee_id from (
          select unnest(employee_ids) as employee_id from deliveries where status = 'pending'
          union
          select identities.employee_id from identities join employees using (employee_id)
          where identities.state <> 'deleted' and employees.employee_id > ${after} and (
            identities.state = 'blocked' or not employees.role = any(${sql.param(known)}::text[])
            or identities.requested
            or (${resumes} and identities.reconciled_generation < identities.generation))
        ) as waiting
        where employee_id > ${after}
          and exists (select 1 from employees where employees.employee_id = waiting.employee_id)
        order by employee_id limit ${batchSize}`,
    )
    const employeeIds = affected.map(({ employee_id }) => employee_id)
    if (employeeIds.length === 0) return undefined
    const locked = await tx
      .select()
      .from(employees)
      .where(inArray(employees.employeeId, employeeIds))
      .orderBy(employees.employeeId)
      .for('update')
    // All at once and in the order of their ids, as everybody locks them: what follows writes them one after the other.
    const identityRows = await rowsOf<{ id: string }>(
      tx,
      sql`
        select id from identities where employee_id = any(${sql.param(employeeIds)}::text[])
        order by id for update`,
    )
    await evaluate(tx, context, { employeeIds, now: clock(), causeOf: () => 'catalog' }, locked)
    // One that is requested has a job that nobody took yet; where that was lost, nobody would ever make another.
    await tx.execute(sql`
      update identities set requested = false
      where requested and employee_id = any(${sql.param(employeeIds)}::text[])
        and not ${hasQueuedReconcile(sql`identities.id`)}`)
    await requestReconcile(
      tx,
      context.jobs,
      identityRows.map(({ id }) => ({ id, cause: 'catalog' })),
    )
    return employeeIds.length === batchSize ? employeeIds.at(-1) : undefined
  })
}
