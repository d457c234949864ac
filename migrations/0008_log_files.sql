ALTER TABLE "trail_logs" ADD COLUMN "progress" jsonb;--> statement-breakpoint
ALTER TABLE "trail_logs" ADD COLUMN "bucket" jsonb;--> statement-breakpoint
ALTER TABLE "trail_logs" ADD COLUMN "bucket_looked_at" timestamp (3) with time zone;