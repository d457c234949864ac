/** Any IAM user that a plan may meet, standing in the sandbox's account, and what Muster may believe of it. */
import fc from 'fast-check'
import type { Access, Desired, Registration } from '../../src/identity/model.ts'
import { callIam, createAccount } from '../../src/sandbox/index.ts'
import { now, type SandboxAccount } from './iam-in-process.ts'

const accountId = '123456789012'
const denyAll = 'arn:aws:iam::aws:policy/AWSDenyAll'
const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
const boundary = (role: string) => `arn:aws:iam::${accountId}:policy/muster/muster-boundary-${role}`

export const quarantine = 'muster-quarantine'
export const baseline = 'muster-baseline'
const role = (name: string, groups: number, rest: Pick<Access, 'console' | 'accessKeys'>): Access => ({
  groups: [baseline, ...Array.from({ length: groups }, (_, i) => `${name}-${i + 1}`)],
  boundaryArn: boundary(name),
  ...rest,
})
/** With eight groups beside the baseline, a role leaves one place free: for the quarantine. */
export const roles: readonly Access[] = [
  role('engineer', 2, { console: true, accessKeys: 'self-service' }),
  role('analyst', 1, { console: true, accessKeys: 'none' }),
  role('robot', 8, { console: false, accessKeys: 'self-service' }),
  role('guest', 0, { console: false, accessKeys: 'none' }),
]
export const roleGroups = new Set(roles.flatMap(({ groups }) => groups))
const strangers = Array.from({ length: 10 }, (_, i) => `by-hand-${i + 1}`)

export const registration: Registration = {
  userName: 'ada.lovelace',
  path: '/muster/',
  tags: { 'muster:employee-id': 'E1001', 'muster:managed': 'true' },
  quarantineGroup: quarantine,
  baselineGroup: 'muster-baseline',
}

/** A user as it stands in IAM, whoever made it so. */
export interface Standing {
  readonly userName: string
  /** Somebody else has taken the name that this user should have. */
  readonly nameTaken: boolean
  readonly path: string
  readonly tags: Readonly<Record<string, string>>
  readonly boundaryArn: string | null
  readonly groups: readonly string[]
  readonly quarantined: boolean
  readonly attached: readonly string[]
  readonly inline: readonly string[]
  readonly hasPassword: boolean
  readonly mfa: readonly ('virtual' | 'passkey' | 'hardware')[]
  readonly keys: readonly boolean[]
  readonly sshKeys: readonly boolean[]
  readonly certificates: readonly boolean[]
  readonly serviceCredentials: readonly boolean[]
}

/** Groups of one role, of several at once, or made by hand; often as many as IAM allows. */
const groups = fc.oneof(
  fc.constantFrom(...roles).map((access) => [...access.groups]),
  fc.subarray([...roleGroups, ...strangers], { maxLength: 9 }),
  fc.subarray([...roleGroups, ...strangers], { minLength: 10, maxLength: 10 }),
)
const activity = (maxLength: number) => fc.array(fc.boolean(), { maxLength })
export const standing: fc.Arbitrary<Standing> = fc
  .record({
    userName: fc.constantFrom('ada.lovelace', 'ada.lovelace', 'ada.renamed', 'Ada.Lovelace'),
    nameTaken: fc.boolean(),
    path: fc.constantFrom('/muster/', '/', '/elsewhere/'),
    tags: fc.constantFrom(registration.tags, {}, { 'muster:managed': 'false', team: 'x' }),
    boundaryArn: fc.constantFrom(null, denyAll, readOnly, ...roles.map(({ boundaryArn }) => boundaryArn)),
    groups,
    quarantined: fc.boolean(),
    attached: fc.subarray([denyAll, readOnly, 'arn:aws:iam::aws:policy/AdministratorAccess']),
    inline: fc.subarray(['by-hand', 'more']),
    hasPassword: fc.boolean(),
    mfa: fc.array(fc.constantFrom('virtual', 'passkey', 'hardware'), { maxLength: 3 }),
    keys: activity(2),
    sshKeys: activity(2),
    certificates: activity(2),
    serviceCredentials: activity(2),
  })
  .map((it) => (it.quarantined ? { ...it, groups: it.groups.slice(0, 9) } : it))

/** What Muster's own record says: possibly too much of what to leave, possibly too little of what is joined. */
export const believed: fc.Arbitrary<Believed> = fc.record({
  possibleGroups: fc.subarray([...roleGroups, 'a-group-that-is-gone']),
  groups: fc.subarray([...roleGroups]),
  quarantined: fc.boolean(),
})
export interface Believed {
  readonly possibleGroups: readonly string[]
  readonly groups: readonly string[]
  readonly quarantined: boolean
}

export const active: fc.Arbitrary<Desired> = fc
  .constantFrom(...roles)
  .map((access): Desired => ({ kind: 'active', access }))
export const locked: fc.Arbitrary<Desired> = fc.constantFrom<Desired>(
  { kind: 'locked', why: 'terminated' },
  { kind: 'locked', why: 'suspended' },
  { kind: 'locked', why: 'held' },
  { kind: 'absent' },
)
export const purged: Desired = { kind: 'purged' }
export const anyDesired = fc.oneof(active, locked, fc.constant(purged))

/** An account with the catalog in it, and this user; `null` for none. */
export function accountWith(user: Standing | null): SandboxAccount {
  const account = createAccount(accountId, { now })
  const make = (action: string, params: Record<string, unknown>) => {
    const answer = callIam(account, action, params, { now })
    if (!answer.ok) throw new Error(`${action}: ${answer.error.message}`)
  }
  for (const GroupName of [...roleGroups, ...strangers, quarantine]) make('CreateGroup', { GroupName })
  for (const { boundaryArn } of roles) {
    const PolicyName = boundaryArn.slice(boundaryArn.lastIndexOf('/') + 1)
    make('CreatePolicy', { PolicyName, Path: '/muster/', PolicyDocument: anyPolicy })
  }
  if (!user) return account
  const UserName = user.userName
  const Tags = Object.entries(user.tags).map(([Key, Value]) => ({ Key, Value }))
  make('CreateUser', { UserName, Path: user.path, ...(Tags.length > 0 ? { Tags } : {}) })
  if (user.boundaryArn)
    make('PutUserPermissionsBoundary', { UserName, PermissionsBoundary: user.boundaryArn })
  for (const GroupName of [...user.groups, ...(user.quarantined ? [quarantine] : [])]) {
    make('AddUserToGroup', { UserName, GroupName })
  }
  for (const PolicyArn of user.attached) make('AttachUserPolicy', { UserName, PolicyArn })
  for (const PolicyName of user.inline) {
    make('PutUserPolicy', { UserName, PolicyName, PolicyDocument: anyPolicy })
  }
  if (user.hasPassword) make('CreateLoginProfile', { UserName, Password: 'Never-mind-1!' })
  for (const _ of user.keys) make('CreateAccessKey', { UserName })
  giveCredentials(account, user)
  if (user.nameTaken && !account.users.has(registration.userName)) {
    make('CreateUser', { UserName: registration.userName })
  }
  return account
}

const anyPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
})

/** What takes a signature, a certificate or a code to make by a call is put there as it would be in the end. */
function giveCredentials(account: SandboxAccount, user: Standing): void {
  const stands = account.users.get(user.userName.toLowerCase())
  if (!stands) throw new Error('the user was not made')
  const status = (isActive: boolean) => (isActive ? 'Active' : 'Inactive') as 'Active' | 'Inactive'
  const at = now.toISOString()
  const uploaded = (prefix: string) => (isActive: boolean, i: number) => ({
    id: `${prefix}${String(i).padStart(24, '0')}`,
    body: '',
    fingerprint: '',
    status: status(isActive),
    uploadDate: at,
  })
  for (const [i, isActive] of user.keys.entries()) {
    const key = stands.accessKeys[i]
    if (key) key.status = status(isActive)
  }
  stands.sshPublicKeys = user.sshKeys.map(uploaded('APKA'))
  stands.signingCertificates = user.certificates.map(uploaded('CERT'))
  stands.serviceCredentials = user.serviceCredentials.map((isActive, i) => ({
    id: `ACCA${String(i).padStart(16, '0')}`,
    serviceName: 'codecommit.amazonaws.com',
    serviceUserName: `ada-${i}`,
    status: status(isActive),
    createDate: at,
  }))
  stands.mfaDevices = user.mfa.map((kind, i) => ({ serialNumber: serials[kind](i), enableDate: at }))
  for (const { serialNumber } of stands.mfaDevices.filter((_, i) => user.mfa[i] === 'virtual')) {
    const userKey = user.userName.toLowerCase()
    account.virtualMfaDevices.set(serialNumber, {
      serialNumber,
      seed: 'A',
      tags: [],
      userKey,
      enableDate: at,
    })
  }
}

const serials = {
  virtual: (i: number) => `arn:aws:iam::${accountId}:mfa/phone-${i}`,
  passkey: (i: number) => `arn:aws:iam::${accountId}:u2f/user/ada/passkey-${i}`,
  hardware: (i: number) => `GAHT0000000${i}`,
}
