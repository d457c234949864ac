DROP INDEX "identities_enrollment";--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "credentials_scanned_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "credentials_leased_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "key_link_wanted" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "boundary_arn" text;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "missing_since" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "identities_enrollment" ON "identities" USING btree ("id") WHERE enrollment_wanted or key_link_wanted;