/** An administrator's word on a user name that belongs to somebody else: take the user over, or choose another name. */
import { eq, sql } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import type { Transaction } from '../store/open.ts'
import { identities } from '../store/schema.ts'

export type ConflictResolution =
  | {
      readonly accountId?: string
      readonly resolution: 'adopt'
      /** Until then the user keeps what it has without MFA. */
      readonly mfaDeadline?: Date
    }
  | { readonly accountId?: string; readonly resolution: 'rename'; readonly userName: string }

const longestGraceMs = 90 * 86_400_000

/** @throws Problem 409 for a name that is taken, 422 for a deadline that does not lie ahead */
export async function resolve(
  tx: Transaction,
  identity: typeof identities.$inferSelect,
  input: ConflictResolution,
  now: Date,
) {
  if (input.resolution === 'adopt') {
    const { mfaDeadline = null } = input
    if (mfaDeadline && (mfaDeadline <= now || mfaDeadline.getTime() > now.getTime() + longestGraceMs)) {
      throw new Problem(422, 'bad-deadline', 'mfaDeadline must lie ahead, by 90 days at most')
    }
    await tx
      .update(identities)
      // What was tried in vain under that name gave this user nothing.
      .set({ adopt: true, awsUserId: null, touchedAt: null, mfaDeadlineAt: mfaDeadline })
      .where(eq(identities.id, identity.id))
    return
  }
  const [taken] = await tx
    .select({ employeeId: identities.employeeId })
    .from(identities)
    .where(sql`account_id = ${identity.accountId} and lower(user_name) = lower(${input.userName})`)
  if (taken) {
    throw new Problem(
      409,
      'user-name-taken',
      `the user name "${input.userName}" is employee "${taken.employeeId}"'s`,
    )
  }
  // The name of a user that was never made may change; one that exists keeps its name.
  await tx
    .update(identities)
    .set({ userName: input.userName, adopt: false, awsUserId: null, lastSeenName: null })
    .where(eq(identities.id, identity.id))
}
