/** An account on its first day, and how the things in it are named and found. */
import { Refusal } from '../refusal.ts'
import type { Account, Group, Moment, Role, User } from './account-data.ts'
import { defaultQuotas, type Quotas } from './quotas.ts'

/** As IAM prints it: ISO 8601 in UTC, whole seconds. */
export const moment = (date: Date): Moment => `${date.toISOString().slice(0, 19)}Z`

export interface AccountOptions {
  readonly seed?: number
  readonly quotas?: Partial<Quotas>
  readonly nameReuseWindowMs?: number
  readonly now?: Date
}

/** An account as it is on its first day: nothing but a root user, with a hardware MFA device and no keys. */
export function createAccount(accountId: string, options: AccountOptions = {}): Account {
  return {
    accountId,
    createDate: moment(options.now ?? new Date(0)),
    quotas: { ...defaultQuotas, ...options.quotas },
    nameReuseWindowMs: options.nameReuseWindowMs ?? 0,
    seed: options.seed ?? 1,
    drawn: 0,
    users: new Map(),
    groups: new Map(),
    policies: new Map(),
    policyArnsByName: new Map(),
    virtualMfaDevices: new Map(),
    accessKeyOwners: new Map(),
    deletedUserNames: new Map(),
    roles: new Map(),
    serverCertificates: new Map(),
    samlProviders: new Map(),
    root: { mfaActive: true, mfaDevice: 'hardware', accessKeys: [] },
    organization: {
      id: 'o-exampleorgid',
      isManagementAccount: true,
      rootCredentialsManagement: true,
      rootSessions: true,
    },
    attempts: new Map(),
    lastAccessedJobs: new Map(),
    aliases: [],
    trails: new Map(),
  }
}

export const keyOf = (name: string) => name.toLowerCase()

/** @throws Refusal `NoSuchEntity` */
export function userNamed(account: Account, name: string): User {
  const user = account.users.get(keyOf(name))
  if (!user) throw new Refusal('NoSuchEntity', `The user with name ${name} cannot be found.`)
  return user
}

/** @throws Refusal `NoSuchEntity` */
export function groupNamed(account: Account, name: string): Group {
  const group = account.groups.get(keyOf(name))
  if (!group) throw new Refusal('NoSuchEntity', `The group with name ${name} cannot be found.`)
  return group
}

/** @throws Refusal `NoSuchEntity` */
export function roleNamed(account: Account, name: string): Role {
  const role = account.roles.get(keyOf(name))
  if (!role) throw new Refusal('NoSuchEntity', `The role with name ${name} cannot be found.`)
  return role
}

/** @throws Refusal `LimitExceeded` when one more would be one too many */
export function keepQuota(name: string, used: number, quota: number): void {
  if (used >= quota) throw new Refusal('LimitExceeded', `Cannot exceed quota for ${name}: ${quota}`)
}

export const userArn = (account: Account, user: User) =>
  `arn:aws:iam::${account.accountId}:user${user.path}${user.userName}`
export const roleArn = (account: Account, role: Role) =>
  `arn:aws:iam::${account.accountId}:role${role.path}${role.roleName}`
export const groupArn = (account: Account, group: Group) =>
  `arn:aws:iam::${account.accountId}:group${group.path}${group.groupName}`
