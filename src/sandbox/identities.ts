/** Who calls: told by the access key's id alone. Permissions are not evaluated. */

import type { Account, TemporaryKey } from './iam/account-data.ts'
import { moment, userArn, userNamed } from './iam/account-state.ts'
import { drawId, drawSecret } from './iam/ids.ts'
import type { Caller } from './operation.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Muster itself: a role's session, as in an account where it runs in earnest. */
export const musterCredentials: Credentials = {
  accessKeyId: 'ASIASANDBOXMUSTER000',
  secretAccessKey: 'sandbox-muster',
}
/** Whoever administers the account by hand. Every key that the account does not know is the administrator's, too. */
export const administratorCredentials: Credentials = {
  accessKeyId: 'AKIASANDBOXADMIN0000',
  secretAccessKey: 'sandbox-administrator',
}
export const rootCredentials: Credentials = {
  accessKeyId: 'AKIASANDBOXROOT00000',
  secretAccessKey: 'sandbox-root',
}

/**
 * A user's own key is that user; a key that was switched off or deleted is nobody; every one that is unknown,
 * whatever it is, is the administrator.
 */
export function callerOf(account: Account, accessKeyId: string): Caller | undefined {
  if (accessKeyId === musterCredentials.accessKeyId)
    return roleSession(account, 'muster', 'sandbox', accessKeyId)
  if (accessKeyId === rootCredentials.accessKeyId) return rootOf(account, accessKeyId)
  const temporary = account.temporaryKeys?.get(accessKeyId)
  if (temporary) return sessionOf(account, temporary, accessKeyId)
  const owner = account.accessKeyOwners.get(accessKeyId)
  if (owner === undefined) return administratorOf(account, accessKeyId)
  const user = owner === null ? undefined : account.users.get(owner)
  const key = user?.accessKeys.find((each) => each.accessKeyId === accessKeyId)
  if (!user || key?.status !== 'Active') return undefined
  const { userName, userId: principalId } = user
  return { type: 'IAMUser', arn: userArn(account, user), principalId, accessKeyId, userName }
}

/** The administrator: a role's session with every permission. */
export function administratorOf(
  account: Account,
  accessKeyId = administratorCredentials.accessKeyId,
): Caller {
  return roleSession(account, 'admin', 'administrator', accessKeyId)
}

/**
 * Opens a session of a user.
 *
 * @throws Refusal `NoSuchEntity` when there is no such user
 */
export function openSession(
  account: Account,
  userName: string,
  options: { readonly now: Date; readonly withMfa: boolean },
): Credentials {
  const user = userNamed(account, userName)
  const accessKeyId = drawId(account, 'ASIA', 20)
  account.temporaryKeys ??= new Map()
  account.temporaryKeys.set(accessKeyId, {
    userKey: user.userName.toLowerCase(),
    userId: user.userId,
    createdAt: moment(options.now),
    withMfa: options.withMfa,
  })
  return {
    accessKeyId,
    secretAccessKey: drawSecret(account, 40),
    sessionToken: drawSecret(account, 200),
  }
}

function sessionOf(account: Account, key: TemporaryKey, accessKeyId: string): Caller | undefined {
  const named = account.users.get(key.userKey)
  const user =
    named?.userId === key.userId
      ? named
      : [...account.users.values()].find(({ userId }) => userId === key.userId)
  if (!user) return undefined
  const { userName, userId: principalId } = user
  const { createdAt, withMfa } = key
  const session = { createdAt, withMfa }
  return { type: 'IAMUser', arn: userArn(account, user), principalId, accessKeyId, userName, session }
}

function roleSession(
  { accountId, createDate }: Account,
  role: string,
  session: string,
  accessKeyId: string,
): Caller {
  return {
    type: 'AssumedRole',
    arn: `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`,
    principalId: `AROASANDBOX${role.toUpperCase().padEnd(10, '0')}:${session}`,
    accessKeyId,
    session: { createdAt: createDate, withMfa: false },
  }
}

const rootOf = ({ accountId }: Account, accessKeyId: string): Caller => ({
  type: 'Root',
  arn: `arn:aws:iam::${accountId}:root`,
  principalId: accountId,
  accessKeyId,
})
