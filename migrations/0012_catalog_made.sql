CREATE TABLE "catalog_made" (
	"account_id" text NOT NULL,
	"arn" text NOT NULL,
	CONSTRAINT "catalog_made_account_id_arn_pk" PRIMARY KEY("account_id","arn")
);
