/** Users: make, read, rename, tag, bound and delete them. */
import { required } from '../fields.ts'
import { type CallContext, type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, User } from './account-data.ts'
import { keepQuota, keyOf, moment, userArn, userNamed } from './account-state.ts'
import { drawId } from './ids.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { attachable } from './policy-lookup.ts'
import { newTags, withoutTags, withTags } from './tags.ts'

export const userOperations: OperationTable = {
  CreateUser: writes(
    { UserName: required(is.newUserName), Path: is.path, PermissionsBoundary: is.arn, Tags: is.tags },
    (account, { UserName: userName, Path: path, PermissionsBoundary: boundary, Tags: tags }, { now }) => {
      const key = keyOf(userName)
      if (account.users.has(key)) throw alreadyExists(userName)
      keepQuota('UsersPerAccount', account.users.size, account.quotas.users)
      if (boundary !== undefined) attachable(account, boundary, 'Scope ARN: ')
      const checkedTags = newTags(tags)
      const deletedAt = account.deletedUserNames.get(key)
      const user: User = {
        userName,
        userId: drawId(account, 'AIDA'),
        path: path ?? '/',
        createDate: moment(now),
        tags: checkedTags,
        ...(boundary === undefined ? {} : { permissionsBoundary: boundary }),
        groups: [],
        attachedPolicies: [],
        inlinePolicies: new Map(),
        accessKeys: [],
        sshPublicKeys: [],
        signingCertificates: [],
        serviceCredentials: [],
        mfaDevices: [],
        ...(deletedAt === undefined ? {} : { unmodifiableUntil: deletedAt + account.nameReuseWindowMs }),
      }
      account.users.set(key, user)
      return { User: described(account, user) }
    },
  ),
  GetUser: reads({ UserName: is.userName }, (account, { UserName: userName }, { caller }) => {
    if (userName === undefined && caller.type === 'Root') return { User: rootUser(account) }
    return { User: described(account, userOrCaller(account, userName, caller)) }
  }),
  UpdateUser: writes(
    { UserName: required(is.userName), NewPath: is.path, NewUserName: is.newUserName },
    (account, { UserName: userName, NewPath: newPath, NewUserName: newName }, { now }) => {
      const user = userNamed(account, userName)
      mustBeModifiable(user, now)
      if (newName !== undefined && newName !== user.userName) {
        // Even for a change of case only, as AWS does.
        if (account.users.has(keyOf(newName))) throw alreadyExists(newName)
        rename(account, user, newName)
      }
      if (newPath !== undefined) user.path = newPath
    },
  ),
  DeleteUser: writes({ UserName: required(is.userName) }, (account, { UserName: userName }, { now }) => {
    const user = userNamed(account, userName)
    const obstacle = deleteObstacles.find(({ holds }) => holds(user))
    if (obstacle) throw new Refusal('DeleteConflict', `Cannot delete entity, ${obstacle.remedy}`)
    account.users.delete(keyOf(userName))
    if (account.nameReuseWindowMs > 0) account.deletedUserNames.set(keyOf(userName), now.getTime())
  }),
  ListUsers: reads({ PathPrefix: is.pathPrefix, ...is.paging }, (account, params) => {
    const { PathPrefix: prefix = '/' } = params
    const users = [...account.users.values()].filter(({ path }) => path.startsWith(prefix))
    const found = page(users, ({ userName }) => keyOf(userName), params)
    return { Users: found.items.map((user) => listed(account, user)), ...rest(found) }
  }),
  TagUser: writes(
    { UserName: required(is.userName), Tags: required(is.tags) },
    (account, { UserName: userName, Tags: tags }) => {
      const user = userNamed(account, userName)
      user.tags = withTags(user.tags, tags)
    },
  ),
  UntagUser: writes(
    { UserName: required(is.userName), TagKeys: required(is.tagKeys) },
    (account, { UserName: userName, TagKeys: keys }) => {
      const user = userNamed(account, userName)
      user.tags = withoutTags(user.tags, keys)
    },
  ),
  ListUserTags: reads({ UserName: required(is.userName), ...is.paging }, (account, params) => {
    const found = page(userNamed(account, params.UserName).tags, ({ Key: key }) => keyOf(key), params)
    return { Tags: found.items, ...rest(found) }
  }),
  PutUserPermissionsBoundary: writes(
    { UserName: required(is.newUserName), PermissionsBoundary: required(is.arn) },
    (account, { UserName: userName, PermissionsBoundary: boundary }) => {
      const user = userNamed(account, userName)
      attachable(account, boundary, 'Scope ARN: ')
      user.permissionsBoundary = boundary
    },
  ),
  DeleteUserPermissionsBoundary: writes(
    { UserName: required(is.newUserName) },
    (account, { UserName: userName }) => {
      const user = userNamed(account, userName)
      if (user.permissionsBoundary === undefined) {
        throw new Refusal('NoSuchEntity', `User ${user.userName} does not have a permissions boundary`)
      }
      delete user.permissionsBoundary
    },
  ),
}

/**
 * What has to go before a user can: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
 */
const deleteObstacles: readonly { holds: (user: User) => boolean; remedy: string }[] = [
  { holds: (user) => user.loginProfile !== undefined, remedy: 'must delete login profile first.' },
  { holds: (user) => user.accessKeys.length > 0, remedy: 'must delete access keys first.' },
  { holds: (user) => user.signingCertificates.length > 0, remedy: 'must delete signing certificates first.' },
  { holds: (user) => user.sshPublicKeys.length > 0, remedy: 'must delete SSH public keys first.' },
  {
    holds: (user) => user.serviceCredentials.length > 0,
    remedy: 'must delete service specific credentials first.',
  },
  { holds: (user) => user.mfaDevices.length > 0, remedy: 'must delete MFA device first.' },
  { holds: (user) => user.attachedPolicies.length > 0, remedy: 'must detach all policies first.' },
  { holds: (user) => user.inlinePolicies.size > 0, remedy: 'must delete policies first.' },
  { holds: (user) => user.groups.length > 0, remedy: 'must remove users from group first.' },
]

/**
 * The named user, or the one whose credentials make the call.
 *
 * @throws Refusal `ValidationError` when there is neither
 */
export function userOrCaller(
  account: Account,
  userName: string | undefined,
  caller: CallContext['caller'],
): User {
  const name = userName ?? caller.userName
  if (name === undefined) {
    throw new Refusal('ValidationError', 'Must specify userName when calling with non-User credentials')
  }
  return userNamed(account, name)
}

/** @throws Refusal `EntityTemporarilyUnmodifiable` for a while after a name was deleted and made again */
export function mustBeModifiable(user: User, now: Date): void {
  if (user.unmodifiableUntil !== undefined && now.getTime() < user.unmodifiableUntil) {
    const entity = `user with name ${user.userName}`
    throw new Refusal(
      'EntityTemporarilyUnmodifiable',
      `The ${entity} is temporarily unmodifiable, try later.`,
    )
  }
}

/** A user as lists show it: without boundary and tags (API_ListUsers, Note). */
export function listed(account: Account, user: User) {
  return {
    Path: user.path,
    UserName: user.userName,
    UserId: user.userId,
    Arn: userArn(account, user),
    CreateDate: user.createDate,
    PasswordLastUsed: user.passwordLastUsed,
  }
}

export const boundaryOf = ({ permissionsBoundary }: Pick<User, 'permissionsBoundary'>) =>
  permissionsBoundary === undefined
    ? undefined
    : { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: permissionsBoundary }

/** A user on its own: with boundary and tags. */
export const described = (account: Account, user: User) => ({
  ...listed(account, user),
  PermissionsBoundary: boundaryOf(user),
  Tags: user.tags.length > 0 ? user.tags : undefined,
})

export const rootUser = (account: Account) => ({
  UserId: account.accountId,
  Arn: `arn:aws:iam::${account.accountId}:root`,
  CreateDate: account.createDate,
  PasswordLastUsed: account.root.passwordLastUsed,
})

function rename(account: Account, user: User, newName: string): void {
  const [oldKey, newKey] = [keyOf(user.userName), keyOf(newName)]
  account.users.delete(oldKey)
  user.userName = newName
  account.users.set(newKey, user)
  for (const device of account.virtualMfaDevices.values()) {
    if (device.userKey === oldKey) device.userKey = newKey
  }
  for (const { accessKeyId } of user.accessKeys) account.accessKeyOwners.set(accessKeyId, newKey)
}

const alreadyExists = (userName: string) =>
  new Refusal('EntityAlreadyExists', `User with name ${userName} already exists.`)
