/**
 * The database, as drizzle sees it: one schema for PostgreSQL and for the embedded PGlite.
 *
 * `migrations/` is written from it by `npm run migrations`. No column here may ever hold a credential.
 */
export * from './account-tables.ts'
export * from './audit-tables.ts'
export * from './compliance-tables.ts'
export * from './employee-tables.ts'
export * from './enrollment-tables.ts'
export * from './identity-tables.ts'
export * from './trail-tables.ts'
