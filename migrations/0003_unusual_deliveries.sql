DROP INDEX "deliveries_status";--> statement-breakpoint
CREATE INDEX "deliveries_unusual" ON "deliveries" USING btree ("status","id") WHERE status not in ('accepted', 'applied');