ALTER TABLE "accounts" ADD COLUMN "password_policy" jsonb;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "password_policy_approved_by" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "password_policy_leased_until" timestamp (3) with time zone;