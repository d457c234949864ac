/** Users and groups that somebody made beside Muster: reported, never touched. Pure. */

import { accountDrift, type NewDrift } from '../drift/drift.ts'
import type { AccountSnapshot } from './snapshot.ts'

/** The kinds of drift that `unmanagedIn` finds: a whole look at the account ends those that it does not find. */
export const unmanagedKinds = ['user-unmanaged', 'group-unmanaged'] as const

/**
 * Those that were made after `since`, the first sweep's time: what a grown account had before is no drift. Without
 * an answer from IAM there is nothing to say, and nothing that stands may be ended.
 */
export function unmanagedIn(snapshot: AccountSnapshot, since: Date): NewDrift[] {
  const { accountId, authorization, muster, takenAt } = snapshot
  if (!authorization.known) return []
  const ownIds = new Set(muster.identities.map(({ userId }) => userId))
  // A user that was made moments ago may be Muster's own, whose id is not on record yet.
  const ownNames = new Set(muster.identities.map(({ userName }) => userName.toLowerCase()))
  const found = { accountId, detectedAt: takenAt, since, foundBy: 'sweep' } as const
  const users = authorization.value.users
    .filter(({ createdAt, userId, userName, path }) => {
      const isOwnInTheMaking = path === muster.path && ownNames.has(userName.toLowerCase())
      return createdAt > since && !ownIds.has(userId) && !isOwnInTheMaking
    })
    .map(({ userName, arn }) =>
      accountDrift(
        { kind: 'user-unmanaged', resource: arn, detail: { userName, userNames: [userName] } },
        found,
      ),
    )
  // One of an earlier catalog that still has members is Muster's, and goes when it has none.
  const made = new Set(muster.madeArns)
  const groups = authorization.value.groups
    .filter(
      ({ createdAt, groupName, arn }) =>
        createdAt > since && !Object.hasOwn(muster.groups, groupName) && !made.has(arn),
    )
    .map(({ groupName, arn }) =>
      accountDrift({ kind: 'group-unmanaged', resource: arn, detail: { groupName } }, found),
    )
  return [...users, ...groups]
}
