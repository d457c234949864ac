/** Access keys. The secret goes into the one answer and is kept nowhere. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { AccessKey, Account, User } from './account-data.ts'
import { keepQuota, keyOf, moment } from './account-state.ts'
import { drawId, drawSecret } from './ids.ts'
import { noteAttempt } from './last-accessed.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { userOrCaller } from './users.ts'

export const accessKeyOperations: OperationTable = {
  CreateAccessKey: writes({ UserName: is.userName }, (account, { UserName: userName }, { now, caller }) => {
    const user = userOrCaller(account, userName, caller)
    keepQuota('AccessKeysPerUser', user.accessKeys.length, account.quotas.accessKeysPerUser)
    const at = moment(now)
    const accessKeyId = drawId(account, 'AKIA', 20)
    const key: AccessKey = { accessKeyId, status: 'Active', createDate: at, lastChanged: at }
    user.accessKeys = [...user.accessKeys, key]
    account.accessKeyOwners.set(accessKeyId, keyOf(user.userName))
    return { AccessKey: { ...described(user, key), SecretAccessKey: drawSecret(account, 40) } }
  }),
  ListAccessKeys: reads({ UserName: is.userName, ...is.paging }, (account, params, { caller }) => {
    const user = userOrCaller(account, params.UserName, caller)
    const found = page(user.accessKeys, ({ accessKeyId, createDate }) => createDate + accessKeyId, params)
    return { AccessKeyMetadata: found.items.map((key) => described(user, key)), ...rest(found) }
  }),
  UpdateAccessKey: writes(
    { UserName: is.userName, AccessKeyId: required(is.accessKeyId), Status: required(is.status) },
    (account, params, { now, caller }) => {
      const key = keyWithId(userOrCaller(account, params.UserName, caller), params.AccessKeyId)
      key.status = params.Status
      key.lastChanged = moment(now)
    },
  ),
  DeleteAccessKey: writes(
    { UserName: is.userName, AccessKeyId: required(is.accessKeyId) },
    (account, { UserName: userName, AccessKeyId: id }, { caller }) => {
      const user = userOrCaller(account, userName, caller)
      keyWithId(user, id)
      user.accessKeys = user.accessKeys.filter(({ accessKeyId }) => accessKeyId !== id)
      account.accessKeyOwners.set(id, null)
    },
  ),
  GetAccessKeyLastUsed: reads({ AccessKeyId: required(is.accessKeyId) }, (account, { AccessKeyId: id }) => {
    const owner = account.users.get(account.accessKeyOwners.get(id) ?? '')
    if (!owner) throw notFound(id)
    const used = keyWithId(owner, id).lastUsed
    return {
      UserName: owner.userName,
      AccessKeyLastUsed: used
        ? { LastUsedDate: used.date, ServiceName: used.service, Region: used.region }
        : { ServiceName: 'N/A', Region: 'N/A' },
    }
  }),
}

/** Remembers of a user, and on its key, that it made a call: allowed or not, it is an attempt. */
export function noteUse(
  account: Account,
  accessKeyId: string,
  service: string,
  region: string,
  now: Date,
): void {
  const owner = account.users.get(account.accessKeyOwners.get(accessKeyId) ?? '')
  const key = owner?.accessKeys.find((each) => each.accessKeyId === accessKeyId)
  if (!owner || !key) return
  key.lastUsed = { date: moment(now), service, region }
  noteAttempt(account, owner.userId, service, { at: moment(now), region })
}

const described = (user: User, { accessKeyId, status, createDate }: AccessKey) => ({
  UserName: user.userName,
  AccessKeyId: accessKeyId,
  Status: status,
  CreateDate: createDate,
})

function keyWithId(user: User, id: string): AccessKey {
  const key = user.accessKeys.find(({ accessKeyId }) => accessKeyId === id)
  if (!key) throw notFound(id)
  return key
}

const notFound = (id: string) => new Refusal('NoSuchEntity', `The Access Key with id ${id} cannot be found.`)
