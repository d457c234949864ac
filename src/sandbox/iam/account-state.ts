/** One AWS account as plain data: what IAM (and a little of CloudTrail) remembers. */
import type { DigestKey } from '../cloudtrail/digests.ts'
import type { Trail } from '../cloudtrail/trails.ts'
import type { Tag } from '../fields.ts'
import type { TemporaryKey } from '../identities.ts'
import { Refusal } from '../refusal.ts'

/** A moment as IAM prints it: ISO 8601 in UTC, whole seconds. */
export type Moment = string
export const moment = (date: Date): Moment => `${date.toISOString().slice(0, 19)}Z`

export type Status = 'Active' | 'Inactive'

export interface AccessKey {
  readonly accessKeyId: string
  status: Status
  readonly createDate: Moment
  /** What the credential report calls `last_rotated`: moves with the status, too. */
  lastChanged: Moment
  lastUsed?: { readonly date: Moment; readonly service: string; readonly region: string }
}
/** An SSH public key or a signing certificate. */
export interface UploadedKey {
  readonly id: string
  readonly body: string
  readonly fingerprint: string
  status: Status
  readonly uploadDate: Moment
}
export interface ServiceCredential {
  readonly id: string
  readonly serviceName: string
  readonly serviceUserName: string
  status: Status
  readonly createDate: Moment
  readonly expirationDate?: Moment
}
export interface User {
  userName: string
  readonly userId: string
  path: string
  readonly createDate: Moment
  tags: readonly Tag[]
  permissionsBoundary?: string
  /** Keys of `Account.groups`, in the order of joining. */
  groups: readonly string[]
  attachedPolicies: readonly string[]
  readonly inlinePolicies: Map<string, string>
  loginProfile?: { readonly createDate: Moment; lastChanged: Moment; passwordResetRequired: boolean }
  passwordLastUsed?: Moment
  accessKeys: AccessKey[]
  sshPublicKeys: UploadedKey[]
  signingCertificates: UploadedKey[]
  serviceCredentials: ServiceCredential[]
  mfaDevices: readonly { readonly serialNumber: string; readonly enableDate: Moment }[]
  /** Epoch milliseconds until which some calls answer `EntityTemporarilyUnmodifiable`. */
  readonly unmodifiableUntil?: number
}
export interface Group {
  groupName: string
  readonly groupId: string
  path: string
  readonly createDate: Moment
  attachedPolicies: readonly string[]
  readonly inlinePolicies: Map<string, string>
}
export interface PolicyVersion {
  readonly versionId: string
  readonly document: string
  readonly createDate: Moment
}
export interface ManagedPolicy {
  readonly policyName: string
  readonly policyId: string
  readonly path: string
  readonly arn: string
  readonly description?: string
  readonly createDate: Moment
  updateDate: Moment
  readonly tags: readonly Tag[]
  defaultVersionId: string
  nextVersion: number
  versions: readonly PolicyVersion[]
}
export interface VirtualMfaDevice {
  readonly serialNumber: string
  /** Base32, 64 characters, as its owner's app got it. */
  readonly seed: string
  readonly tags: readonly Tag[]
  /** Key of `Account.users`; set while assigned. */
  userKey?: string
  enableDate?: Moment
  /** Of the last code that was taken: each is good once. */
  lastStep?: number
  /** Enabled with codes that came late: no code of it is taken until it is resynchronised. */
  outOfStep?: boolean
}
export interface Role {
  readonly roleName: string
  readonly roleId: string
  readonly path: string
  readonly createDate: Moment
  readonly description?: string
  readonly trustPolicy: string
  readonly maxSessionSeconds: number
  readonly tags: readonly Tag[]
  readonly permissionsBoundary?: string
  attachedPolicies: readonly string[]
  readonly inlinePolicies: Map<string, string>
}
export interface ServerCertificate {
  readonly name: string
  readonly id: string
  readonly path: string
  readonly uploadDate: Moment
  readonly expiration: Moment
}
export interface SamlProvider {
  readonly arn: string
  readonly createDate: Moment
  readonly validUntil: Moment
}
/** The root user: nobody changes it through an API, and tests set it. */
export interface Root {
  mfaActive: boolean
  /** Which kind, while it is active: a virtual one is listed among the account's virtual devices. */
  mfaDevice: 'hardware' | 'virtual'
  accessKeys: readonly RootKey[]
  passwordLastUsed?: Moment
}
export type RootKey = Pick<AccessKey, 'status' | 'createDate' | 'lastUsed'>
/** As AWS Organizations knows the account. */
export interface Organization {
  readonly id: string
  /** Of the management account or a delegated administrator; a member account may not ask. */
  isManagementAccount: boolean
  rootCredentialsManagement: boolean
  rootSessions: boolean
}
/** The last time that a user or role tried to call a service, allowed or not. */
export interface Attempt {
  readonly at: Moment
  readonly region: string
}
/** A report of service last accessed data that somebody ordered. */
export interface LastAccessedJob {
  readonly owner: string
  readonly granularity: 'SERVICE_LEVEL' | 'ACTION_LEVEL'
  readonly createdAt: Moment
  readonly services: readonly LastAccessedService[]
  /** Whether somebody has asked for it: the first time it is still in progress. */
  asked: boolean
}
export interface LastAccessedService {
  readonly namespace: string
  readonly last?: Attempt & { readonly entity: string }
  readonly entities: number
}
export interface PasswordPolicy {
  readonly minimumPasswordLength: number
  readonly requireSymbols: boolean
  readonly requireNumbers: boolean
  readonly requireUppercaseCharacters: boolean
  readonly requireLowercaseCharacters: boolean
  readonly allowUsersToChangePassword: boolean
  readonly maxPasswordAge?: number
  readonly passwordReusePrevention?: number
  readonly hardExpiry: boolean
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const defaultQuotas = {
  users: 5000,
  groups: 300,
  policies: 1500,
  groupsPerUser: 10,
  attachedPoliciesPerUser: 10,
  attachedPoliciesPerGroup: 10,
  versionsPerPolicy: 5,
  accessKeysPerUser: 2,
  mfaDevicesPerUser: 8,
  signingCertificatesPerUser: 2,
  sshPublicKeysPerUser: 5,
  serviceCredentialsPerUserAndService: 2,
  policySize: 6144,
  userPolicySize: 2048,
  groupPolicySize: 5120,
  roles: 1000,
  attachedPoliciesPerRole: 10,
  rolePolicySize: 10_240,
  serverCertificates: 20,
} as const
export type Quotas = { readonly [Name in keyof typeof defaultQuotas]: number }

export interface Account {
  readonly accountId: string
  readonly createDate: Moment
  readonly quotas: Quotas
  /** How long a name that was deleted and made again stays half-frozen; 0: not at all. */
  readonly nameReuseWindowMs: number
  readonly seed: number
  /** Counts what was drawn from the seed. */
  drawn: number
  /** By lower-case name: IAM's names are unique regardless of case. */
  readonly users: Map<string, User>
  readonly groups: Map<string, Group>
  /** Customer managed policies by ARN. */
  readonly policies: Map<string, ManagedPolicy>
  readonly policyArnsByName: Map<string, string>
  readonly virtualMfaDevices: Map<string, VirtualMfaDevice>
  /** Access key id to the key of `users`; `null` once the key was deleted. */
  readonly accessKeyOwners: Map<string, string | null>
  readonly deletedUserNames: Map<string, number>
  readonly roles: Map<string, Role>
  readonly serverCertificates: Map<string, ServerCertificate>
  /** By ARN. */
  readonly samlProviders: Map<string, SamlProvider>
  readonly root: Root
  /** Null: the account is in none. */
  organization: Organization | null
  /** By unique id of the user or role, then by service namespace. */
  readonly attempts: Map<string, Map<string, Attempt>>
  readonly lastAccessedJobs: Map<string, LastAccessedJob>
  passwordPolicy?: PasswordPolicy
  aliases: readonly string[]
  credentialReport?: { readonly generatedAt: number; readonly content: string }
  readonly trails: Map<string, Trail>
  /** By access key id. */
  temporaryKeys?: Map<string, TemporaryKey>
  digestKeys?: readonly DigestKey[]
}

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
