DROP INDEX "drifts_standing";--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "catalog_desired_hash" text;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "settled_as" text;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "settled_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "drifts" ADD COLUMN "subject" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "drifts" ADD COLUMN "since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "drifts" ADD COLUMN "attribution_reason" text;--> statement-breakpoint
CREATE INDEX "identities_renamed" ON "identities" USING btree ("account_id",lower(last_seen_name)) WHERE lower(last_seen_name) <> lower(user_name);--> statement-breakpoint
CREATE INDEX "drifts_of_identity" ON "drifts" USING btree ("identity_id") WHERE standing;--> statement-breakpoint
CREATE UNIQUE INDEX "drifts_standing" ON "drifts" USING btree ("account_id","kind","resource","subject") WHERE standing;