/** Which users of an account are Muster's: told by `UserId`, since names can be given anew. */
import type { Authorization, AuthorizedUser, ManagedIdentity, MusterFacts } from './snapshot.ts'

export interface ManagedUser {
  readonly user: AuthorizedUser
  readonly identity: ManagedIdentity
}

/** Managed users with their identities, and users that are nobody's. */
export function whoseUsers(
  { users }: Authorization,
  { identities }: MusterFacts,
): { readonly managed: readonly ManagedUser[]; readonly unmanaged: readonly AuthorizedUser[] } {
  const byId = new Map(identities.map((identity) => [identity.userId, identity]))
  // A user made a moment ago whose id is not on record yet.
  const byName = new Map(
    identities.filter(({ userId }) => userId === null).map((identity) => [identity.userName, identity]),
  )
  const managed: ManagedUser[] = []
  const unmanaged: AuthorizedUser[] = []
  for (const user of users) {
    const identity = byId.get(user.userId) ?? byName.get(user.userName)
    if (identity) managed.push({ user, identity })
    else unmanaged.push(user)
  }
  return { managed, unmanaged }
}

/** Whether it has what its role means: not locked, not gone, not still to be made. */
export function isAtWork({ state }: ManagedIdentity): boolean {
  return state === 'active' || state === 'awaiting_mfa'
}

/**
 * What Muster may not finish holds nobody up from working: of such a user too is looked for what no role is without.
 * More is not asked of it, since it may rightly have what its former role means; nothing of one in quarantine, who
 * waits there for work to begin again.
 */
export function worksUnfinished({ user, identity }: ManagedUser, { quarantineGroup }: MusterFacts): boolean {
  return identity.state === 'blocked' && !user.groups.includes(quarantineGroup)
}
