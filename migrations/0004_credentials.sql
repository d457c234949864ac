CREATE TABLE "enrollments" (
	"id" uuid PRIMARY KEY NOT NULL,
	"identity_id" uuid NOT NULL,
	"employee_id" text NOT NULL,
	"purpose" text NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"reason" text,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"email" text NOT NULL,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"wrong_codes" integer DEFAULT 0 NOT NULL,
	"device_serials" text[] DEFAULT '{}' NOT NULL,
	"leased_until" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "notifications" (
	"id" uuid PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"channel" text NOT NULL,
	"receiver" text NOT NULL,
	"employee_id" text,
	"data" jsonb NOT NULL,
	"enrollment_id" uuid,
	"status" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text,
	"sent_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "lacks" text;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "enrollment_wanted" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "mfa_reset" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "mfa_enabled_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "mfa_deadline_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "mfa_serials" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "access_keys" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "enrollments_open" ON "enrollments" USING btree ("identity_id","purpose") WHERE status = 'open';--> statement-breakpoint
CREATE INDEX "enrollments_employee" ON "enrollments" USING btree ("employee_id","created_at");--> statement-breakpoint
CREATE INDEX "enrollments_expiring" ON "enrollments" USING btree ("expires_at") WHERE status = 'open';--> statement-breakpoint
CREATE INDEX "enrollments_devices" ON "enrollments" USING btree ("ended_at") WHERE status <> 'open' and device_serials <> '{}';--> statement-breakpoint
CREATE INDEX "notifications_unsent" ON "notifications" USING btree ("status","id") WHERE status <> 'sent';--> statement-breakpoint
CREATE INDEX "notifications_at" ON "notifications" USING btree ("at");--> statement-breakpoint
CREATE INDEX "identities_enrollment" ON "identities" USING btree ("id") WHERE enrollment_wanted;