CREATE TABLE "accounts" (
	"account_id" text PRIMARY KEY NOT NULL,
	"partition" text NOT NULL,
	"catalog_hash" text,
	"catalog_applied_at" timestamp (3) with time zone,
	"catalog_problem" text,
	"catalog_leased_until" timestamp (3) with time zone,
	"rate" double precision NOT NULL,
	"next_slot_at" timestamp (6) with time zone NOT NULL,
	"throttled_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"employee_id" text,
	"identity_id" uuid,
	"operation_id" uuid,
	"record" text NOT NULL,
	"seq" bigint,
	"hash" text,
	"key_id" text
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"sender_id" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"kind" text,
	"urgency" smallint NOT NULL,
	"content_type" text,
	"body" "bytea",
	"body_sha256" text NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"employee_ids" text[] DEFAULT '{}' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"processed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "employees" (
	"employee_id" text PRIMARY KEY NOT NULL,
	"given_name" text DEFAULT '' NOT NULL,
	"family_name" text DEFAULT '' NOT NULL,
	"email" text DEFAULT '' NOT NULL,
	"role" text DEFAULT '' NOT NULL,
	"status" text,
	"start_at" timestamp (3) with time zone,
	"end_at" timestamp (3) with time zone,
	"locked_since" timestamp (3) with time zone,
	"details" jsonb DEFAULT '{"overrides":[],"pending":[]}'::jsonb NOT NULL,
	"hold" jsonb,
	"next_change_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "identities" (
	"id" uuid PRIMARY KEY NOT NULL,
	"employee_id" text NOT NULL,
	"account_id" text NOT NULL,
	"user_name" text NOT NULL,
	"aws_user_id" text,
	"last_seen_name" text,
	"state" text DEFAULT 'pending' NOT NULL,
	"reason" text,
	"groups" text[] DEFAULT '{}' NOT NULL,
	"possible_groups" text[] DEFAULT '{}' NOT NULL,
	"mfa_enrolled" boolean DEFAULT false NOT NULL,
	"console_access" boolean DEFAULT false NOT NULL,
	"adopt" boolean DEFAULT false NOT NULL,
	"generation" integer DEFAULT 0 NOT NULL,
	"reconciled_generation" integer DEFAULT 0 NOT NULL,
	"requested" boolean DEFAULT false NOT NULL,
	"cause" text DEFAULT '' NOT NULL,
	"locked_at" timestamp (3) with time zone,
	"denied_name" text,
	"deleted_at" timestamp (3) with time zone,
	"next_look_at" timestamp (3) with time zone,
	"touched_at" timestamp (3) with time zone,
	"last_reconciled_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "lifecycle_events" (
	"employee_id" text NOT NULL,
	"source" text NOT NULL,
	"sender_id" text NOT NULL,
	"place" smallint NOT NULL,
	"kind" text NOT NULL,
	"timestamp" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"data" jsonb NOT NULL,
	"override" boolean DEFAULT false NOT NULL,
	"delivery_id" uuid,
	CONSTRAINT "lifecycle_events_employee_id_source_sender_id_place_pk" PRIMARY KEY("employee_id","source","sender_id","place")
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"identity_id" uuid,
	"employee_id" text,
	"kind" text NOT NULL,
	"cause" text NOT NULL,
	"status" text NOT NULL,
	"generation" integer,
	"steps" jsonb NOT NULL,
	"error" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "audit_events_seq" ON "audit_events" USING btree ("seq");--> statement-breakpoint
CREATE INDEX "audit_events_unsealed" ON "audit_events" USING btree ("at","id") WHERE seq is null;--> statement-breakpoint
CREATE INDEX "audit_events_employee" ON "audit_events" USING btree ("employee_id","id");--> statement-breakpoint
CREATE INDEX "audit_events_action" ON "audit_events" USING btree ("action","id");--> statement-breakpoint
CREATE UNIQUE INDEX "deliveries_sender" ON "deliveries" USING btree ("source","sender_id");--> statement-breakpoint
CREATE INDEX "deliveries_waiting" ON "deliveries" USING btree ("urgency","id") WHERE status = 'accepted';--> statement-breakpoint
CREATE INDEX "deliveries_status" ON "deliveries" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "deliveries_bodies" ON "deliveries" USING btree ("received_at") WHERE body is not null;--> statement-breakpoint
CREATE INDEX "employees_due" ON "employees" USING btree ("next_change_at") WHERE next_change_at is not null;--> statement-breakpoint
CREATE INDEX "employees_status" ON "employees" USING btree ("status","employee_id");--> statement-breakpoint
CREATE INDEX "employees_role" ON "employees" USING btree ("role","employee_id");--> statement-breakpoint
CREATE UNIQUE INDEX "identities_employee" ON "identities" USING btree ("employee_id","account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "identities_user_name" ON "identities" USING btree ("account_id",lower(user_name));--> statement-breakpoint
CREATE INDEX "identities_due" ON "identities" USING btree ("next_look_at") WHERE next_look_at is not null;--> statement-breakpoint
CREATE INDEX "identities_denied" ON "identities" USING btree ("account_id",lower(coalesce(last_seen_name, user_name))) WHERE locked_at is not null;--> statement-breakpoint
CREATE INDEX "identities_aws_user" ON "identities" USING btree ("account_id","aws_user_id");--> statement-breakpoint
CREATE INDEX "lifecycle_events_delivery" ON "lifecycle_events" USING btree ("delivery_id");--> statement-breakpoint
CREATE INDEX "operations_employee" ON "operations" USING btree ("employee_id","id");--> statement-breakpoint
CREATE INDEX "operations_status" ON "operations" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "operations_catalog" ON "operations" USING btree ("account_id","id") WHERE kind = 'catalog';--> statement-breakpoint
CREATE INDEX "operations_running" ON "operations" USING btree ("identity_id") WHERE status = 'running';