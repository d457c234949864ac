/** Who could take the whole account: by administrative policies, by a known way up, or by the role that Muster gave. */

import { statementsOf } from '../catalog/policy-document.ts'
import { escalationWays } from '../catalog/rules/escalation.ts'
import { type Held, holdingsOf, readable, unreadable } from './holdings.ts'
import { isAdministrative } from './policies.ts'
import type { Authorization, AuthorizedUser, MusterFacts } from './snapshot.ts'
import { whoseUsers } from './whose-users.ts'

export interface Privileged {
  readonly user: AuthorizedUser
  /** `its role platform-admin is privileged`: for people to read. */
  readonly why: string
}

export interface WhoIsPrivileged {
  readonly privileged: readonly Privileged[]
  /** Users of whom it cannot be said, for a policy that could not be read. */
  readonly unsure: readonly AuthorizedUser[]
}

/** Boundaries are not heeded: they are the second lock, and MFA is asked of whoever the first lets in. */
export function whoIsPrivileged(authorization: Authorization, muster: MusterFacts): WhoIsPrivileged {
  const holdings = holdingsOf(authorization)
  const roles = new Map(whoseUsers(authorization, muster).managed.map((each) => [each.user, each.identity]))
  // Thousands of users hold a few dozen sets of policies.
  const judged = new Map<string, string | null>()
  const judge = (user: AuthorizedUser, held: readonly Held[]) => {
    if (user.inlinePolicies.length > 0) return whyPrivileged(held)
    const key = [...user.groups]
      .sort()
      .concat('', [...user.attachedPolicyArns].sort())
      .join('\n')
    const before = judged.get(key)
    if (before !== undefined) return before
    const why = whyPrivileged(held)
    judged.set(key, why)
    return why
  }

  const privileged: Privileged[] = []
  const unsure: AuthorizedUser[] = []
  for (const user of authorization.users) {
    const held = holdings.allOf(user)
    const identity = roles.get(user)
    const byRole = identity?.privileged === true ? `its role ${identity.role} is privileged` : null
    const why = byRole ?? judge(user, held)
    if (why !== null) privileged.push({ user, why })
    else if (unreadable(held).length > 0) unsure.push(user)
  }
  return { privileged, unsure }
}

function whyPrivileged(held: readonly Held[]): string | null {
  const documents = readable(held)
  if (isAdministrative(documents)) return 'its policies allow everything'
  const grants = documents.flatMap((document) =>
    statementsOf(document).map((statement) => ({ source: null, statement })),
  )
  const [way] = escalationWays(grants)
  return way === undefined ? null : `its policies lead to all rights, by ${way.actions[0]}`
}
