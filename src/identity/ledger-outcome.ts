/** What is written after a run, in one statement for many, and announced with it. */
import { sql } from 'drizzle-orm'
import { auditRows } from '../audit/record.ts'
import { endStanding, type NotedDrift, noteDrifts } from '../drift/record.ts'
import type { Announce, Notice } from '../notify/announce.ts'
import { type Database, rowsOf, type Transaction } from '../store/open.ts'
import type { Outcome } from './ledger-model.ts'
import { changed, changesIn } from './ledger-write.ts'
import { mayBeNews, noticesOfRun, noticesOfStates, type StateChange } from './news.ts'

/** A transaction of its own only where there may be something to tell: joiners cost no more for it. */
export async function settleOutcomes(
  db: Database,
  outcomes: readonly Outcome[],
  announce: Announce | undefined,
) {
  const writesMore = outcomes.some(({ drifts }) => drifts !== null) || (announce && outcomes.some(mayBeNews))
  if (!writesMore) await writeOutcomes(db, outcomes)
  else {
    await db.transaction(async (tx) => {
      const written = await writeOutcomes(tx, outcomes)
      const changes = new Map(written.changes.map((change) => [change.identityId, change]))
      const notices: Notice[] = []
      for (const outcome of outcomes) {
        const change = changes.get(outcome.identityId)
        notices.push(...noticesOfStates(change ? [change] : [], outcome.at))
        notices.push(...noticesOfRun(outcome, await settleDrifts(tx, outcome, written.overtaken)))
      }
      await announce?.(tx, notices)
    })
  }
  return outcomes.map(() => ({ status: 'fulfilled', value: undefined }) as const)
}

/** @returns those that nobody was told of yet */
async function settleDrifts(
  tx: Transaction,
  outcome: Outcome,
  overtaken: ReadonlySet<string>,
): Promise<NotedDrift[]> {
  const { drifts, identityId, at, operation } = outcome
  if (!drifts) return []
  // Only what it did is news: what there is now, the other run has seen.
  if (overtaken.has(identityId))
    return await noteDrifts(
      tx,
      drifts.found.filter(({ status }) => status === 'repaired'),
    )
  // First: one that an earlier run could not set right is the same drift, and not another that takes its place.
  const news = await noteDrifts(tx, drifts.found)
  if (drifts.remaining) {
    await endStanding(tx, { identityId }, drifts.remaining, { at, operationId: operation?.id ?? null })
  }
  return news
}

interface Written {
  /** Whose state has changed by it. */
  readonly changes: readonly StateChange[]
  /**
   * Identities of which another run has ended since this one began, as when its process was frozen meanwhile and its
   * job given to another. What this one saw is of the past: its operation is recorded, and the identity looked at.
   */
  readonly overtaken: ReadonlySet<string>
}

async function writeOutcomes(db: Database | Transaction, outcomes: readonly Outcome[]): Promise<Written> {
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
    waits_for_trail: outcome.waitsForTrail,
    settled_as: outcome.settled?.as ?? null,
    settled_at: outcome.settled?.at ?? null,
    generation: outcome.generation,
    reconciled_generation: outcome.reconciledGeneration,
    last_reconciled_at: outcome.at,
    last_ended_at: outcome.lastEndedAt,
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
          reason: operation.reason,
          error: operation.error,
          started_at: operation.startedAt,
          finished_at: operation.finishedAt,
        }
      : [],
  )
  const speaksLast = sql`identities.generation = r.generation and (identities.denied_name is null or r.knows_of_deny)`
  // Its own end may be on record already, where the answer to this statement was lost.
  const isOvertaken = sql`(before.last_reconciled_at is distinct from r.last_ended_at
    and before.last_reconciled_at is distinct from r.last_reconciled_at)`
  const rowsWritten = await rowsOf<Record<string, unknown>>(
    db,
    sql`
    with r as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(
        id uuid, state text, reason text, aws_user_id text, last_seen_name text, groups text[], possible_groups text[],
        mfa_enrolled boolean, console_access boolean, adopt boolean, locked_at timestamptz, denied_name text, knows_of_deny boolean, deleted_at timestamptz,
        touched_at timestamptz, next_look_at timestamptz, lacks text, enrollment_wanted boolean, key_link_wanted boolean,
        mfa_reset_done boolean, mfa_serials text[], access_keys jsonb, boundary_arn text, missing_since timestamptz,
        waits_for_trail boolean,
        settled_as text, settled_at timestamptz,
        reconciled_generation int, generation int, last_reconciled_at timestamptz, last_ended_at timestamptz)
    ), locked as (
      -- In the order in which everybody locks them.
      select id, state, last_reconciled_at from identities where id in (select id from r) order by id for update
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
        waits_for_trail = r.waits_for_trail,
        settled_as = r.settled_as, settled_at = r.settled_at,
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
      from r join locked as before using (id) where identities.id = r.id and not ${isOvertaken}
      returning ${changed}, false as overtaken
    ), looked_at as (
      update identities set next_look_at = least(identities.next_look_at, r.last_reconciled_at)
      from r join locked as before using (id) where identities.id = r.id and ${isOvertaken}
      returning ${changed}, true as overtaken
    ), finished as (
      insert into operations
        (id, identity_id, account_id, employee_id, kind, cause, generation, status, steps, reason, error, started_at, finished_at)
      select * from jsonb_to_recordset(${JSON.stringify(finished)}::jsonb) as o(
        id uuid, identity_id uuid, account_id text, employee_id text, kind text, cause text, generation int,
        status text, steps jsonb, reason text, error text, started_at timestamptz, finished_at timestamptz)
      on conflict (id) do update set
        kind = excluded.kind, status = excluded.status, steps = excluded.steps,
        reason = excluded.reason, error = excluded.error,
        finished_at = excluded.finished_at
    ), audited as (
      insert into audit_events (id, at, actor, action, employee_id, identity_id, operation_id, record)
      select * from jsonb_to_recordset(${JSON.stringify(auditRows(outcomes.flatMap(({ audit }) => audit)))}::jsonb) as a(
        id uuid, at timestamptz, actor text, action text, employee_id text, identity_id uuid, operation_id uuid, record text)
    )
    select * from settled union all select * from looked_at`,
  )
  return {
    changes: changesIn(rowsWritten),
    overtaken: new Set(rowsWritten.filter(({ overtaken }) => overtaken).map(({ id }) => id as string)),
  }
}
