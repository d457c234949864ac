/** Looking at one identity's user in IAM. Reads only. */
import {
  type AccessKeyMetadata,
  GetAccessKeyLastUsedCommand,
  GetLoginProfileCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListMFADevicesCommand,
  ListServiceSpecificCredentialsCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  type ServiceOutputTypes,
  type User,
} from '@aws-sdk/client-iam'
import type { Account, IamCommand } from '../aws/account.ts'
import { type Ask, asker } from '../aws/ask.ts'
import { AwsCallError, isAwsError } from '../aws/errors.ts'
import { type Priority, priorities } from '../aws/limiter.ts'
import type { Facet } from './facet.ts'
import type { Credential, Observed, ObservedKey, ObservedUser } from './model.ts'
import { isSameName } from './user-name.ts'

export interface ObserveTarget {
  readonly userName: string
  /** The name under which the user was last seen; the first place to look. */
  readonly lastSeenName: string | null
  /** Once known, this is the identity, whatever the user is called. */
  readonly awsUserId: string | null
  /** Tags by which a user of unknown `UserId` is recognised as our own. */
  readonly tags: Readonly<Record<string, string>>
  /** When Muster began to make this user; without that on record, no tag makes a user ours. */
  readonly begunAt: Date | null
  /** An administrator's word: the user of this name is ours from now on. */
  readonly adopt: boolean
}

export interface ObserveOptions {
  readonly account: Account
  readonly priority?: Priority
  /** Also what only a lock or a purge has to know: SSH keys, certificates, service credentials. */
  readonly everything: boolean
}

/** @throws AwsCallError only when IAM cannot say whether the user exists; a facet it withholds is `unknown`. */
export async function observe(target: ObserveTarget, options: ObserveOptions): Promise<Observed> {
  const ask = asker(options)
  const found = await find(target, ask, options.everything)
  if (!('user' in found)) return found
  return { kind: 'present', user: await inspect(found.user, found.nameTakenBy, ask, options.everything) }
}

type Found =
  | { readonly user: User; readonly nameTakenBy: string | null }
  | Exclude<Observed, { kind: 'present' }>

/** With `insists` a user of known id is looked for in the list of users when `GetUser` does not answer. */
async function find(target: ObserveTarget, ask: Ask, insists: boolean): Promise<Found> {
  let failure: AwsCallError | undefined
  const read = (userName: string) =>
    getUser(userName, ask).catch((error) => {
      if (!insists || target.awsUserId === null || !(error instanceof AwsCallError)) throw error
      failure = error
      return undefined
    })
  const holderOf = async (userName: string) => (await read(userName))?.UserName ?? null
  const name = target.lastSeenName ?? target.userName
  const there = await read(name)
  if (target.awsUserId === null) {
    if (!there) return { kind: 'absent' }
    if (isOurs(there, target) || target.adopt) return { user: there, nameTakenBy: null }
    return { kind: 'foreign', userName: there.UserName ?? name, userId: there.UserId ?? '' }
  }
  if (there?.UserId === target.awsUserId) {
    return {
      user: there,
      nameTakenBy: isSameName(name, target.userName) ? null : await holderOf(target.userName),
    }
  }
  const listed = await findById(target.awsUserId, ask)
  if (listed) {
    // ListUsers tells neither tags nor boundary.
    const user = (await read(listed)) ?? { UserName: listed, UserId: target.awsUserId }
    if (user.UserId === target.awsUserId) {
      return {
        user: user as User,
        nameTakenBy: isSameName(listed, target.userName) ? null : await holderOf(target.userName),
      }
    }
  }
  if (failure) throw failure
  return there
    ? { kind: 'foreign', userName: there.UserName ?? name, userId: there.UserId ?? '' }
    : { kind: 'absent' }
}

/** How much earlier than our attempt, by AWS's clock, a user of ours may have been made. */
const begunToleranceMs = 15 * 60_000

/** Tags alone prove nothing, anybody who may make users can set them: it must have been made when we tried to. */
function isOurs(user: User, target: ObserveTarget): boolean {
  const madeAt = user.CreateDate?.getTime() ?? 0
  if (target.begunAt === null || madeAt < target.begunAt.getTime() - begunToleranceMs) return false
  const tags = tagsOf(user)
  return Object.entries(target.tags).every(([key, value]) => tags[key] === value)
}

/** The `UserId` under that name; null when there is none, `unknown` when IAM does not say. One attempt: a lock waits. */
export async function holderOf(userName: string, account: Account): Promise<string | null | 'unknown'> {
  try {
    const command = new GetUserCommand({ UserName: userName })
    return (await account.call(command, { priority: priorities.lock })).output.User?.UserId ?? null
  } catch (error) {
    if (isAwsError(error, 'absent')) return null
    if (error instanceof AwsCallError) return 'unknown'
    throw error
  }
}

async function getUser(UserName: string, ask: Ask): Promise<User | undefined> {
  try {
    return (await ask(new GetUserCommand({ UserName }))).User
  } catch (error) {
    if (isAwsError(error, 'absent')) return undefined
    throw error
  }
}

/** The present name of the user with this id, whatever its path. */
async function findById(userId: string, ask: Ask): Promise<string | undefined> {
  let Marker: string | undefined
  do {
    const page = await ask(new ListUsersCommand({ MaxItems: 1000, ...(Marker ? { Marker } : {}) }))
    const found = page.Users?.find((user) => user.UserId === userId)
    if (found) return found.UserName
    Marker = page.IsTruncated ? page.Marker : undefined
  } while (Marker)
  return undefined
}

async function inspect(
  user: User,
  nameTakenBy: string | null,
  ask: Ask,
  everything: boolean,
): Promise<ObservedUser> {
  const UserName = user.UserName ?? ''
  const page = (Marker: string | undefined) => ({ UserName, ...(Marker ? { Marker } : {}) })
  const unasked = Promise.resolve<readonly Credential[]>([])
  const [groups, attached, inline, login, mfa, accessKeys, sshKeys, certificates, serviceCredentials] =
    await Promise.all([
      all(
        ask,
        (m) => new ListGroupsForUserCommand(page(m)),
        (o) => o.Groups?.map((g) => g.GroupName ?? ''),
      ),
      all(
        ask,
        (m) => new ListAttachedUserPoliciesCommand(page(m)),
        (o) => o.AttachedPolicies?.map((p) => p.PolicyArn ?? ''),
      ),
      all(
        ask,
        (m) => new ListUserPoliciesCommand(page(m)),
        (o) => o.PolicyNames,
      ),
      facet(() => loginProfileMadeAt(UserName, ask)),
      all(
        ask,
        (m) => new ListMFADevicesCommand(page(m)),
        (o) => o.MFADevices?.map((d) => d.SerialNumber ?? ''),
      ),
      all(
        ask,
        (m) => new ListAccessKeysCommand(page(m)),
        (o) => o.AccessKeyMetadata,
      ),
      everything
        ? all(
            ask,
            (m) => new ListSSHPublicKeysCommand(page(m)),
            (o) => o.SSHPublicKeys?.map((k) => credential(k.SSHPublicKeyId, k.Status)),
          )
        : unasked,
      everything
        ? all(
            ask,
            (m) => new ListSigningCertificatesCommand(page(m)),
            (o) => o.Certificates?.map((c) => credential(c.CertificateId, c.Status)),
          )
        : unasked,
      everything
        ? all(
            ask,
            (m) => new ListServiceSpecificCredentialsCommand(page(m)),
            (o) =>
              o.ServiceSpecificCredentials?.map((c) => credential(c.ServiceSpecificCredentialId, c.Status)),
          )
        : unasked,
    ])
  return {
    userName: UserName,
    userId: user.UserId ?? '',
    path: user.Path ?? '/',
    tags: tagsOf(user),
    boundaryArn: user.PermissionsBoundary?.PermissionsBoundaryArn ?? null,
    groups,
    attachedPolicyArns: attached,
    inlinePolicyNames: inline,
    hasLoginProfile: login === 'unknown' ? login : login !== null,
    passwordUsedAt: passwordUsedAt(login, user.PasswordLastUsed),
    mfaSerials: mfa,
    accessKeys: await withLastUse(accessKeys, ask, everything),
    sshKeys,
    certificates,
    serviceCredentials,
    nameTakenBy,
  }
}

function passwordUsedAt(madeAt: Facet<Date | null>, lastUsedAt: Date | undefined): Date | null {
  if (madeAt === null || madeAt === 'unknown') return null
  return lastUsedAt && lastUsedAt > madeAt ? lastUsedAt : madeAt
}

/** One call for each active key: few people have any. Who is out needs none of it. */
async function withLastUse(
  listed: Facet<readonly AccessKeyMetadata[]>,
  ask: Ask,
  isOut: boolean,
): Promise<Facet<readonly ObservedKey[]>> {
  if (listed === 'unknown') return listed
  return await Promise.all(
    listed.map(async ({ AccessKeyId = '', Status, CreateDate = new Date() }): Promise<ObservedKey> => {
      const active = Status === 'Active'
      const lastUsedAt = active && !isOut ? await facet(() => lastUseOf(AccessKeyId, ask)) : 'unknown'
      return { id: AccessKeyId, active, createdAt: CreateDate, lastUsedAt }
    }),
  )
}

async function lastUseOf(AccessKeyId: string, ask: Ask): Promise<Date | null> {
  const { AccessKeyLastUsed } = await ask(new GetAccessKeyLastUsedCommand({ AccessKeyId }))
  return AccessKeyLastUsed?.LastUsedDate ?? null
}

function credential(id: string | undefined, status: string | undefined) {
  return { id: id ?? '', active: status === 'Active' }
}

function tagsOf(user: User): Record<string, string> {
  return Object.fromEntries((user.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']))
}

/** Any page may hold fewer entries than asked for; `IsTruncated` alone says whether there are more. */
interface Page {
  readonly IsTruncated?: boolean | undefined
  readonly Marker?: string | undefined
}

/** `NoSuchEntity` from a list means a user that is not visible yet, not one that has nothing. */
function all<Output extends ServiceOutputTypes & Page, Item>(
  ask: Ask,
  command: (marker: string | undefined) => IamCommand<Output>,
  items: (output: Output) => readonly Item[] | undefined,
): Promise<Facet<readonly Item[]>> {
  return facet(async () => {
    const found: Item[] = []
    let marker: string | undefined
    do {
      const output = await ask(command(marker))
      found.push(...(items(output) ?? []))
      marker = output.IsTruncated ? output.Marker : undefined
    } while (marker)
    return found
  })
}

async function facet<T>(read: () => Promise<T>): Promise<Facet<T>> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof AwsCallError) return 'unknown'
    throw error
  }
}

/** When the password was made; null without one. */
async function loginProfileMadeAt(UserName: string, ask: Ask): Promise<Date | null> {
  try {
    const { LoginProfile } = await ask(new GetLoginProfileCommand({ UserName }))
    return LoginProfile?.CreateDate ?? new Date()
  } catch (error) {
    if (isAwsError(error, 'absent')) return null
    throw error
  }
}
