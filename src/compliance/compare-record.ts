/** The snapshot against the record: whoever differs is reconciled. */
import { and, eq, inArray, isNotNull } from 'drizzle-orm'
import type { Clock } from '../clock.ts'
import { sweepCause } from '../drift/drift.ts'
import { requestLook } from '../identity/request.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Database, Store } from '../store/open.ts'
import { identities } from '../store/schema.ts'
import { type RecordedIdentity, type Suspect, suspectsOf } from './compare.ts'
import type { AccountSnapshot } from './snapshot.ts'

export interface CompareContext {
  readonly store: Store
  readonly jobs: Jobs
  readonly clock: Clock
}

/** Returns those that are looked at because of it, and why. */
export async function compareWithRecord(
  { store, jobs, clock }: CompareContext,
  snapshot: AccountSnapshot,
): Promise<readonly Suspect[]> {
  const records = await recordedIn(store.db, snapshot.accountId)
  const suspects = suspectsOf(snapshot, records, clock())
  if (suspects.length === 0) return suspects
  await store.db.transaction((tx) =>
    requestLook(
      tx,
      jobs,
      suspects.map(({ id }) => ({ id, cause: sweepCause })),
    ),
  )
  return suspects
}

/** Those who were never begun, or whose name is somebody else's, have nothing to be compared with. */
export async function recordedIn(db: Database, accountId: string): Promise<RecordedIdentity[]> {
  const rows = await db
    .select({
      id: identities.id,
      employeeId: identities.employeeId,
      userName: identities.userName,
      lastSeenName: identities.lastSeenName,
      userId: identities.awsUserId,
      state: identities.state,
      groups: identities.groups,
      possibleGroups: identities.possibleGroups,
      boundaryArn: identities.boundaryArn,
      mfaEnrolled: identities.mfaEnrolled,
      mfaSerials: identities.mfaSerials,
      mfaEnabledAt: identities.mfaEnabledAt,
      consoleAccess: identities.consoleAccess,
      accessKeys: identities.accessKeys,
      touchedAt: identities.touchedAt,
      lastReconciledAt: identities.lastReconciledAt,
    })
    .from(identities)
    .where(
      and(
        eq(identities.accountId, accountId),
        inArray(identities.state, ['active', 'awaiting_mfa', 'locked', 'blocked']),
        isNotNull(identities.awsUserId),
      ),
    )
  return rows.map((row) => ({ ...row, userId: row.userId ?? '' }))
}
