/** One AWS account as plain data: what IAM (and a little of CloudTrail) remembers. */
import type { DigestKey, Trail } from '../cloudtrail/trail-data.ts'
import type { Tag } from '../fields.ts'
import type { Quotas } from './quotas.ts'

/** A moment as IAM prints it: ISO 8601 in UTC, whole seconds. */
export type Moment = string

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

/** A session of a user, as `GetSessionToken` makes it: no key of the user's own. */
export interface TemporaryKey {
  /** Key of `Account.users`. */
  readonly userKey: string
  /** Names come back; who has one of them by then is somebody else. */
  readonly userId: string
  readonly createdAt: Moment
  readonly withMfa: boolean
}

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
