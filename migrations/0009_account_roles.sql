CREATE TABLE "account_roles" (
	"account_id" text PRIMARY KEY NOT NULL,
	"read_at" timestamp (3) with time zone,
	"tried_at" timestamp (3) with time zone NOT NULL,
	"found" jsonb,
	"problem" text
);
