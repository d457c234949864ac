ALTER TABLE "accounts" DROP COLUMN "credentials_scanned_at";--> statement-breakpoint
ALTER TABLE "accounts" DROP COLUMN "credentials_leased_until";