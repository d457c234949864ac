/**
 * Users that the credential report does not have yet, for hours after they were made. Of its own Muster knows what it
 * saw itself; of the others nothing is known, so nobody may be called fine for them. Pure.
 */
import { some } from '../catalog/rules/fault.ts'
import type { Authorization, AuthorizedUser, MusterFacts, ReportedUser, SeenCredentials } from './snapshot.ts'
import { whoseUsers } from './whose-users.ts'

export interface WhoIsReported {
  /** Lines of users that are still there. */
  readonly reported: readonly ReportedUser[]
  /** What Muster saw, as the report would tell it. */
  readonly seen: readonly ReportedUser[]
  readonly unseen: readonly AuthorizedUser[]
}

/** @param oldest what was seen before then is too old, as a report would be */
export function whoIsReported(
  lines: readonly ReportedUser[],
  authorization: Authorization,
  muster: MusterFacts,
  oldest: Date,
): WhoIsReported {
  const byArn = new Map(lines.map((line) => [line.arn, line]))
  const lineOf = (user: AuthorizedUser) => {
    const line = byArn.get(user.arn)
    return line && isOf(line, user) ? line : undefined
  }
  const reported: ReportedUser[] = []
  const missing: AuthorizedUser[] = []
  for (const user of authorization.users) {
    const line = lineOf(user)
    if (line) reported.push(line)
    else missing.push(user)
  }
  const seen: ReportedUser[] = []
  const unseen: AuthorizedUser[] = []
  const { managed, unmanaged } = whoseUsers({ ...authorization, users: missing }, muster)
  for (const { user, identity } of managed) {
    if (identity.seen && identity.seen.at >= oldest) seen.push(asReported(user, identity.seen))
    else unseen.push(user)
  }
  return { reported, seen, unseen: [...unseen, ...unmanaged] }
}

/** A name may be given anew: then the line is of the user that had it before. Both moments are whole seconds. */
function isOf({ createdAt }: ReportedUser, user: AuthorizedUser): boolean {
  return createdAt === null || Math.abs(createdAt.getTime() - user.createdAt.getTime()) <= 1000
}

function asReported({ userName, arn, createdAt }: AuthorizedUser, seen: SeenCredentials): ReportedUser {
  const key = (place: 0 | 1): ReportedUser['keys'][number] => {
    const active = seen.activeKeys[place]
    return active
      ? { active: true, rotatedAt: active.createdAt, usedAt: active.usedAt }
      : { active: false, rotatedAt: null, usedAt: null }
  }
  return {
    userName,
    arn,
    createdAt,
    hasPassword: seen.hasPassword,
    // Nobody who is missing in the report has had a password for long.
    passwordUsedAt: null,
    passwordChangedAt: null,
    hasMfa: seen.hasMfa,
    keys: [key(0), key(1)],
  }
}

/** Why nothing can be said of them. */
export function whyUnseen(users: readonly AuthorizedUser[], reportMadeAt: string): string {
  const names = some(users.map(({ userName }) => userName))
  const [are, have] = users.length === 1 ? ['user is', 'it has'] : ['users are', 'they have']
  return `${users.length} ${are} not in the credential report of ${reportMadeAt} yet, so nobody has seen which credentials ${have}: ${names}`
}
