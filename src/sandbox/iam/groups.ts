/** Groups and who is in them. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, Group } from './account-data.ts'
import { groupArn, groupNamed, keepQuota, keyOf, moment, userNamed } from './account-state.ts'
import { drawId } from './ids.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { listed as listedUser } from './users.ts'

export const groupOperations: OperationTable = {
  CreateGroup: writes(
    { GroupName: required(is.groupName), Path: is.path },
    (account, { GroupName: groupName, Path: path }, { now }) => {
      if (account.groups.has(keyOf(groupName))) throw alreadyExists(groupName)
      keepQuota('GroupsPerAccount', account.groups.size, account.quotas.groups)
      const group: Group = {
        groupName,
        groupId: drawId(account, 'AGPA'),
        path: path ?? '/',
        createDate: moment(now),
        attachedPolicies: [],
        inlinePolicies: new Map(),
      }
      account.groups.set(keyOf(groupName), group)
      return { Group: described(account, group) }
    },
  ),
  GetGroup: reads({ GroupName: required(is.groupName), ...is.paging }, (account, params) => {
    const group = groupNamed(account, params.GroupName)
    const found = page(members(account, group), ({ userName }) => keyOf(userName), params)
    return {
      Group: described(account, group),
      Users: found.items.map((user) => listedUser(account, user)),
      ...rest(found),
    }
  }),
  UpdateGroup: writes(
    { GroupName: required(is.groupName), NewPath: is.path, NewGroupName: is.groupName },
    (account, { GroupName: groupName, NewPath: newPath, NewGroupName: newName }) => {
      const group = groupNamed(account, groupName)
      if (newName !== undefined && newName !== group.groupName) {
        if (account.groups.has(keyOf(newName))) throw alreadyExists(newName)
        rename(account, group, newName)
      }
      if (newPath !== undefined) group.path = newPath
    },
  ),
  DeleteGroup: writes({ GroupName: required(is.groupName) }, (account, { GroupName: groupName }) => {
    const group = groupNamed(account, groupName)
    const refuse = (remedy: string) => new Refusal('DeleteConflict', `Cannot delete entity, ${remedy}`)
    if (members(account, group).length > 0) throw refuse('must remove users from group first.')
    if (group.attachedPolicies.length > 0) throw refuse('must detach all policies first.')
    if (group.inlinePolicies.size > 0) throw refuse('must delete policies first.')
    account.groups.delete(keyOf(groupName))
  }),
  ListGroups: reads({ PathPrefix: is.pathPrefix, ...is.paging }, (account, params) => {
    const { PathPrefix: prefix = '/' } = params
    const groups = [...account.groups.values()].filter(({ path }) => path.startsWith(prefix))
    const found = page(groups, ({ groupName }) => keyOf(groupName), params)
    return { Groups: found.items.map((group) => described(account, group)), ...rest(found) }
  }),
  AddUserToGroup: writes(
    { GroupName: required(is.groupName), UserName: required(is.userName) },
    (account, { GroupName: groupName, UserName: userName }) => {
      const group = groupNamed(account, groupName)
      const user = userNamed(account, userName)
      const key = keyOf(group.groupName)
      if (user.groups.includes(key)) return
      keepQuota('GroupsPerUser', user.groups.length, account.quotas.groupsPerUser)
      user.groups = [...user.groups, key]
    },
  ),
  RemoveUserFromGroup: writes(
    { GroupName: required(is.groupName), UserName: required(is.userName) },
    (account, { GroupName: groupName, UserName: userName }) => {
      const group = groupNamed(account, groupName)
      const user = userNamed(account, userName)
      const key = keyOf(group.groupName)
      if (!user.groups.includes(key)) {
        throw new Refusal('NoSuchEntity', `User ${user.userName} is not in group ${group.groupName}.`)
      }
      user.groups = user.groups.filter((other) => other !== key)
    },
  ),
  ListGroupsForUser: reads({ UserName: required(is.userName), ...is.paging }, (account, params) => {
    const groups = userNamed(account, params.UserName).groups.map((key) => groupNamed(account, key))
    const found = page(groups, ({ groupName }) => keyOf(groupName), params)
    return { Groups: found.items.map((group) => described(account, group)), ...rest(found) }
  }),
}

export const described = (account: Account, group: Group) => ({
  Path: group.path,
  GroupName: group.groupName,
  GroupId: group.groupId,
  Arn: groupArn(account, group),
  CreateDate: group.createDate,
})

function members(account: Account, group: Group) {
  const key = keyOf(group.groupName)
  return [...account.users.values()].filter((user) => user.groups.includes(key))
}

function rename(account: Account, group: Group, newName: string): void {
  const [oldKey, newKey] = [keyOf(group.groupName), keyOf(newName)]
  account.groups.delete(oldKey)
  group.groupName = newName
  account.groups.set(newKey, group)
  for (const user of account.users.values()) {
    user.groups = user.groups.map((key) => (key === oldKey ? newKey : key))
  }
}

const alreadyExists = (groupName: string) =>
  new Refusal('EntityAlreadyExists', `Group with name ${groupName} already exists.`)
