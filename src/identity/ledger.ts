/**
 * The database's side of a reconcile: what is read before it, written before its first call, and
 * written after its last. Many identities share each statement.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type AuditEntry, auditRows } from '../audit/record.ts'
import type { Announce, Notice } from '../notify/announce.ts'
import { type Batcher, createBatcher } from '../store/batcher.ts'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import type {
  AccessKeyRecord,
  EmployeeStatus,
  Hold,
  IdentityState,
  Lack,
  OperationKind,
  OperationStatus,
  RecordedStep,
} from '../store/schema.ts'
import { mayBeNews, noticesOfRun, noticesOfStates, type StateChange } from './news.ts'

/** An identity and its employee, as a reconcile needs them. */
export interface LoadedIdentity {
  readonly id: string
  readonly employeeId: string
  readonly accountId: string
  readonly userName: string
  readonly awsUserId: string | null
  readonly lastSeenName: string | null
  readonly state: IdentityState
  readonly groups: readonly string[]
  readonly possibleGroups: readonly string[]
  readonly mfaEnrolled: boolean
  readonly consoleAccess: boolean
  readonly adopt: boolean
  readonly generation: number
  readonly cause: string
  readonly lockedAt: Date | null
  readonly deniedName: string | null
  readonly deletedAt: Date | null
  readonly touchedAt: Date | null
  readonly lacks: Lack | null
  readonly mfaReset: boolean
  readonly mfaEnabledAt: Date | null
  readonly mfaDeadlineAt: Date | null
  readonly mfaSerials: readonly string[]
  readonly accessKeys: readonly AccessKeyRecord[]
  readonly boundaryArn: string | null
  readonly missingSince: Date | null
  readonly employee: {
    readonly status: EmployeeStatus | null
    readonly role: string
    readonly hold: Hold | null
    readonly lockedSince: Date | null
  }
  readonly catalogHash: string | null
}

/** Written before the first call that changes anything: after a crash, this is what may have happened. */
export interface Intent {
  readonly operationId: string
  readonly identityId: string
  readonly accountId: string
  readonly employeeId: string
  readonly kind: OperationKind
  readonly cause: string
  readonly generation: number
  readonly steps: readonly RecordedStep[]
  readonly startedAt: Date
  /** The most and the least that the user may be in while this runs. */
  readonly possibleGroups: readonly string[]
  readonly certainGroups: readonly string[]
}

/** Written after the last call. */
export interface Outcome {
  readonly identityId: string
  readonly state: IdentityState
  readonly reason: string | null
  readonly awsUserId: string | null
  readonly lastSeenName: string | null
  readonly groups: readonly string[]
  readonly possibleGroups: readonly string[]
  readonly mfaEnrolled: boolean
  readonly consoleAccess: boolean
  readonly adopt: boolean
  readonly lockedAt: Date | null
  readonly deniedName: string | null
  /** This run made, or found on record, the first call that is noted; otherwise that call came in meanwhile. */
  readonly knowsOfDeny: boolean
  readonly deletedAt: Date | null
  readonly touchedAt: Date | null
  readonly nextLookAt: Date | null
  readonly lacks: Lack | null
  /** Its owner is to get a link for what is lacking. */
  readonly enrollmentWanted: boolean
  /** Its owner is to get a link for a new key. */
  readonly keyLinkWanted: boolean
  /** The devices that were said to be lost are gone. */
  readonly mfaResetDone: boolean
  readonly mfaSerials: readonly string[]
  readonly accessKeys: readonly AccessKeyRecord[]
  readonly boundaryArn: string | null
  readonly missingSince: Date | null
  /** The generation that this run worked for. */
  readonly generation: number
  /** The generation that is reconciled now; null when this run did not get there. */
  readonly reconciledGeneration: number | null
  readonly at: Date
  /** Set when the job has to come back, with what went wrong. */
  readonly retry: string | null
  /** Something that the catalog makes was missing in IAM. */
  readonly catalogMissing: boolean
  readonly operation: FinishedOperation | null
  readonly audit: readonly AuditEntry[]
  /** What is announced with it, besides what follows from its state and operation. */
  readonly notices: readonly Notice[]
}

export interface FinishedOperation {
  readonly id: string
  readonly accountId: string
  readonly employeeId: string
  readonly kind: OperationKind
  readonly cause: string
  readonly generation: number
  readonly status: OperationStatus
  readonly steps: readonly RecordedStep[]
  readonly error: string | null
  readonly startedAt: Date
  readonly finishedAt: Date
}

export interface Ledger {
  /** Reads identities and takes note that their requests are being served. */
  load(identityIds: readonly string[]): Promise<LoadedIdentity[]>
  /** The same without taking note: for a lock's first call and for dry runs. */
  peek(identityIds: readonly string[]): Promise<LoadedIdentity[]>
  intend(intent: Intent): Promise<void>
  record(outcome: Outcome): Promise<void>
  /** Whether no newer change of this identity has come. Looks that coincide share a statement. */
  isCurrent(identityId: string, generation: number): Promise<boolean>
  /**
   * Notes whose user was just made, before the run has ended: a lock that comes in between denies it unread.
   * Tells what `isCurrent` does, so that either the lock finds the note or the run hears of the lock.
   */
  noteCreated(identityId: string, generation: number, awsUserId: string): Promise<boolean>
  /**
   * Notes the first accepted deny at once, without waiting for the rest of the lock. One that a newer change
   * has overtaken meanwhile is looked after at once: that change may have ended the lock.
   */
  noteDenied(
    identity: Pick<LoadedIdentity, 'id' | 'generation'>,
    denied: { readonly userName: string; readonly at: Date; readonly setBoundary: boolean },
  ): Promise<void>
}

/** @param announce left out when nobody is told of anything */
export function openLedger(db: Database, announce?: Announce): Ledger {
  const intents: Batcher<Intent, void> = createBatcher((items) => writeIntents(db, items), {
    maxItems: 200,
    concurrency: 2,
  })
  const outcomes: Batcher<Outcome, void> = createBatcher((items) => settle(db, items, announce), {
    maxItems: 200,
    concurrency: 2,
  })
  const generations: Batcher<string, number> = createBatcher((ids) => readGenerations(db, ids), {
    maxItems: 500,
    concurrency: 2,
  })
  const creations: Batcher<Creation, number> = createBatcher((items) => writeCreations(db, items), {
    maxItems: 200,
    concurrency: 2,
  })
  return {
    load: (ids) => selectIdentities(db, ids, true),
    peek: (ids) => selectIdentities(db, ids, false),
    intend: (intent) => intents.add(intent),
    record: (outcome) => outcomes.add(outcome).catch(() => outcomes.add(outcome)),
    isCurrent: async (id, generation) => (await generations.add(id)) === generation,
    noteCreated: async (id, generation, awsUserId) => (await creations.add({ id, awsUserId })) === generation,
    async noteDenied(identity, denied) {
      if (!announce) await writeDenied(db, identity, denied)
      else {
        await db.transaction(async (tx) => {
          const changes = await writeDenied(tx, identity, denied)
          await announce(tx, noticesOfStates(changes, denied.at))
        })
      }
    },
  }
}

async function selectIdentities(
  db: Database,
  ids: readonly string[],
  serve: boolean,
): Promise<LoadedIdentity[]> {
  if (ids.length === 0) return []
  if (serve) {
    await db.execute(sql`
      with wanted as (select id from identities where id = any(${sql.param(ids)}::uuid[]) order by id for update)
      update identities set requested = false, next_look_at = null from wanted where identities.id = wanted.id`)
  }
  // A statement of its own: one that had to wait for a row sees that row as it is now, and all others as they were
  // when it began. A generation would be served with the employee of the one before.
  const rows = await rowsOf<Record<string, unknown>>(
    db,
    sql`
      select identities.*, e.status, e.role, e.hold, e.locked_since, a.catalog_hash
      from identities
      join employees e using (employee_id)
      left join accounts a using (account_id)
      where identities.id = any(${sql.param(ids)}::uuid[])`,
  )
  return rows.map(loaded)
}

function loaded(row: Record<string, unknown>): LoadedIdentity {
  return {
    id: row.id as string,
    employeeId: row.employee_id as string,
    accountId: row.account_id as string,
    userName: row.user_name as string,
    awsUserId: row.aws_user_id as string | null,
    lastSeenName: row.last_seen_name as string | null,
    state: row.state as IdentityState,
    groups: row.groups as string[],
    possibleGroups: row.possible_groups as string[],
    mfaEnrolled: row.mfa_enrolled as boolean,
    consoleAccess: row.console_access as boolean,
    adopt: row.adopt as boolean,
    generation: Number(row.generation),
    cause: row.cause as string,
    lockedAt: moment(row.locked_at),
    deniedName: row.denied_name as string | null,
    deletedAt: moment(row.deleted_at),
    touchedAt: moment(row.touched_at),
    lacks: row.lacks as Lack | null,
    mfaReset: row.mfa_reset as boolean,
    mfaEnabledAt: moment(row.mfa_enabled_at),
    mfaDeadlineAt: moment(row.mfa_deadline_at),
    mfaSerials: row.mfa_serials as string[],
    accessKeys: row.access_keys as AccessKeyRecord[],
    boundaryArn: row.boundary_arn as string | null,
    missingSince: moment(row.missing_since),
    employee: {
      status: row.status as EmployeeStatus | null,
      role: row.role as string,
      hold: row.hold as Hold | null,
      lockedSince: moment(row.locked_since),
    },
    catalogHash: row.catalog_hash as string | null,
  }
}

function moment(value: unknown): Date | null {
  return value === null ? null : new Date(value as string)
}

async function writeIntents(db: Database, intents: readonly Intent[]) {
  const rows = intents.map((intent) => ({
    id: intent.operationId,
    identity_id: intent.identityId,
    account_id: intent.accountId,
    employee_id: intent.employeeId,
    kind: intent.kind,
    cause: intent.cause,
    generation: intent.generation,
    steps: intent.steps,
    started_at: intent.startedAt,
    possible_groups: intent.possibleGroups,
    certain_groups: intent.certainGroups,
    sets_boundary: intent.steps.some(({ params }) => params.PermissionsBoundary !== undefined),
  }))
  await db.execute(sql`
    with r as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(
        id uuid, identity_id uuid, account_id text, employee_id text, kind text, cause text, generation int,
        steps jsonb, started_at timestamptz, possible_groups text[], certain_groups text[], sets_boundary boolean)
    ), locked as (
      select id from identities where id in (select identity_id from r) order by id for update
    ), touched as (
      update identities set
        touched_at = r.started_at, possible_groups = r.possible_groups, groups = r.certain_groups,
        -- Until the outcome is known, nobody knows which boundary there is.
        boundary_arn = case when r.sets_boundary then '' else identities.boundary_arn end
      from r join locked on locked.id = r.identity_id where identities.id = r.identity_id
    ), interrupted as (
      update operations set status = 'interrupted', finished_at = r.started_at
      from r where operations.identity_id = r.identity_id and operations.status = 'running' and operations.id <> r.id
    )
    insert into operations (id, identity_id, account_id, employee_id, kind, cause, generation, status, steps, started_at)
    select id, identity_id, account_id, employee_id, kind, cause, generation, 'running', steps, started_at from r
    on conflict (id) do update set kind = excluded.kind, steps = excluded.steps`)
  return intents.map(() => ({ status: 'fulfilled', value: undefined }) as const)
}

/** A transaction of its own only where there may be something to tell: joiners cost no more for it. */
async function settle(db: Database, outcomes: readonly Outcome[], announce: Announce | undefined) {
  if (!announce || !outcomes.some(mayBeNews)) await writeOutcomes(db, outcomes)
  else {
    await db.transaction(async (tx) => {
      const changes = new Map(
        (await writeOutcomes(tx, outcomes)).map((change) => [change.identityId, change]),
      )
      const notices = outcomes.flatMap((outcome) => {
        const change = changes.get(outcome.identityId)
        return [...noticesOfStates(change ? [change] : [], outcome.at), ...noticesOfRun(outcome)]
      })
      await announce(tx, notices)
    })
  }
  return outcomes.map(() => ({ status: 'fulfilled', value: undefined }) as const)
}

/** What `changesOf` reads; `before` is the identity as it was. */
const changed = sql`
  identities.id, identities.employee_id, identities.account_id, identities.user_name, identities.state, identities.reason,
  before.state as was`

/** Those whose state is another one now. */
async function changesOf(db: Database | Transaction, statement: SQL): Promise<StateChange[]> {
  const rows = await rowsOf<Record<string, unknown>>(db, statement)
  return rows
    .filter(({ state, was }) => state !== was)
    .map((row) => ({
      identityId: row.id as string,
      employeeId: row.employee_id as string,
      accountId: row.account_id as string,
      userName: row.user_name as string,
      state: row.state as IdentityState,
      reason: row.reason as string | null,
    }))
}

/** @returns whose state has changed by it */
async function writeOutcomes(
  db: Database | Transaction,
  outcomes: readonly Outcome[],
): Promise<StateChange[]> {
  const rows = outcomes.map((outcome) => ({
    id: outcome.identityId,
    state: outcome.state,
    reason: outcome.reason,
    aws_user_id: outcome.awsUserId,
    last_seen_name: outcome.lastSeenName,
    groups: outcome.groups,
    possible_groups: outcome.possibleGroups,
    mfa_enrolled: outcome.mfaEnrolled,
    console_access: outcome.consoleAccess,
    adopt: outcome.adopt,
    locked_at: outcome.lockedAt,
    denied_name: outcome.deniedName,
    knows_of_deny: outcome.knowsOfDeny,
    deleted_at: outcome.deletedAt,
    touched_at: outcome.touchedAt,
    next_look_at: outcome.nextLookAt,
    lacks: outcome.lacks,
    enrollment_wanted: outcome.enrollmentWanted,
    key_link_wanted: outcome.keyLinkWanted,
    mfa_reset_done: outcome.mfaResetDone,
    mfa_serials: outcome.mfaSerials,
    access_keys: outcome.accessKeys,
    boundary_arn: outcome.boundaryArn,
    missing_since: outcome.missingSince,
    generation: outcome.generation,
    reconciled_generation: outcome.reconciledGeneration,
    last_reconciled_at: outcome.at,
  }))
  const finished = outcomes.flatMap(({ operation, identityId }) =>
    operation
      ? {
          id: operation.id,
          identity_id: identityId,
          account_id: operation.accountId,
          employee_id: operation.employeeId,
          kind: operation.kind,
          cause: operation.cause,
          generation: operation.generation,
          status: operation.status,
          steps: operation.steps,
          error: operation.error,
          started_at: operation.startedAt,
          finished_at: operation.finishedAt,
        }
      : [],
  )
  const speaksLast = sql`identities.generation = r.generation and (identities.denied_name is null or r.knows_of_deny)`
  return await changesOf(
    db,
    sql`
    with r as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(
        id uuid, state text, reason text, aws_user_id text, last_seen_name text, groups text[], possible_groups text[],
        mfa_enrolled boolean, console_access boolean, adopt boolean, locked_at timestamptz, denied_name text, knows_of_deny boolean, deleted_at timestamptz,
        touched_at timestamptz, next_look_at timestamptz, lacks text, enrollment_wanted boolean, key_link_wanted boolean,
        mfa_reset_done boolean, mfa_serials text[], access_keys jsonb, boundary_arn text, missing_since timestamptz,
        reconciled_generation int, generation int, last_reconciled_at timestamptz)
    ), locked as (
      -- In the order in which everybody locks them.
      select id, state from identities where id in (select id from r) order by id for update
    ), settled as (
      update identities set
        -- An administrator's word to adopt a user is not taken back by a run that began before it.
        adopt = case when identities.generation = r.generation then r.adopt else identities.adopt end,
        aws_user_id = case when identities.adopt and identities.generation <> r.generation
          then identities.aws_user_id else r.aws_user_id end,
        last_seen_name = r.last_seen_name,
        groups = r.groups, possible_groups = r.possible_groups, mfa_enrolled = r.mfa_enrolled,
        console_access = r.console_access, deleted_at = r.deleted_at, touched_at = r.touched_at,
        -- What a newer change has already said of the state (a lock's first call) is not taken back by an older run.
        state = case when ${speaksLast} then r.state else identities.state end,
        reason = case when ${speaksLast} then r.reason else identities.reason end,
        locked_at = case when ${speaksLast} then r.locked_at else identities.locked_at end,
        denied_name = case when ${speaksLast} then r.denied_name else identities.denied_name end,
        next_look_at = least(identities.next_look_at, r.next_look_at),
        -- Of what is lacking, whoever spoke later knows more: an enrollment may have ended meanwhile.
        lacks = case when identities.generation = r.generation then r.lacks else identities.lacks end,
        mfa_serials = r.mfa_serials, access_keys = r.access_keys,
        boundary_arn = r.boundary_arn, missing_since = r.missing_since,
        enrollment_wanted = identities.enrollment_wanted
          or (r.enrollment_wanted and identities.generation = r.generation),
        key_link_wanted = identities.key_link_wanted or r.key_link_wanted,
        -- Devices that were lost again meanwhile are another run's.
        mfa_reset = identities.mfa_reset and not (r.mfa_reset_done and identities.generation = r.generation),
        -- The deadline was for somebody who had no device yet.
        mfa_deadline_at = case when cardinality(r.mfa_serials) > 0 then null else identities.mfa_deadline_at end,
        mfa_enabled_at = case when r.mfa_reset_done then null else identities.mfa_enabled_at end,
        reconciled_generation = coalesce(r.reconciled_generation, identities.reconciled_generation),
        last_reconciled_at = r.last_reconciled_at
      from r join locked as before using (id) where identities.id = r.id
      returning ${changed}
    ), finished as (
      insert into operations
        (id, identity_id, account_id, employee_id, kind, cause, generation, status, steps, error, started_at, finished_at)
      select * from jsonb_to_recordset(${JSON.stringify(finished)}::jsonb) as o(
        id uuid, identity_id uuid, account_id text, employee_id text, kind text, cause text, generation int,
        status text, steps jsonb, error text, started_at timestamptz, finished_at timestamptz)
      on conflict (id) do update set
        kind = excluded.kind, status = excluded.status, steps = excluded.steps, error = excluded.error,
        finished_at = excluded.finished_at
    ), audited as (
      insert into audit_events (id, at, actor, action, employee_id, identity_id, operation_id, record)
      select * from jsonb_to_recordset(${JSON.stringify(auditRows(outcomes.flatMap(({ audit }) => audit)))}::jsonb) as a(
        id uuid, at timestamptz, actor text, action text, employee_id text, identity_id uuid, operation_id uuid, record text)
    )
    select * from settled`,
  )
}

function writeDenied(
  db: Database | Transaction,
  { id, generation }: Pick<LoadedIdentity, 'id' | 'generation'>,
  { userName, at, setBoundary }: Parameters<Ledger['noteDenied']>[1],
): Promise<StateChange[]> {
  const moment = sql`${at.toISOString()}::timestamptz`
  return changesOf(
    db,
    sql`
      with before as (select id, state from identities where id = ${id} for update)
      update identities set
        locked_at = coalesce(locked_at, ${moment}), denied_name = ${userName}, state = 'locked',
        boundary_arn = case when ${setBoundary} then '' else boundary_arn end,
        next_look_at = case when generation = ${generation} then next_look_at else ${moment} end
      from before where identities.id = before.id
      returning ${changed}`,
  )
}

interface Creation {
  readonly id: string
  readonly awsUserId: string
}

async function writeCreations(db: Database, creations: readonly Creation[]) {
  const rows = await rowsOf<{ id: string; generation: number }>(
    db,
    sql`
      with r as (
        select * from unnest(
          ${sql.param(creations.map(({ id }) => id))}::uuid[], ${sql.param(creations.map(({ awsUserId }) => awsUserId))}::text[]
        ) as r(id, aws_user_id)
      ), locked as (
        select id from identities where id in (select id from r) order by id for update
      )
      update identities set aws_user_id = r.aws_user_id
      from r join locked using (id) where identities.id = r.id
      returning identities.id, identities.generation`,
  )
  return generationsOf(
    rows,
    creations.map(({ id }) => id),
  )
}

async function readGenerations(db: Database, ids: readonly string[]) {
  const rows = await rowsOf<{ id: string; generation: number }>(
    db,
    sql`select id, generation from identities where id = any(${sql.param(ids)}::uuid[])`,
  )
  return generationsOf(rows, ids)
}

/** In the order of the ids; -1 for an identity that is gone. */
function generationsOf(rows: readonly { id: string; generation: number }[], ids: readonly string[]) {
  const generationOf = new Map(rows.map(({ id, generation }) => [id, Number(generation)]))
  return ids.map((id) => ({ status: 'fulfilled', value: generationOf.get(id) ?? -1 }) as const)
}
