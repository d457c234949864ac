DROP INDEX "compliance_scans_open";--> statement-breakpoint
CREATE UNIQUE INDEX "compliance_scans_open" ON "compliance_scans" USING btree ("account_id") WHERE status in ('queued', 'running');--> statement-breakpoint
ALTER TABLE "accounts" DROP COLUMN "credentials_scanned_at";--> statement-breakpoint
ALTER TABLE "accounts" DROP COLUMN "credentials_leased_until";