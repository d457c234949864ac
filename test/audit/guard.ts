/** The triggers that keep the audit record append-only, for suites whose database has not got them yet. */
import { sql } from 'drizzle-orm'
import { type Database, rowsOf } from '../../src/store/open.ts'

const statements = [
  `create function audit_events_guard() returns trigger language plpgsql as $$
  begin
    raise exception 'audit_events is append-only: % refused', tg_op
      using hint = 'Records are inserted unsealed, and sealed once by the sealer.';
  end
  $$`,
  `create trigger audit_events_no_delete before delete on audit_events
    for each row execute function audit_events_guard()`,
  `create trigger audit_events_insert_unsealed before insert on audit_events for each row
    when (num_nonnulls(new.seq, new.hash, new.key_id) > 0)
    execute function audit_events_guard()`,
  `create trigger audit_events_seal_once before update on audit_events for each row
    when (old.seq is not null or num_nulls(new.seq, new.hash, new.key_id) > 0
      or (old.id, old.at, old.actor, old.action, old.employee_id, old.identity_id, old.operation_id, old.record)
        is distinct from
         (new.id, new.at, new.actor, new.action, new.employee_id, new.identity_id, new.operation_id, new.record))
    execute function audit_events_guard()`,
]

export async function applyGuard(db: Database): Promise<void> {
  const [row] = await rowsOf<{ guard: string | null }>(
    db,
    sql`select to_regproc('audit_events_guard') as guard`,
  )
  if (!row?.guard) for (const statement of statements) await db.execute(sql.raw(statement))
}
