CREATE INDEX "trail_sightings_time" ON "trail_sightings" USING btree ("account_id","event_at");--> statement-breakpoint
ALTER TABLE "trail_logs" DROP COLUMN "last_digest_key";