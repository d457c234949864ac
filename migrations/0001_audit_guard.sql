-- The audit record is append-only: a record may be sealed once, and nothing else may happen to it.
-- This keeps mistakes and careless scripts out. Who may drop the trigger is found by verification instead.
CREATE FUNCTION audit_events_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_events is append-only: % refused', tg_op
    USING HINT = 'Records are inserted unsealed, and sealed once by the sealer.';
END
$$;--> statement-breakpoint
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON "audit_events"
  FOR EACH ROW EXECUTE FUNCTION audit_events_guard();--> statement-breakpoint
CREATE TRIGGER audit_events_insert_unsealed BEFORE INSERT ON "audit_events" FOR EACH ROW
  WHEN (num_nonnulls(new.seq, new.hash, new.key_id) > 0)
  EXECUTE FUNCTION audit_events_guard();--> statement-breakpoint
CREATE TRIGGER audit_events_seal_once BEFORE UPDATE ON "audit_events" FOR EACH ROW
  WHEN (old.seq IS NOT NULL OR num_nulls(new.seq, new.hash, new.key_id) > 0
    OR (old.id, old.at, old.actor, old.action, old.employee_id, old.identity_id, old.operation_id, old.record)
      IS DISTINCT FROM
       (new.id, new.at, new.actor, new.action, new.employee_id, new.identity_id, new.operation_id, new.record))
  EXECUTE FUNCTION audit_events_guard();
