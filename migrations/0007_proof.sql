CREATE TABLE "leases" (
	"account_id" text NOT NULL,
	"name" text NOT NULL,
	"leased_until" timestamp (3) with time zone,
	"done_at" timestamp (3) with time zone,
	CONSTRAINT "leases_account_id_name_pk" PRIMARY KEY("account_id","name")
);
--> statement-breakpoint
CREATE TABLE "compliance_exceptions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"control" text NOT NULL,
	"resource" text NOT NULL,
	"reason" text NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"allowed_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"revoked_by" text
);
--> statement-breakpoint
CREATE TABLE "compliance_findings" (
	"account_id" text NOT NULL,
	"control" text NOT NULL,
	"resource" text NOT NULL,
	"practice" text NOT NULL,
	"severity" text NOT NULL,
	"message" text NOT NULL,
	"evidence" jsonb NOT NULL,
	"first_seen_at" timestamp (3) with time zone NOT NULL,
	"last_seen_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "compliance_findings_account_id_control_resource_pk" PRIMARY KEY("account_id","control","resource")
);
--> statement-breakpoint
CREATE TABLE "compliance_history" (
	"account_id" text NOT NULL,
	"practice" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"passed" integer NOT NULL,
	"failed" integer NOT NULL,
	"unknown" integer NOT NULL,
	"findings" integer NOT NULL,
	"excepted" integer NOT NULL,
	CONSTRAINT "compliance_history_account_id_practice_at_pk" PRIMARY KEY("account_id","practice","at")
);
--> statement-breakpoint
CREATE TABLE "compliance_reports" (
	"account_id" text PRIMARY KEY NOT NULL,
	"scan_id" uuid NOT NULL,
	"taken_at" timestamp (3) with time zone NOT NULL,
	"evaluated_at" timestamp (3) with time zone NOT NULL,
	"report" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "compliance_scans" (
	"id" uuid PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"requested_by" text NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"progress" jsonb,
	"calls" integer DEFAULT 0 NOT NULL,
	"error" text,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "group_usage" (
	"account_id" text NOT NULL,
	"group_name" text NOT NULL,
	"checked_at" timestamp (3) with time zone,
	"tried_at" timestamp (3) with time zone NOT NULL,
	"services" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"problem" text,
	CONSTRAINT "group_usage_account_id_group_name_pk" PRIMARY KEY("account_id","group_name")
);
--> statement-breakpoint
CREATE TABLE "aws_events" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"event" jsonb NOT NULL,
	"status" text DEFAULT 'waiting' NOT NULL,
	"outcome" text,
	"processed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "canaries" (
	"request_id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"event_name" text NOT NULL,
	"called_at" timestamp (3) with time zone NOT NULL,
	"found_at" timestamp (3) with time zone,
	"bucket" text,
	"key" text
);
--> statement-breakpoint
CREATE TABLE "drifts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"identity_id" uuid,
	"employee_id" text,
	"kind" text NOT NULL,
	"resource" text NOT NULL,
	"subject" text DEFAULT '' NOT NULL,
	"message" text NOT NULL,
	"detail" jsonb NOT NULL,
	"detected_at" timestamp (3) with time zone NOT NULL,
	"since" timestamp (3) with time zone,
	"found_by" text NOT NULL,
	"status" text NOT NULL,
	"operation_id" uuid,
	"repaired_at" timestamp (3) with time zone,
	"attribution" text DEFAULT 'pending' NOT NULL,
	"culprit" jsonb,
	"attribution_tries" integer DEFAULT 0 NOT NULL,
	"attribution_due_at" timestamp (3) with time zone,
	"attribution_reason" text,
	"standing" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "trail_logs" (
	"account_id" text NOT NULL,
	"trail_arn" text NOT NULL,
	"last_key" text,
	"last_digest_key" text,
	"facts" jsonb,
	"progress" jsonb,
	"bucket" jsonb,
	"bucket_looked_at" timestamp (3) with time zone,
	"looked_at" timestamp (3) with time zone,
	CONSTRAINT "trail_logs_account_id_trail_arn_pk" PRIMARY KEY("account_id","trail_arn")
);
--> statement-breakpoint
CREATE TABLE "trail_sightings" (
	"account_id" text NOT NULL,
	"request_id" text NOT NULL,
	"event_id" text NOT NULL,
	"event_name" text NOT NULL,
	"event_at" timestamp (3) with time zone NOT NULL,
	"bucket" text NOT NULL,
	"key" text NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "trail_sightings_account_id_request_id_pk" PRIMARY KEY("account_id","request_id")
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "catalog_desired_hash" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "trail_look" jsonb;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "waits_for_trail" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "settled_as" text;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "settled_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE UNIQUE INDEX "compliance_exceptions_standing" ON "compliance_exceptions" USING btree ("control","resource") WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX "compliance_scans_account" ON "compliance_scans" USING btree ("account_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "compliance_scans_open" ON "compliance_scans" USING btree ("account_id") WHERE status in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "aws_events_waiting" ON "aws_events" USING btree ("received_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "aws_events_received" ON "aws_events" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "canaries_account" ON "canaries" USING btree ("account_id","called_at");--> statement-breakpoint
CREATE INDEX "drifts_account" ON "drifts" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "drifts_employee" ON "drifts" USING btree ("employee_id","id");--> statement-breakpoint
CREATE INDEX "drifts_unattributed" ON "drifts" USING btree ("attribution_due_at") WHERE attribution = 'pending';--> statement-breakpoint
CREATE UNIQUE INDEX "drifts_standing" ON "drifts" USING btree ("account_id","kind","resource","subject") WHERE standing;--> statement-breakpoint
CREATE INDEX "drifts_of_identity" ON "drifts" USING btree ("identity_id") WHERE standing;--> statement-breakpoint
CREATE INDEX "identities_waiting_for_trail" ON "identities" USING btree ("account_id") WHERE waits_for_trail;